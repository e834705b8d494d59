from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError

from leads.models import Absence, Organisation
from routing.candidates import candidates
from routing.caps import day_start, week_start
from routing.claiming import claim
from routing.errors import Refused
from routing.models import Capacity

AT = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


@pytest.fixture
def refusal(alice, make_handoff, at):
    handoff = make_handoff()

    def ask():
        return candidates([alice.pk], handoff, at=at)[0].refusal

    return ask


def test_a_rep_without_any_limits_can_take_it(refusal):
    assert refusal() == ""


def test_a_leaver_cannot(alice, refusal):
    alice.is_active = False
    alice.save()
    assert refusal() == "is inactive"


@pytest.mark.parametrize(
    ("starts", "ends", "expected"),
    [
        pytest.param(-1, 1, "is absent till 11 Mar", id="away"),
        pytest.param(0, 1, "is absent till 11 Mar", id="leaving now"),
        pytest.param(-1, 0, "", id="back now"),
        pytest.param(1, 2, "", id="away later"),
    ],
)
def test_absence(alice, refusal, at, starts, ends, expected):
    day = timedelta(days=1)
    Absence.objects.create(user=alice, starts_at=at + starts * day, ends_at=at + ends * day)
    assert refusal() == expected


@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        pytest.param({"is_online": False}, "takes no leads now", id="offline"),
        pytest.param({"max_open": 2}, "is at cap: 2 of 2 open", id="open"),
        pytest.param({"max_open": 3}, "", id="below the open cap"),
        pytest.param({"max_per_day": 1}, "is at cap: 1 of 1 today", id="today"),
        pytest.param({"max_per_day": 2}, "", id="below the daily cap"),
        pytest.param({"max_per_week": 2}, "is at cap: 2 of 2 this week", id="this week"),
        pytest.param({"max_open": 1}, "is at cap: 2 of 1 open", id="over the open cap"),
    ],
)
def test_caps_count_what_is_open_and_what_was_passed(
    alice, refusal, make_lead, make_handoff, at, caps, expected
):
    make_handoff(rep=alice)
    make_handoff(rep=alice, at=at)
    yesterday = alice.assignments.first()
    type(yesterday).objects.filter(pk=yesterday.pk).update(passed_at=at - timedelta(days=1))
    Capacity.objects.create(rep=alice, **caps)
    assert refusal() == expected


def test_claiming_makes_the_missing_row_and_holds_the_rep(alice, make_handoff, at):
    assert claim(alice.pk, make_handoff(), at=at) == alice
    assert Capacity.objects.get().rep == alice


@pytest.mark.parametrize("cap", ["max_open", "max_per_day", "max_per_week"])
def test_a_cap_of_nothing_is_refused(alice, cap):
    with pytest.raises(IntegrityError, match="capacity_caps_above_zero"):
        Capacity.objects.create(rep=alice, **{cap: 0})


def test_claiming_a_rep_at_cap_is_refused_with_the_reason(alice, make_handoff, at):
    Capacity.objects.create(rep=alice, max_open=1)
    make_handoff(rep=alice)
    with pytest.raises(Refused, match="Alice is at cap: 1 of 1 open."):
        claim(alice.pk, make_handoff(), at=at)


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        pytest.param("2026-03-10T00:30+00:00", "UTC", "2026-03-10T00:00+00:00", id="utc"),
        pytest.param(
            "2026-03-10T00:30+00:00", "America/New_York", "2026-03-09T04:00+00:00", id="west"
        ),
        pytest.param(
            "2026-03-29T12:00+00:00", "Europe/Berlin", "2026-03-28T23:00+00:00", id="spring"
        ),
        pytest.param(
            "2026-10-25T12:00+00:00", "Europe/Berlin", "2026-10-24T22:00+00:00", id="autumn"
        ),
    ],
)
def test_a_day_starts_at_the_reps_midnight(at, zone, expected):
    assert day_start(datetime.fromisoformat(at), zone) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("first_weekday", "day"),
    [
        pytest.param(0, 9, id="Monday"),
        pytest.param(6, 8, id="Sunday"),
        pytest.param(5, 7, id="Saturday"),
    ],
)
def test_a_week_starts_on_the_organisations_first_weekday(first_weekday, day):
    start = week_start(AT, "UTC", first_weekday=first_weekday)
    assert start == datetime(2026, 3, day, tzinfo=UTC)


def test_the_week_counts_from_the_organisations_first_weekday(alice, refusal, make_handoff, at):
    make_handoff(rep=alice)
    alice.assignments.update(passed_at=at - timedelta(days=2))
    Capacity.objects.create(rep=alice, max_per_week=1)
    assert refusal() == ""
    Organisation.objects.update(first_weekday=6)
    assert refusal() == "is at cap: 1 of 1 this week"


def test_candidates_are_read_in_the_same_few_queries_however_many(
    alice, carol, make_handoff, at, django_assert_num_queries
):
    Capacity.objects.create(rep=alice, max_per_week=5)
    Capacity.objects.create(rep=carol, max_per_week=5)
    handoff = make_handoff()
    for people in ([alice.pk], [alice.pk, carol.pk]):
        with django_assert_num_queries(3):
            candidates(people, handoff, at=at)
