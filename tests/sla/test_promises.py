"""Promises as data: what the database refuses of them, and the clocks that each kind runs."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from feedback import answers
from feedback.models import ReasonCode
from feedback.touch_outcomes import say_outcome
from leads import handoffs
from leads.documents import live_version, start_draft
from leads.errors import LostRace
from leads.models import Document, Handoff, ScoreSnapshot, Touch
from revops import delivery
from revops.departures import let_go
from sla import clocks, handoff_clocks
from sla.models import Clock, Notification, Target

Kind = Target.Kind
MINUTE = timedelta(minutes=1)


def ladder(*steps) -> dict[str, list]:
    """The fields of a promise that say which steps are done at which percent."""
    return {"levels": [level for level, _ in steps], "actions": [action for _, action in steps]}


@pytest.fixture
def target(defaults, at):
    """One promise of a draft: the first touch."""
    draft = start_draft(live_version(Document.Kind.POLICIES, at), by=None)
    return Target.objects.filter(policy__version=draft, kind=Kind.FIRST_TOUCH).first()


def clock_of(kind) -> Clock:
    return Clock.objects.get(kind=kind)


# As data ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        (ladder((80, "remind"), (50, "remind")), "Steps come at rising shares"),
        (ladder((50, "remind"), (50, "tell_manager")), "Steps come at rising shares"),
        (ladder((0, "remind")), "Steps come at rising shares"),
        (ladder((1001, "remind")), "Steps come at rising shares"),
        ({"levels": [50, 80], "actions": ["remind"]}, "Steps come at rising shares"),
        (ladder((50, "whistle")), "target_does_what_it_can"),
        ({"kind": "review", **ladder((200, "reassign"))}, "target_passes_on_what_waits_for_a_rep"),
        ({"kind": "accept", **ladder((99, "reassign"))}, "A lead is passed on at 100 percent"),
        ({"allowed": timedelta(0)}, "target_allows_some_time"),
        ({"kind": "accept", "goes_on": True}, "target_goes_on_if_due_once"),
        ({"kind": "follow_up", "touches": 1}, "target_cadence_has_touches"),
        ({"kind": "follow_up", "touches": None}, "target_cadence_has_touches"),
        ({"kind": "follow_up", "channels": 6}, "target_cadence_has_touches"),
        ({"touches": 5}, "target_cadence_has_touches"),
        ({"starts": "review"}, "target_starts_where_it_can"),
        ({"starts": "opened"}, "target_starts_where_it_can"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused(target, fields, rule):
    if fields.get("kind") == "follow_up":
        how = {"measure": "wall", "allowed": MINUTE, "touches": 5}
        target = Target.objects.create(policy=target.policy, kind="follow_up", **how)
    elif "kind" in fields:
        target = target.policy.targets.get(kind=fields["kind"])
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Target.objects.filter(pk=target.pk).update(**fields)
    for field, value in fields.items():
        setattr(target, field, value)
    said = r"rising shares|no such step|not a valid|opened, answered|passed on at|Allow|start|go on|next touch"
    with pytest.raises(ValidationError, match=said):
        target.full_clean()


@pytest.mark.parametrize(
    "fields",
    [
        ladder(),
        ladder((1, "remind"), (99, "remind_cover"), (100, "remind"), (1000, "tell_manager")),
        {"kind": "received", **ladder((100, "reassign"))},
        {"starts": "accepted"},
        {"starts": ""},
        {"goes_on": True},
    ],
)
def test_a_promise_that_makes_sense_is_taken(target, fields):
    for field, value in fields.items():
        setattr(target, field, value)
    target.full_clean()
    target.save()


def test_the_promises_of_a_published_set_stay_as_they_are(defaults):
    live = Target.objects.filter(policy__version__locked_at__isnull=False)
    with pytest.raises(IntegrityError, match="is published"):
        live.update(allowed=MINUTE)


# Their clocks -------------------------------------------------------------------------------------
def test_passing_to_a_rep_runs_from_the_hand_raise_till_somebody_has_it(
    promise, make_handoff, carol, at
):
    promise(Kind.PASSED, 10)
    handoff = make_handoff()
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at - MINUTE, at=at)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)  # once more: it runs on
    clock = clock_of(Kind.PASSED)
    assert (clock.started_at, clock.due_at) == (at - MINUTE, at + 9 * MINUTE)
    passed = handoffs.pass_to(handoff, carol, source="routing", reason="Her turn", at=at + MINUTE)
    handoff_clocks.start_assignment_clocks(passed, at=at + 2 * MINUTE)
    clock.refresh_from_db()
    assert (clock.stop_reason, clock.stopped_at) == ("met", at + MINUTE)
    assert clock.stop_evidence == "Passed to Carol"


def test_passing_may_be_counted_from_the_opening_alone(promise, make_handoff, at):
    promise(Kind.PASSED, 10, starts="opened")
    handoff = make_handoff()
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at - 5 * MINUTE, at=at)
    assert clock_of(Kind.PASSED).started_at == handoff.opened_at == at


def come_into(lead, band, at):
    score = {"fit": 0, "readiness": 0, "band": band, "breakdown": {}}
    version = live_version(Document.Kind.CRITERIA, at)
    ScoreSnapshot.objects.create(lead=lead, version=version, at=at, **score)
    lead.band = band


@pytest.fixture
def scored(promise, make_handoff, make_lead, alice, at):
    """What was opened for alice, a first response being due 10 minutes after a better band. New
    criteria had put the lead into its band five minutes before.
    """
    promise(Kind.FIRST_RESPONSE, 10, starts="band")

    def opened(path="score", was_in="C3", **lead_fields):
        lead = make_lead(**{"reconsider_at": at - 5 * MINUTE, **lead_fields})
        come_into(lead, was_in, at - 60 * MINUTE)
        come_into(lead, "B2", at - 5 * MINUTE)
        handoff = make_handoff(lead, path=path, hand_raised_at=None, rep=alice)
        handoff.band = "B2"
        handoff.save()
        handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=None, at=at)
        return handoff

    return opened


def test_a_promise_may_start_with_the_change_of_band_that_opened_it(scored, at):
    handoff = scored()
    assert clock_of(Kind.FIRST_RESPONSE).started_at == at - 5 * MINUTE
    assert handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=None, at=at) == []


@pytest.mark.parametrize(
    "other", [{"path": "manual"}, {"was_in": "A1"}, {"was_in": "C1"}, {"reconsider_at": None}]
)
def test_it_starts_with_the_opening_if_something_else_led_to_it(scored, at, other):
    scored(**other)
    assert clock_of(Kind.FIRST_RESPONSE).started_at == at


def test_each_better_band_starts_the_prospects_promise_anew(scored, alice, at):
    handoff = scored()
    for number, band in enumerate(["B1", "C1", "A3", "B1", "A1"], start=1):
        come_into(handoff.lead, band, at + number * MINUTE)
        if handoffs.rise(handoff):
            delivery.tell_of_better_band(handoff, at + (number + 1) * MINUTE)
    found = Clock.objects.filter(kind=Kind.FIRST_RESPONSE).order_by("seq")
    assert [clock.started_at for clock in found[1:]] == [at + MINUTE, at + 5 * MINUTE]
    told = Notification.objects.filter(recipient=alice, kind="band", channel="app")
    assert [each.subject[:14] for each in told.order_by("pk")] == [
        "Now in band B1",
        "Now in band A1",
    ]


def test_opening_the_lead_stops_its_clock(promise, make_handoff, alice, start, at):
    promise(Kind.RECEIVED, 10)
    assignment = handoffs.open_assignment(start(make_handoff(rep=alice)))
    answers.open_lead(assignment, at=at + MINUTE)
    answers.open_lead(assignment, at=at + 2 * MINUTE)
    clock = clock_of(Kind.RECEIVED)
    assert (clock.stopped_at, clock.stop_evidence) == (at + MINUTE, "Opened")
    stopped = clock.events.get(kind="stopped")
    assert (stopped.by, stopped.channel, stopped.touch) == (alice, "opened", None)
    assert clock_of(Kind.ACCEPT).is_running


def test_who_accepts_has_opened_the_lead(promise, make_handoff, alice, start, at):
    promise(Kind.RECEIVED, 10)
    assignment = handoffs.open_assignment(start(make_handoff(rep=alice)))
    answers.accept(assignment, by=alice, at=at + MINUTE)
    assert clock_of(Kind.RECEIVED).stopped_at == clock_of(Kind.ACCEPT).stopped_at == at + MINUTE


def test_qualifying_runs_from_the_acceptance(promise, make_handoff, alice, start, at):
    promise(Kind.QUALIFIED, 60)
    handoff = start(make_handoff(rep=alice))
    assignment = handoffs.open_assignment(handoff)
    assert not Clock.objects.filter(kind=Kind.QUALIFIED).exists()
    answers.accept(assignment, by=alice, at=at + MINUTE)
    assert clock_of(Kind.QUALIFIED).due_at == at + 61 * MINUTE
    assert handoff_clocks.start_accepted_clocks(assignment, at=at + 2 * MINUTE) == []
    clocks.stop(handoff, [Kind.QUALIFIED], at=at + 5 * MINUTE, evidence="Qualified")
    assert clock_of(Kind.QUALIFIED).stop_reason == "met"


@pytest.mark.parametrize("is_touched", [False, True])
def test_a_first_touch_due_after_acceptance_is_not_asked_for_again(
    promise, make_handoff, alice, start, at, is_touched
):
    promise(Kind.FIRST_TOUCH, 30, starts="accepted")
    handoff = start(make_handoff(rep=alice))
    assignment = handoffs.open_assignment(handoff)
    assert not Clock.objects.filter(kind=Kind.FIRST_TOUCH).exists()
    if is_touched:
        about = {"lead": handoff.lead, "handoff": handoff, "assignment": assignment, "by": alice}
        Touch.objects.create(**about, channel="call", outcome="no_answer", occurred_at=at)
    answers.accept(assignment, by=alice, at=at + MINUTE)
    found = Clock.objects.filter(kind=Kind.FIRST_TOUCH).values_list("started_at", flat=True)
    assert list(found) == ([] if is_touched else [at + MINUTE])


# With the next rep --------------------------------------------------------------------------------
@pytest.fixture
def goes_on(promise, make_handoff, alice, start):
    """A first touch due in 30 minutes, warned of at 50 and 80 percent, whoever has the lead."""
    promise(Kind.FIRST_TOUCH, 30, **ladder((50, "remind"), (80, "remind")), goes_on=True)
    return start(make_handoff(rep=alice))


@pytest.fixture
def pass_on(goes_on, carol):
    """Pass the lead from alice to carol; returns carol's clock of the first touch, if she has one."""

    def to_carol(at):
        clocks.end(handoffs.open_assignment(goes_on), at=at)
        passed = handoffs.pass_to(goes_on, carol, source="manager", reason="Busy", at=at)
        handoff_clocks.start_assignment_clocks(passed, at=at)
        return Clock.objects.filter(assignment=passed, kind=Kind.FIRST_TOUCH).first()

    return to_carol


