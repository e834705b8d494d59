"""Lengths of time as people type them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Document
from sla.models import Target
from sla.models.promises import MOST_AT_WORK, MOST_BY_THE_WALL
from sla.typed_lengths import read_length


def read(text, *, in_days=True):
    return read_length(text, most=MOST_BY_THE_WALL, in_days=in_days) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("5 min", 5),
        ("90m", 90),
        ("1 h 30 min", 90),
        ("1h30", 90),
        ("1h 30", 90),
        ("1 hour, 30 minutes", 90),
        ("1.5 h", 90),
        ("1,5 H", 90),
        ("0.1 h", 6),
        ("2 days", 2880),
        ("1 day 4 h", 1680),
        ("366 days", 366 * 1440),
    ],
)
def test_a_length_is_read_as_people_write_it(text, minutes):
    assert read(text) == minutes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("90s", "in whole minutes, such as 2 min"),
        ("1 min 30 sec", "in whole minutes, such as 2 min"),
        ("1.33 h", "is no whole number of minutes"),
        ("0.333 h", "is no whole number of minutes"),
        ("1,000 h", "“1,000 h” may be 1000 or 1: write one of these."),
        ("1.440 min", "“1.440 min” may be 1440 or 1.44: write one of these."),
        ("1 day 1,250 min", "may be 1250 or 1.25: write one of these."),
        ("5", "no length of time such as 5 min, 1.5 h or 2 days"),
        ("30 min 1 h", "no length of time"),
        ("1 h 2 h", "no length of time"),
        ("-5 min", "no length of time"),
        ("1h300", "no length of time"),
        ("999999 d", "too long: the most is 366 days"),
    ],
)
def test_what_is_no_length_is_refused_with_a_sentence(text, says):
    with pytest.raises(ValidationError) as refused:
        read(text)
    assert says in refused.value.messages[0]


def test_of_working_time_no_example_names_days():
    with pytest.raises(ValidationError) as refused:
        read("soon", in_days=False)
    assert "day" not in refused.value.messages[0]


@pytest.mark.parametrize(
    ("measure", "most"), [("wall", MOST_BY_THE_WALL), ("working", MOST_AT_WORK)]
)
def test_the_database_holds_the_longest_that_may_be_promised(defaults, measure, most):
    draft = start_draft(live_version(Document.Kind.POLICIES, database_now()), by=None)
    target = Target.objects.filter(policy__version=draft, kind="review")
    target.update(measure=measure, allowed=most)
    with pytest.raises(IntegrityError, match="target_is_due_within_a_year"), transaction.atomic():
        target.update(allowed=most + timedelta(minutes=1))
