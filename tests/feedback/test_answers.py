"""What answers do to the lead, its handoff, its clocks and its history."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, connections

from feedback import answers, outcomes, pausing
from feedback.errors import AnswerRefused
from feedback.giving_back import attempts
from feedback.models import Disposition
from feedback.work_standard import Attempts
from leads import handoffs
from leads.errors import LostRace
from leads.models import (
    Assignment,
    Handoff,
    Lead,
    Meeting,
    OwnershipChange,
    Stage,
    Touch,
)
from sla.models import Clock, ClockEvent, Notification, Pause

LATER = timedelta(minutes=7)


def assignment_of(handoff):
    return Assignment.objects.filter(handoff=handoff).order_by("seq").last()


def running(handoff):
    return set(Clock.objects.running().filter(handoff=handoff).values_list("kind", flat=True))


def reject(handoff, code, at, *, by=None, note="", nurture_until=None):
    assignment = assignment_of(handoff)
    return answers.reject(
        assignment,
        code=code,
        note=note,
        nurture_until=nurture_until,
        by=by or assignment.rep,
        at=at,
    )


def hand_back(handoff, code, at, *, note="", nurture_until=None):
    return answers.hand_back(
        handoff, code=code, note=note, nurture_until=nurture_until, by=handoff.owner, at=at
    )


def touch(handoff, at, **fields):
    told = {"channel": "call", "outcome": "spoke", "occurred_at": at, "note": "", **fields}
    return answers.log_touch(handoff, by=handoff.owner, at=at, **told)


# Accept ------------------------------------------------------------------------------------------
def test_accept_moves_the_stage_and_stops_the_accept_clock(alice, pass_lead, at):
    handoff = answers.accept(assignment_of(pass_lead(alice)), by=alice, at=at + LATER)
    handoff.lead.refresh_from_db()
    assert (handoff.state, handoff.lead.stage_id) == (Handoff.State.ACCEPTED, Stage.Key.SAL)
    clock = Clock.objects.get(handoff=handoff, kind="accept")
    assert (clock.stopped_at, clock.stop_evidence) == (at + LATER, "Accepted")
    assert running(handoff) == {"first_touch", "first_response"}


def test_accept_counts_as_received(alice, pass_lead, at):
    handoff = answers.accept(assignment_of(pass_lead(alice)), by=alice, at=at + LATER)
    assert assignment_of(handoff).evidence == Assignment.Evidence.ANSWERED
    assert Handoff.objects.get(pk=handoff.pk).received_at == at + LATER


def test_accept_leaves_the_stage_where_sal_is_not_used(alice, pass_lead, at):
    handoff = pass_lead(alice)
    Stage.objects.filter(key="sal").update(is_used=False)
    answers.accept(assignment_of(handoff), by=alice, at=at)
    handoff.lead.refresh_from_db()
    assert handoff.lead.stage_id == Stage.Key.MQL


def test_a_second_accept_is_told_who_was_first_and_when(alice, pass_lead, at):
    assignment = assignment_of(pass_lead(alice))
    answers.accept(assignment, by=alice, at=at)
    with pytest.raises(LostRace) as lost:
        answers.accept(assignment, by=alice, at=at + LATER)
    assert (lost.value.winner, lost.value.at) == (alice, at)


def test_accept_after_a_reassign_names_who_has_it_now(alice, carol, pass_lead, at):
    handoff = pass_lead(alice)
    stale = assignment_of(handoff)
    source = OwnershipChange.Source.MANAGER
    handoffs.pass_to(handoffs.locked(handoff.pk), carol, source=source, reason="Help", at=at)
    with pytest.raises(LostRace) as lost:
        answers.accept(stale, by=alice, at=at)
    assert lost.value.winner == carol


def test_nobody_accepts_for_another(alice, carol, pass_lead, at):
    handoff = pass_lead(alice)
    with pytest.raises(LostRace):
        answers.accept(assignment_of(handoff), by=carol, at=at)
    assert assignment_of(handoff).answer == ""


@pytest.mark.django_db(transaction=True)
def test_of_32_accepts_at_once_one_wins(alice, pass_lead, at):
    assignment = assignment_of(pass_lead(alice))
    with ThreadPoolExecutor(32) as pool:
        won = list(pool.map(lambda n: wins(answers.accept, assignment, alice, at), range(32)))
    assert sum(won) == 1
    assert assignment.handoff.lead.stage_transitions.filter(to_stage="sal").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_accept_and_reject_at_once_one_wins(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    assignment, wrong_size = assignment_of(handoff), code("wrong-size")

    def answer(n):
        if n % 2:
            return wins(answers.accept, assignment, alice, at)
        told = {"code": wrong_size, "note": "", "nurture_until": None}
        return wins(answers.reject, Assignment.objects.get(pk=assignment.pk), alice, at, **told)

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(answer, range(8)))
    assert sum(won) == 1


def wins(answer, assignment, by, at, **told):
    """Whether this call of `answer` was first; each on a connection of its own."""
    try:
        answer(assignment, by=by, at=at, **told)
    except LostRace:
        return False
    finally:
        connections.close_all()
    return True


# Reject ------------------------------------------------------------------------------------------
def test_a_lead_that_failed_to_be_judged_rests_without_failing(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    failing = Lead.objects.filter(pk=handoff.lead_id)
    failing.update(reconsider_at=at, reconsider_fails_since=at)
    reject(handoff, code("wrong-role"), at)
    assert failing.get().reconsider_fails_since is None


def test_reject_to_nurture_closes_and_sets_the_day_to_ask_again(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    disposition = reject(handoff, code("wrong-role"), at)
    handoff.refresh_from_db()
    handoff.lead.refresh_from_db()
    assert (handoff.state, handoff.closed_as) == ("closed", Handoff.ClosedAs.RECYCLED)
    assert disposition.nurture_until == handoff.lead.nurture_until == date(2026, 6, 8)
    assert handoff.lead.reconsider_at == datetime(2026, 6, 8, tzinfo=UTC)
    assert (handoff.lead.stage_id, handoff.lead.queue.key) == ("ml", "nurture")


def test_reject_is_kept_with_its_reason(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("no-need"), at, note="Has a tool already")
    disposition = Disposition.objects.get()
    assignment = assignment_of(handoff)
    assert (disposition.kind, disposition.note) == ("rejected", "Has a tool already")
    assert (assignment.answer, assignment.outcome) == ("rejected", "recycled")
    assert assignment.ended_at == at


def test_reject_meets_the_accept_clock_and_ends_the_others(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("no-need"), at + LATER)
    reasons = dict(Clock.objects.filter(handoff=handoff).values_list("kind", "stop_reason"))
    assert reasons == {"accept": "met", "first_touch": "ended", "first_response": "ended"}


def test_reject_as_disqualified_takes_the_lead_out(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("wrong-size"), at)
    handoff.refresh_from_db()
    handoff.lead.refresh_from_db()
    assert handoff.closed_as == Handoff.ClosedAs.DISQUALIFIED
    assert (handoff.lead.stage_id, handoff.lead.nurture_until) == ("disqualified", None)


def test_reject_as_not_mine_waits_for_the_next_rep(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("wrong-person"), at + LATER)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.reroute_at) == (Handoff.State.WAITING, at + LATER)
    assert assignment_of(handoff).outcome == Assignment.Outcome.REROUTED
    assert running(handoff) == {"first_response"}  # the prospect still waits


def test_reject_for_bad_data_goes_to_review_and_tells_its_owner(alice, rosa, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("bad-contact"), at, note="Bounced")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.queue.key) == (Handoff.State.REVIEW, "review")
    assert "Bounced" in handoff.review_reason
    assert running(handoff) == {"review", "first_response"}
    assert Notification.objects.filter(recipient=rosa, kind="review").exists()


@pytest.mark.parametrize(
    ("key", "told", "field"),
    [
        pytest.param("unable-to-reach", {}, "code", id="touches missing"),
        pytest.param("wrong-timing", {}, "nurture_until", id="no date"),
        pytest.param("wrong-timing", {"nurture_until": date(2026, 3, 10)}, "nurture_until", id="today"),
        pytest.param("wrong-timing", {"nurture_until": date(2029, 1, 1)}, "nurture_until", id="too far"),
        pytest.param("other", {"note": " "}, "note", id="no note"),
        pytest.param("unknown-imported", {}, "code", id="not offered"),
    ],
)  # fmt: skip
def test_reject_is_refused_until_the_reason_has_what_it_asks_for(
    alice, pass_lead, code, at, key, told, field
):
    handoff = pass_lead(alice)
    with pytest.raises(AnswerRefused) as refused:
        reject(handoff, code(key), at, **told)
    assert list(refused.value.problems) == [field]
    assert assignment_of(handoff).answer == ""


def test_no_response_closes_only_as_recycled_with_a_date(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    for n in range(4):
        touch(handoff, at + n * LATER, outcome="no_answer")
    disposition = reject(handoff, code("unable-to-reach"), at + 5 * LATER)
    handoff.refresh_from_db()
    assert handoff.closed_as == Handoff.ClosedAs.RECYCLED
    assert disposition.nurture_until == date(2026, 5, 9)


def test_what_was_hasty_or_has_no_outcome_is_no_attempt(alice, pass_lead, at):
    handoff = pass_lead(alice)
    answers.open_lead(assignment_of(handoff), at=at)
    touch(handoff, at + timedelta(seconds=5), outcome="sent")
    touch(handoff, at + LATER, outcome="")
    touch(handoff, at + 2 * LATER, outcome="no_answer")
    assert attempts(handoff) == Attempts(1, unsaid=1, hasty=1)


def test_a_second_reject_changes_nothing(alice, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("no-need"), at)
    with pytest.raises(LostRace) as lost:
        reject(handoff, code("wrong-size"), at + LATER)
    assert str(lost.value) == "Alice rejected this."
    assert Disposition.objects.get().code.key == "no-need"


# Hand back and qualify ---------------------------------------------------------------------------
def test_hand_back_to_another_rep_undoes_the_acceptance(alice, pass_lead, code, at):
    handoff = pass_lead(alice, accepted=True)
    disposition = hand_back(handoff, code("wrong-person"), at + LATER)
    handoff.refresh_from_db()
    handoff.lead.refresh_from_db()
    assert (handoff.state, handoff.lead.stage_id) == (Handoff.State.WAITING, "mql")
    assert disposition.kind == Disposition.Kind.HANDED_BACK
    assert assignment_of(handoff).answer == Assignment.Answer.ACCEPTED


def test_hand_back_for_timing_recycles(alice, pass_lead, code, at):
    handoff = pass_lead(alice, accepted=True)
    until = date(2026, 9, 1)
    disposition = hand_back(handoff, code("wrong-timing"), at, nurture_until=until)
    handoff.refresh_from_db()
    assert (handoff.closed_as, disposition.kind) == ("recycled", Disposition.Kind.RECYCLED)
    assert disposition.nurture_until == until


def test_hand_back_asks_for_an_accepted_lead(alice, pass_lead, code, at):
    with pytest.raises(LostRace):
        hand_back(pass_lead(alice), code("no-need"), at)


def test_qualify_closes_and_the_rep_keeps_the_lead(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at + LATER, note="Budget in Q2")
    handoff.refresh_from_db()
    handoff.lead.refresh_from_db()
    assert (handoff.closed_as, handoff.owner) == (Handoff.ClosedAs.QUALIFIED, alice)
    assert (handoff.lead.stage_id, handoff.lead.owner) == (Stage.Key.SQL, alice)
    assert handoff.lead.stage_transitions.last().reason == "Qualified by Alice: Budget in Q2"
    assert running(handoff) == set()


def test_qualify_keeps_the_meeting_that_was_agreed(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at, meeting_at=at + timedelta(days=2))
    meeting = Meeting.objects.get(handoff=handoff)
    assert (meeting.booked_at, meeting.starts_at) == (at, at + timedelta(days=2))


def test_qualify_twice_is_a_lost_race(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    with pytest.raises(LostRace):
        answers.qualify(handoff, confirmed=["need"], by=alice, at=at)


# Touches -----------------------------------------------------------------------------------------
def test_a_touch_stops_the_clocks_as_of_when_it_was_made(alice, pass_lead, at):
    handoff = pass_lead(alice)
    touch(handoff, at + 2 * LATER, occurred_at=at + LATER)
    stopped = dict(Clock.objects.filter(handoff=handoff).values_list("kind", "stopped_at"))
    assert stopped == {"accept": None, "first_touch": at + LATER, "first_response": at + LATER}


def test_a_stop_names_who_did_it_how_and_in_which_touch(alice, pass_lead, at):
    handoff = answers.accept(assignment_of(pass_lead(alice)), by=alice, at=at + LATER)
    made = touch(handoff, at + 2 * LATER, channel="email", outcome="sent")
    shown = ClockEvent.objects.filter(clock__handoff=handoff, kind="stopped").order_by("clock")
    assert set(shown.values_list("clock__kind", "by", "channel", "touch")) == {
        ("accept", alice.pk, "answered", None),
        ("first_touch", alice.pk, "email", made.pk),
        ("first_response", alice.pk, "email", made.pk),
    }


@pytest.mark.parametrize(
    ("outcome", "made", "goes_on"),
    [("spoke", 2 * LATER, False), ("no_answer", 2 * LATER, True), ("spoke", LATER / 2, True)],
    ids=["answered", "nobody took it", "answered before the wait"],
)
def test_an_answer_ends_the_wait_for_it(alice, pass_lead, at, outcome, made, goes_on):
    handoff = pass_lead(alice, accepted=True)
    told = {"kind": "waiting", "until": at + 9 * LATER, "reason": "Asked for the budget"}
    pausing.pause(handoff, by=alice, at=at + LATER, **told)
    touch(handoff, at + 3 * LATER, occurred_at=at + made, outcome=outcome)
    pause = Pause.objects.get()
    assert (pause.ended_at is None) is goes_on
    assert pause.ended_because == ("" if goes_on else "Call: spoke")


@pytest.mark.parametrize("is_ended", [False, True])
def test_of_two_who_put_it_off_at_once_the_second_is_told(alice, pass_lead, at, is_ended):
    handoff = pass_lead(alice, accepted=True)
    told = {"kind": "snoozed", "until": at + 9 * LATER, "reason": "Ill", "by": alice}
    pausing.pause(handoff, at=at + 2 * LATER - is_ended * LATER, **told)
    if is_ended:
        pausing.resume(handoff, by=alice, at=at + 3 * LATER)
    with pytest.raises(LostRace):  # took its instant before, and the lock after
        pausing.pause(handoff, at=at + 1.5 * LATER, **told)


def test_a_touch_is_the_first_response_and_shows_the_lead_was_received(alice, pass_lead, at):
    handoff = pass_lead(alice)
    touch(handoff, at + LATER)
    handoff.refresh_from_db()
    handoff.lead.refresh_from_db()
    assert (handoff.first_response_wall, handoff.lead.first_response_at) == (LATER, at + LATER)
    assert assignment_of(handoff).evidence == Assignment.Evidence.TOUCH


def test_the_same_touch_sent_twice_is_one(alice, pass_lead, at):
    handoff = pass_lead(alice)
    first = touch(handoff, at + LATER)
    assert touch(handoff, at + LATER + timedelta(seconds=2)) == first
    assert Touch.objects.count() == 1


@pytest.mark.parametrize(
    "when", [timedelta(minutes=1), -timedelta(days=1)], ids=["later", "before"]
)
def test_a_touch_must_lie_between_the_opening_and_now(alice, pass_lead, at, when):
    handoff = pass_lead(alice)
    with pytest.raises(AnswerRefused):
        touch(handoff, at, occurred_at=at + when)
    assert not Touch.objects.exists()


def test_a_touch_from_before_the_lead_was_passed_on_is_refused(alice, carol, pass_lead, at):
    handoff = pass_lead(alice)
    source = OwnershipChange.Source.MANAGER
    fresh = handoffs.locked(handoff.pk)
    handoffs.pass_to(fresh, carol, source=source, reason="Help", at=at + LATER)
    with pytest.raises(AnswerRefused, match="before this lead was passed to you"):
        touch(fresh, at + 2 * LATER, occurred_at=at + timedelta(minutes=1))


def test_a_touch_typed_with_the_minute_of_the_passing_counts_as_of_the_passing(
    alice, pass_lead, at
):
    handoff, passed_at = pass_lead(alice), at + timedelta(seconds=40)
    Assignment.objects.filter(handoff=handoff).update(passed_at=passed_at)
    assert touch(handoff, at + LATER, occurred_at=at).occurred_at == passed_at
    with pytest.raises(AnswerRefused, match="before this lead was passed to you"):
        touch(handoff, at + LATER, occurred_at=at - timedelta(minutes=1))


def test_nobody_logs_a_touch_on_anothers_lead(alice, carol, pass_lead, at):
    handoff = pass_lead(alice)
    with pytest.raises(LostRace):
        answers.log_touch(
            handoff, by=carol, channel="call", outcome="spoke", occurred_at=at, note="", at=at
        )


# Outcomes ----------------------------------------------------------------------------------------
def test_a_won_deal_makes_a_customer_once(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    told = {"state": "won", "amount": Decimal("1200.00"), "by": alice, "at": at}
    deal = outcomes.record_deal(handoff, **told)
    assert outcomes.record_deal(handoff, **told) == deal
    handoff.lead.refresh_from_db()
    assert (deal.closed_at, handoff.lead.stage_id) == (at, Stage.Key.CUSTOMER)


def test_an_open_deal_is_carried_on_when_it_is_lost(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    outcomes.record_deal(handoff, state="open", amount=Decimal(500), by=alice, at=at)
    deal = outcomes.record_deal(handoff, state="lost", amount=None, by=alice, at=at + LATER)
    handoff.lead.refresh_from_db()
    assert (handoff.opportunities.count(), deal.amount) == (1, Decimal(500))
    assert handoff.lead.stage_id == "ml"


def test_a_meeting_told_twice_is_corrected(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    for outcome in ("booked", "held"):
        outcomes.record_meeting(handoff, starts_at=at, outcome=outcome, by=alice, at=at)
    assert Meeting.objects.get().outcome == "held"


def test_a_lost_deal_gives_the_lead_back_to_marketing(alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    outcomes.record_deal(handoff, state="lost", amount=None, by=alice, at=at + LATER)
    change = OwnershipChange.objects.filter(lead=handoff.lead_id).latest("seq")
    assert (change.to_queue.key, change.reason) == ("nurture", "Deal lost")


def test_who_qualified_a_lead_writes_nothing_once_it_is_handed_over_again(
    alice, carol, pass_lead, make_handoff, at
):
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    handoff.lead.refresh_from_db()
    make_handoff(handoff.lead, rep=carol, at=at + LATER)
    with pytest.raises(LostRace):
        outcomes.record_deal(handoff, state="won", amount=Decimal(1), by=alice, at=at + LATER)
    with pytest.raises(LostRace):
        outcomes.record_meeting(handoff, starts_at=at, outcome="held", by=alice, at=at + LATER)


# Transactions ------------------------------------------------------------------------------------
def test_deferred_rules_hold_after_each_answer(alice, pass_lead, code, at):
    for key in ("no-need", "wrong-size", "wrong-person", "bad-contact"):
        reject(pass_lead(alice, name=key), code(key), at)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert Disposition.objects.count() == 4