def test_a_promise_that_goes_on_has_the_time_left_that_the_last_rep_left(pass_on, goes_on, at):
    clock = pass_on(at + 20 * MINUTE)
    assert (clock.used_before, clock.due_at) == (20 * MINUTE, at + 30 * MINUTE)
    assert (clock.levels, clock.level_ats) == ([80, 100], [at + 24 * MINUTE, at + 30 * MINUTE])
    clocks.stop(goes_on, [Kind.FIRST_TOUCH], at=at + 25 * MINUTE, evidence="Call")
    clock.refresh_from_db()
    assert clock.elapsed == 25 * MINUTE


def test_a_promise_whose_time_is_up_is_not_asked_for_again(pass_on, goes_on, at):
    missed = Clock.objects.get(handoff=goes_on, kind=Kind.FIRST_TOUCH)
    assert pass_on(at + 30 * MINUTE) is None
    missed.refresh_from_db()
    assert (missed.stop_reason, missed.elapsed) == ("ended", missed.allowed)


def test_a_touch_by_the_last_rep_keeps_a_promise_that_goes_on(pass_on, goes_on, at):
    clocks.stop(goes_on, [Kind.FIRST_TOUCH], at=at + MINUTE, evidence="Call")
    assert pass_on(at + 20 * MINUTE) is None


