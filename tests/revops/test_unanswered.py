"""What nobody answers goes to the next rep by itself, some time after its deadline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import handoffs
from leads.instants import database_now
from leads.models import Assignment
from revops import intake_work
from revops.sweep import sweep
from sla import clocks, handoff_clocks
from sla.models import Clock, ClockEvent
from sla.sweep import sweep_clocks

ALLOWED, LONGER = timedelta(minutes=15), timedelta(minutes=15)


@pytest.fixture
def passed(alice, carol, make_handoff, at):
    """A handoff with alice for whom nobody knows hours but those of the office."""
    handoff = make_handoff(rep=alice)
    handoff_clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=at)
    return handoff


def accept_clock():
    return Clock.objects.filter(kind="accept").earliest("id")


def passes_on_at():
    clock = accept_clock()
    return clock.level_ats[clock.actions.index("reassign")]


def swept(at):
    sweep_clocks(at)
    return intake_work.reroute_unanswered(at)


def test_it_is_due_so_much_working_time_after_the_deadline(passed, at):
    assert passes_on_at() == at + ALLOWED + LONGER


def test_off_hours_do_not_count(alice, make_handoff, at):
    evening = at.replace(hour=17, minute=20)
    handoff = make_handoff(rep=alice)
    assignment = handoffs.open_assignment(handoff)
    assignment.passed_at = evening
    handoff_clocks.start_assignment_clocks(assignment, at=evening)
    assert passes_on_at() == at.replace(hour=9, minute=20) + timedelta(days=1)


@pytest.mark.parametrize("too_early", [True, False])
def test_only_then_it_is_taken_away(passed, at, too_early):
    then = passes_on_at() - timedelta(microseconds=too_early)
    assert swept(then) == (0 if too_early else 1)
    assert Assignment.objects.filter(outcome="rerouted").exists() is not too_early


def test_a_sweep_tells_that_it_was_missed_and_passes_it_on(passed, alice, carol):
    sweep("test")
    sweep("test")
    passed.refresh_from_db()
    assert passed.owner == carol
    assert ClockEvent.objects.filter(clock=accept_clock(), kind="breached").exists()


def test_what_is_answered_stays(passed, alice, at):
    handoffs.accept(handoffs.open_assignment(passed), by=alice, at=at)
    clocks.stop(passed, [clocks.Kind.ACCEPT], at=at, evidence="Accepted")
    assert swept(database_now()) == 0


def test_one_that_fails_waits_and_keeps_nobody_else_waiting(
    passed, alice, make_lead, make_handoff, at, monkeypatch
):
    other = make_handoff(make_lead("Ana"), rep=alice)
    handoff_clocks.start_assignment_clocks(handoffs.open_assignment(other), at=at)
    broken, take = handoffs.open_assignment(passed).pk, intake_work.reroute_unworked

    def fail_once(assignment, *, at):
        if assignment.pk == broken:
            raise RuntimeError("No.")
        return take(assignment, at=at)

    monkeypatch.setattr(intake_work, "reroute_unworked", fail_once)
    now = database_now()
    assert swept(now) == 1
    assert accept_clock().reroute_at > now
    assert handoffs.open_assignment(other) is None


def test_without_such_a_promise_it_stays(alice, make_handoff, at):
    handoff = make_handoff(rep=alice, trigger_key="trial-start", path="score")
    handoff_clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=at)
    assert "reassign" not in accept_clock().actions
