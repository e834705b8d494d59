"""Pauses: time that does not count, and where deadlines lie then."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from leads import handoffs
from sla import clocks, pauses, stretches
from sla.business_time import Schedule
from sla.deadlines import deadlines
from sla.models import Clock, Pause, Target
from sla.stretches import Stretch
from sla.sweep import sweep_clocks

Kind = Target.Kind
HOUR = timedelta(hours=1)
OFFICE = Schedule.from_dict({"tz": "UTC", "hours": {"mon": [["09:00", "17:00"]]}})


def on_monday(hour, minute=0) -> datetime:
    return datetime(2026, 3, 9, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "paused", "due"),
    [
        pytest.param(None, [], on_monday(12), id="none"),
        pytest.param(None, [(10, 11)], on_monday(13), id="an hour of it"),
        pytest.param(None, [(10, 11), (12, 14)], on_monday(15), id="two"),
        pytest.param(None, [(12, 13)], on_monday(12), id="from the deadline on: none of it"),
        pytest.param(None, [(7, 10)], on_monday(13), id="began before the start"),
        pytest.param(None, [(7, 8)], on_monday(12), id="was over before the start"),
        pytest.param(OFFICE, [(10, 16)], on_monday(10) + timedelta(days=7), id="over the closing"),
        pytest.param(OFFICE, [(18, 20)], on_monday(12), id="while it is closed"),
    ],
)
def test_a_pause_moves_a_deadline_by_what_would_have_counted(schedule, paused, due):
    still = [Stretch(on_monday(start), on_monday(end)) for start, end in paused]
    how = {"schedule": schedule, "pauses": still}
    assert stretches.add(on_monday(9), 3 * HOUR, **how) == due
    assert stretches.between(on_monday(9), due, **how) == 3 * HOUR


@pytest.fixture
def worked(promise, make_handoff, alice, start, at):
    """Alice's, accepted: to qualify within 4 hours, by a promise that stands still."""
    ladder = {"levels": [50, 150], "actions": ["remind", "tell_manager"]}
    promise(Kind.QUALIFIED, 240, pauses=["snoozed", "waiting"], starts="passed", **ladder)
    return start(make_handoff(rep=alice))


@pytest.fixture
def rest(worked, alice, at):
    """Let it rest for an hour, from so many hours on."""

    def begin(hours, kind="snoozed"):
        since = at + hours * HOUR
        told = {"kind": kind, "until": since + HOUR, "reason": "Ill", "by": alice, "at": since}
        pauses.begin(handoffs.open_assignment(worked), **told)
        clocks.retime(worked)

    return begin


def clock_of(kind) -> Clock:
    return Clock.objects.get(kind=kind)


def test_a_clock_stands_still_where_its_promise_says_so(worked, rest, at):
    rest(1)
    clock = clock_of(Kind.QUALIFIED)
    assert clock.level_ats == [at + 3 * HOUR, at + 5 * HOUR, at + 7 * HOUR]
    assert (clock.due_at, clock.next_at) == (at + 5 * HOUR, at + 3 * HOUR)
    assert clock_of(Kind.FIRST_RESPONSE).due_at == at + timedelta(minutes=5)
    [shown] = deadlines([clock], at + 1.5 * HOUR)
    assert (shown.closed, shown.resumes_at) == (HOUR / 2, at + 2 * HOUR)


def test_the_prospects_clock_stands_still_only_if_the_policy_says_so(
    promise, make_handoff, alice, start, at
):
    promise(Kind.FIRST_RESPONSE, 120, pauses=["waiting"])
    handoff = start(make_handoff(rep=alice))
    for hours, kind in ((0, "waiting"), (1, "snoozed")):
        told = {"kind": kind, "reason": "Asked", "by": alice, "at": at + hours * HOUR}
        pauses.begin(handoffs.open_assignment(handoff), until=at + (hours + 1) * HOUR, **told)
    clocks.retime(handoff)
    assert clock_of(Kind.FIRST_RESPONSE).due_at == at + 3 * HOUR


def test_a_pause_that_ends_early_gives_back_the_rest_of_it(worked, rest, at):
    rest(1)
    pauses.end(handoffs.open_assignment(worked), at=at + 1.5 * HOUR, because="Back")
    clocks.retime(worked)
    assert clock_of(Kind.QUALIFIED).due_at == at + 4.5 * HOUR


def test_what_fired_stays_fired_and_fires_once(worked, rest, at):
    sweep_clocks(at + 2 * HOUR)
    rest(3)
    sweep_clocks(at + 3.5 * HOUR)
    clock = clock_of(Kind.QUALIFIED)
    assert list(clock.events.filter(level__gt=0).values_list("kind", "level")) == [("warned", 50)]
    assert (clock.next_level, clock.next_at) == (100, at + 5 * HOUR)
    rest(9)  # after it was missed
    assert clock_of(Kind.QUALIFIED).due_at == at + 5 * HOUR


def test_the_time_it_took_leaves_out_pauses(worked, rest, at):
    rest(1)
    clocks.stop(worked, [Kind.QUALIFIED], at=at + 3 * HOUR, evidence="Qualified")
    assert clock_of(Kind.QUALIFIED).elapsed == 2 * HOUR


def test_a_pause_ends_with_the_turn_it_is_of(worked, rest, at):
    rest(1)
    clocks.end(worked, at=at + 1.5 * HOUR, kind=Kind.ACCEPT)  # of that kind alone
    assert Pause.objects.get().ended_at is None
    clocks.end(handoffs.open_assignment(worked), at=at + 1.5 * HOUR)
    pause = Pause.objects.get()
    assert (pause.ended_at, pause.ended_because) == (at + 1.5 * HOUR, "No longer with the rep")
    assert clock_of(Kind.QUALIFIED).elapsed == HOUR


def test_a_pause_that_begins_after_its_turn_ended_ends_as_it_begins(worked, rest, at):
    rest(2)
    clocks.end(handoffs.open_assignment(worked), at=at + 1.5 * HOUR)
    pause = Pause.objects.get()
    assert pause.ended_at == pause.since == at + 2 * HOUR


def test_a_lead_rests_once_at_a_time(worked, rest, alice, at):
    rest(1)
    rest(1.5)  # in place of the first
    assert list(Pause.objects.values_list("ended_at", flat=True)) == [at + 1.5 * HOUR, None]
    told = {"since": at + 2 * HOUR, "until": at + 3 * HOUR, "reason": "Ill", "by": alice}
    doubled = Pause(assignment=handoffs.open_assignment(worked), kind="waiting", **told)
    with pytest.raises(IntegrityError, match="once_at_a_time"), transaction.atomic():
        doubled.save()