# A cadence ----------------------------------------------------------------------------------------
@pytest.fixture
def touch(promise, make_handoff, alice, start, at):
    """Alice's touches, so many hours after the passing: the next is due in two hours each, till
    there are three by two channels. Returns when the next is due; None: none is asked for.
    """
    promise(Kind.FOLLOW_UP, 120, touches=3, channels=2)
    handoff = start(make_handoff(rep=alice))

    def make(hours, channel="call", outcome="no_answer"):
        then = at + hours * 60 * MINUTE
        told = {"channel": channel, "outcome": outcome, "note": f"{hours}", "occurred_at": then}
        answers.log_touch(handoff, by=alice, at=then, **told)
        waiting = Clock.objects.running().filter(kind=Kind.FOLLOW_UP).first()
        return waiting and (waiting.due_at - at) / (60 * MINUTE)

    return make


def test_each_next_touch_is_due_from_the_last_till_all_are_made(touch, at):
    assert touch(1) == 3
    assert touch(2, "email", "sent") == 4
    assert touch(5) is None
    told = Clock.objects.filter(kind=Kind.FOLLOW_UP).values_list("seq", "stop_reason", "stopped_at")
    assert sorted(told) == [(1, "met", at + 120 * MINUTE), (2, "met", at + 300 * MINUTE)]


