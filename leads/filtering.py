"""What a list answers to a filter: the rows it lets through, or that it makes no sense."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import django_filters
from django.db.models import QuerySet

# Beyond so many, nobody counts on.
MOST_COUNTED = 10_000


def rows_of(filtered: django_filters.FilterSet) -> QuerySet[Any]:
    """Return what `filtered` lets through: nothing if its form is wrong, which says so itself."""
    found: QuerySet[Any] = filtered.qs if filtered.is_valid() else filtered.queryset.none()
    return found


def count_up_to_most(found: QuerySet[Any]) -> int:
    """Return how many rows there are; one more than the most counted stands for any more."""
    return found.order_by()[: MOST_COUNTED + 1].count()


def status_of(*filters: django_filters.FilterSet) -> HTTPStatus:
    is_valid = all(each.is_valid() for each in filters)
    return HTTPStatus.OK if is_valid else HTTPStatus.UNPROCESSABLE_ENTITY
