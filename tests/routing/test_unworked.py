"""Handoffs that nobody answers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from leads import handoffs
from leads.models import Assignment, Handoff, Organisation, StageTransition
from revops import intake_work
from routing.models import RotaMember
from routing.routing import reassign
from routing.unworked import reroute_unworked
from sla import clocks, handoff_clocks
from sla.acknowledging import acknowledge
from sla.models import Clock, Notification
from sla.sweep import sweep_clocks
from tests.conftest import make_user
from tests.routing.conftest import routed

HOUR = timedelta(hours=1)


@pytest.fixture
def dan(north, inbound):
    """A third sales rep of North in the rota Inbound."""
    rep = make_user("Dan", "rep", team=north)
    RotaMember.objects.create(rota=inbound, rep=rep)
    return rep


@pytest.fixture
def passed(alice, carol, dan, make_handoff, at):
    """A handoff that is passed to Alice with its clocks started."""
    handoff = make_handoff()
    handoff_clocks.start_assignment_clocks(routed(handoff, at).assignment, at=at)
    return Handoff.objects.get(pk=handoff.pk)


def take_away(handoff, at):
    """Let the ladder of whoever has it come to passing it on at `at`, and take it from them."""
    turn = handoffs.open_assignment(handoff)
    handoff_clocks.start_assignment_clocks(turn, at=at)
    Clock.objects.running().filter(assignment=turn, kind="accept").update(reroute_at=at)
    return reroute_unworked(turn, at=at)


def leave_lying(handoff, at):
    """Take it from whoever has it and pass it on, if it is to be passed on."""
    assert take_away(handoff, at)
    handoff.refresh_from_db()
    if handoff.state == Handoff.State.WAITING:
        routed(handoff, at)
        handoff.refresh_from_db()
    return handoff


def test_it_goes_to_the_next_who_never_had_it(passed, alice, carol, dan, at):
    assert [passed.owner, leave_lying(passed, at + HOUR).owner] == [alice, carol]
    assert leave_lying(passed, at + 2 * HOUR).owner == dan
    outcomes = Assignment.objects.order_by("seq").values_list("outcome", flat=True)
    assert list(outcomes) == ["rerouted", "rerouted", ""]


def test_the_clocks_of_who_had_it_end(passed, at):
    take_away(passed, at + HOUR)
    ended = Clock.objects.exclude(assignment=None).values_list("stop_reason", "stopped_at")
    assert set(ended) == {("ended", at + HOUR)}


def test_after_so_many_it_goes_to_review_and_the_manager_is_told(passed, mona, rosa, at):
    for hours in (1, 2, 3):
        leave_lying(passed, at + hours * HOUR)
    assert (passed.state, passed.queue.key) == ("review", "review")
    assert passed.review_reason == "Nobody answered: Alice, Carol and Dan had it."
    told = Notification.objects.filter(kind="review", channel="app")
    assert set(told.values_list("recipient", flat=True)) == {mona.pk, rosa.pk}
    assert Clock.objects.running().filter(kind="review").exists()
    assert Assignment.objects.filter(outcome="rerouted").count() == 3


def test_the_organisation_says_after_how_many(passed, at):
    Organisation.objects.update(reroutes_before_manager=1)
    for hours in (1, 2):
        leave_lying(passed, at + hours * HOUR)
    assert passed.review_reason == "Nobody answered: Alice and Carol had it."


def test_what_a_manager_gave_to_somebody_goes_on_as_well(passed, mona, dan, at):
    Organisation.objects.update(reroutes_before_manager=1)
    reassign(passed, dan, by=mona, at=at)
    assert leave_lying(Handoff.objects.get(pk=passed.pk), at + HOUR).state == "passed"
    passed.refresh_from_db()
    reassign(passed, passed.assignments.first().rep, by=mona, at=at + HOUR)
    assert leave_lying(Handoff.objects.get(pk=passed.pk), at + 2 * HOUR).state == "review"


def test_who_had_it_is_told_that_it_goes_on(passed, alice, at):
    take_away(passed, at + HOUR)
    told = Notification.objects.get(recipient=alice, kind="moved", channel="app")
    assert told.body == "Alice did not answer in time."


def test_what_was_answered_meanwhile_is_left_alone(passed, alice, at):
    assignment = handoffs.open_assignment(passed)
    handoffs.accept(assignment, by=alice, at=at)
    assert not take_away(passed, at + HOUR)
    assert handoffs.open_assignment(passed).rep == alice


@pytest.mark.parametrize("said", ["touched", "on it"])
def test_what_somebody_is_at_meanwhile_is_left_alone(passed, alice, at, said):
    """Between the reading of what lies and the lock."""
    sweep_clocks(at + 3 * HOUR)
    assert [clock.assignment.rep for clock in clocks.unanswered(at + 3 * HOUR)] == [alice]
    if said == "touched":
        clocks.stop(passed, handoff_clocks.REPS, at=at + 3 * HOUR, evidence="Call", by=alice)
    else:
        acknowledge(passed, by=alice, length=HOUR, at=at + 3 * HOUR)
    assert not reroute_unworked(handoffs.open_assignment(passed), at=at + 3 * HOUR)


@pytest.fixture
def accepted(passed, alice, at):
    """Alice has accepted it, and a step has said that it goes on, since she did not get in touch."""
    assignment = handoffs.open_assignment(passed)
    handoffs.accept(assignment, by=alice, at=at)
    clocks.stop(passed, [clocks.Kind.ACCEPT], at=at, evidence="Accepted")
    Clock.objects.filter(kind="first_touch").update(reroute_at=at + HOUR)
    return assignment


def test_what_was_accepted_and_never_touched_goes_on_as_well(accepted, carol, at):
    handoff = accepted.handoff
    intake_work.reroute_unanswered(at + 2 * HOUR)
    turn = Assignment.objects.get(pk=accepted.pk)
    assert (turn.answer, turn.outcome) == ("accepted", "rerouted")
    told = Notification.objects.get(recipient=accepted.rep, kind="moved", channel="app")
    assert told.body == "Alice did not get in touch in time."
    stages = StageTransition.objects.filter(handoff=handoff).order_by("pk")
    assert list(stages.values_list("to_stage", flat=True)) == ["sal", "ml"]
    handoff.refresh_from_db()
    assert routed(handoff, at).assignment.rep == carol


def test_a_touch_keeps_it_with_its_rep(accepted, at):
    clocks.stop(accepted.handoff, [clocks.Kind.FIRST_TOUCH], at=at + 2 * HOUR, evidence="Call")
    assert not reroute_unworked(accepted, at=at + 2 * HOUR)
    assert intake_work.reroute_unanswered(at + 2 * HOUR) == 0


def test_who_did_not_get_in_touch_counts_towards_the_manager(accepted, at):
    Organisation.objects.update(reroutes_before_manager=1)
    leave_lying(accepted.handoff, at + 2 * HOUR)
    handoff = leave_lying(Handoff.objects.get(pk=accepted.handoff_id), at + 3 * HOUR)
    assert handoff.review_reason == "Nobody got in touch: Alice and Carol had it."


def test_a_second_call_does_nothing(passed, at):
    assignment = handoffs.open_assignment(passed)
    assert take_away(passed, at + HOUR)
    assert not reroute_unworked(assignment, at=at + HOUR)
    assert Notification.objects.filter(kind="moved", channel="app").count() == 1


def test_a_rejection_is_no_silence(passed, carol, at):
    """Only who did not answer counts towards the manager."""
    Organisation.objects.update(reroutes_before_manager=1)
    assignment = handoffs.open_assignment(passed)
    Assignment.objects.filter(pk=assignment.pk).update(answer="rejected", answered_at=at)
    handoffs.back_to_routing(passed, at=at, reason="Not mine")
    routed(passed, at)
    assert leave_lying(Handoff.objects.get(pk=passed.pk), at + HOUR).state == "passed"


@pytest.mark.django_db(transaction=True)
def test_the_sweep_passes_it_on(defaults, make_handoff, at, north, inbound):
    with transaction.atomic():
        first, second = (make_user(name, "rep", team=north) for name in ("Ann", "Ben"))
        for rep in (first, second):
            RotaMember.objects.create(rota=inbound, rep=rep)
        handoff = make_handoff(rep=first)
    take_away(handoff, at)
    intake_work.work_through(at)
    handoff.refresh_from_db()
    assert handoff.owner == second
