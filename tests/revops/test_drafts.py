"""What a draft starts with, whatever app its rows belong to."""

import pytest
from django.db import models

from leads.documents import live_version, start_draft
from leads.models import Document


def belonging(owner):
    """Return the rows of a version, or of a row of it, by model: their values, and what belongs to
    them; without what tells two copies apart.
    """
    return {
        each.related_model.__name__: [
            ({**values_of(row), "id": None, each.field.attname: None}, belonging(row))
            for row in each.related_model.objects.filter(**{each.field.name: owner}).order_by("pk")
        ]
        for each in owner._meta.related_objects
        if each.on_delete is models.CASCADE
    }


def values_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (Document.Kind.CRITERIA, {"FitRule", "Signal", "Bands", "ChecklistItem"}),
        (Document.Kind.ROUTING, {"RoutingRule"}),
        (Document.Kind.POLICIES, {"Policy"}),
        (Document.Kind.CALENDAR, {"CalendarTerms"}),
    ],
)
def test_a_draft_starts_as_a_copy_of_all_that_belongs_to_its_base(defaults, olga, at, kind, rows):
    live = live_version(kind, at)
    before = belonging(live)
    assert rows <= {name for name, found in before.items() if found}
    draft = start_draft(live, by=olga)
    assert belonging(draft) == before == belonging(live)
    assert belonging(start_draft(draft, by=olga)) == before