def test_a_touch_that_is_logged_late_may_be_the_last_of_a_cadence(touch, alice, at):
    touch(1)
    touch(3, "email", "sent")
    told = {"channel": "call", "outcome": "no_answer", "note": "", "by": alice}
    forgotten_at, at = at + 120 * MINUTE, at + 400 * MINUTE
    answers.log_touch(Handoff.objects.get(), occurred_at=forgotten_at, at=at, **told)
    last = Clock.objects.filter(kind=Kind.FOLLOW_UP).order_by("seq").last()
    assert (last.stop_reason, last.stopped_at) == ("ended", last.started_at)


def test_a_cadence_goes_on_till_there_are_enough_channels(touch):
    assert [touch(hours) for hours in (1, 2, 3)] == [3, 4, 5]
    assert touch(4, "social", "sent") is None


def test_nobody_is_asked_to_follow_up_on_who_answered(touch):
    assert touch(1) == 3
    assert touch(2, outcome="spoke") is None


# What came of it ----------------------------------------------------------------------------------
@pytest.fixture
def unsaid(promise, touch, at):
    """Two touches of alice's, one and two hours after the passing, that she has to say the outcome
    of within an hour each.
    """
    promise(Kind.OUTCOME, 60)
    promise(Kind.FOLLOW_UP, 120, touches=5)
    touch(1, outcome="")
    touch(2, "email", outcome="")
    return Touch.objects.order_by("pk")


def test_what_came_of_each_touch_is_to_be_said_once(unsaid, at):
    due = [at + 120 * MINUTE, at + 180 * MINUTE]
    asked = Clock.objects.filter(kind=Kind.OUTCOME).order_by("seq")
    assert [clock.due_at for clock in asked] == due
    say_outcome(unsaid[1], "sent", at=at + 150 * MINUTE)
    assert [clock.stopped_at for clock in asked.all()] == [None, at + 150 * MINUTE]
    assert Clock.objects.running().filter(kind=Kind.FOLLOW_UP).exists()
    with pytest.raises(LostRace, match="That was said already: E-mail: sent."):
        say_outcome(unsaid[1], "replied", at=at + 160 * MINUTE)
    with pytest.raises(IntegrityError, match="stays as it was logged"), transaction.atomic():
        unsaid.update(outcome="replied", outcome_at=at)


def give_back(turn, alice, at):
    code = ReasonCode.objects.get(key="no-need")
    answers.reject(turn, code=code, note="", nurture_until=None, by=alice, at=at)


def qualify(turn, alice, at):
    handoff = answers.accept(turn, by=alice, at=at)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)


@pytest.mark.parametrize("close", [give_back, qualify])
def test_who_closes_a_handoff_has_still_to_say_what_came_of_it(unsaid, alice, mona, close, at):
    close(unsaid[0].assignment, alice, at + 130 * MINUTE)
    assert set(Clock.objects.running().values_list("kind", flat=True)) == {Kind.OUTCOME}
    say_outcome(unsaid[1], "no_answer", at=at + 150 * MINUTE)
    asked = Clock.objects.filter(kind=Kind.OUTCOME).order_by("seq")
    assert [clock.stop_reason for clock in asked] == ["", "met"]
    let_go(alice, by=mona, at=at + 160 * MINUTE)
    assert [clock.stop_reason for clock in asked.all()] == ["ended", "met"]


def test_who_turns_out_to_have_answered_is_not_followed_up(unsaid, at):
    say_outcome(unsaid[0], "spoke", at=at + 150 * MINUTE)  # and wrote to them again later on
    assert Clock.objects.running().filter(kind=Kind.FOLLOW_UP).exists()
    say_outcome(unsaid[1], "replied", at=at + 150 * MINUTE)
    assert not Clock.objects.running().filter(kind=Kind.FOLLOW_UP).exists()


def test_a_cadence_ends_with_its_turn(touch, at):
    touch(1)
    handoff = Handoff.objects.get()
    clocks.end(handoffs.open_assignment(handoff), at=at + 90 * MINUTE)
    assert not Clock.objects.running().filter(kind=Kind.FOLLOW_UP).exists()
