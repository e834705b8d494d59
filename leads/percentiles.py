"""Percentiles of lengths of time, computed by the database."""

from __future__ import annotations

from django.db.models import Aggregate, DurationField
from django.db.models.expressions import Combinable


class Percentile(Aggregate):
    """The length that `share` (0 to 1) of the lengths do not exceed; interpolated."""

    template = "PERCENTILE_CONT(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: str | Combinable, share: float) -> None:
        super().__init__(expression, share=share, output_field=DurationField())
