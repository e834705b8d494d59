"""Merging leads that both have a past: who had them, rested, was ruled out, touched or waited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from feedback import answers, pausing, touch_outcomes
from feedback.funnel import whole
from feedback.giving_back import attempts
from feedback.merge_pairs import pair_of
from feedback.merge_preview import preview
from leads import handoffs, lifecycle
from leads.errors import LostRace
from leads.models import Handoff, Lead, Stage
from sla.board import groups
from sla.judging import missed
from sla.ladders import responsible
from sla.mail import mail_for
from sla.models import Clock, Notification, Pause
from sla.notices import see_lead
from sla.stay_clocks import follow_moves

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def qualified(pass_lead, at):
    """Give a function that has a rep qualify a lead, so many minutes on; returns its handoff."""

    def make(rep, name="Clara", minutes=1):
        handoff = pass_lead(rep, name, accepted=True)
        then = at + minutes * MINUTE
        answers.qualify(handoff, confirmed=["need"], by=rep, at=then)
        handoff.refresh_from_db()
        return handoff

    return make


def touch(handoff, at, outcome, channel="call"):
    told = {"channel": channel, "outcome": outcome, "note": "", "by": handoff.owner}
    return answers.log_touch(handoff, occurred_at=at, at=at, **told)


def told_of_merge():
    told = Notification.objects.filter(kind="merged", channel="app")
    return sorted(told.values_list("recipient__name", flat=True))


def test_who_loses_a_lead_in_sales_is_told(join, alice, carol, qualified):
    join(qualified(alice).lead, qualified(carol).lead)
    assert told_of_merge() == ["Alice", "Carol"]


def test_who_loses_the_lead_that_is_kept_is_told(join, alice, carol, make_lead, pass_lead):
    left = join(make_lead("Clara", owner=alice, queue=None), pass_lead(carol).lead)
    assert (left.owner, told_of_merge()) == (carol, ["Alice", "Carol"])


def test_who_has_the_lead_then_is_told_what_is_due_and_who_lost_it_is_not(
    join, alice, carol, pass_lead
):
    kept, other = pass_lead(alice), pass_lead(carol)
    join(kept.lead, other.lead)
    mails = Notification.objects.filter(kind="merged", channel="email")
    told = {mail.recipient: "First response by" in mail_for(mail).body for mail in mails}
    assert told == {alice: True, carol: False}


def test_of_two_in_sales_whoever_has_the_lead_hears_of_its_stay(
    join, promise_stays, alice, carol, qualified, at
):
    kept, other = qualified(alice, minutes=2), qualified(carol, minutes=1)
    follow_moves(at + 2 * MINUTE)
    join(kept.lead, other.lead)
    stay = Clock.objects.running().filter(kind="stay_sql")
    assert stay.get().handoff == other  # the earlier one
    assert responsible(stay.get())[0] == alice
    assert [each.holder for each in groups(stay.order_by("due_at"), at)] == [alice]


@pytest.mark.parametrize("is_kept", [True, False])
def test_no_lead_with_an_open_handoff_is_ruled_out_by_the_other(
    join, make_lead, make_handoff, is_kept, at
):
    handoff, ruled_out = make_handoff(), make_lead("C. Nyström")
    lifecycle.move(ruled_out, "disqualified", at=at, reason="A student")
    pair = (ruled_out, handoff.lead) if is_kept else (handoff.lead, ruled_out)
    stage = next(row for row in preview(pair_of(*pair), at).rows if row.label == "Stage")
    assert (stage.left, join(*pair).stage_id) == ("Marketing lead", "ml")


def test_who_is_with_sales_rests_no_more(join, alice, qualified, make_lead, at):
    rests = make_lead("C. Nyström", nurture_until=at.date(), wakes_at=at + HOUR)
    left = join(qualified(alice).lead, rests)
    assert (left.nurture_until, left.wakes_at) == (None, None)


@pytest.mark.parametrize("accepted", [True, False])
def test_who_still_works_on_what_was_merged_is_told_so(join, alice, carol, pass_lead, at, accepted):
    kept, other = pass_lead(alice), pass_lead(carol, accepted=accepted)
    turn = handoffs.open_assignment(other)
    join(kept.lead, other.lead)
    with pytest.raises(LostRace, match="were merged, and Alice has the lead"):
        answers.accept(turn, by=carol, at=at + HOUR)
    with pytest.raises(LostRace, match="were merged, and Alice has the lead"):
        touch(other, at + HOUR, "spoke")


@pytest.fixture
def waiting(alice, carol, pass_lead, at):
    """A lead for whose answer alice waits, and one of carol's."""
    kept, other = pass_lead(alice, accepted=True), pass_lead(carol)
    until = at + 5 * HOUR
    pausing.pause(kept, kind="waiting", until=until, reason="Asked", by=alice, at=at)
    return kept, other


def test_nobody_waits_for_who_answered_as_the_other_lead(join, waiting, at):
    kept, other = waiting
    touch(other, at + MINUTE, "spoke")
    join(kept.lead, other.lead)
    assert Pause.objects.get().ended_at == at + 3 * MINUTE


def test_an_answer_that_is_told_of_after_a_merge_ends_the_wait_too(join, waiting, at):
    kept, other = waiting
    sent = touch(other, at + MINUTE, "", "email")
    join(kept.lead, other.lead)
    assert Pause.objects.get().ended_at is None
    touch_outcomes.say_outcome(sent, "replied", at=at + 4 * MINUTE)
    assert Pause.objects.get().ended_at == at + 4 * MINUTE


def test_attempts_to_reach_the_other_lead_were_attempts_to_reach_them(
    join, alice, carol, pass_lead, at
):
    kept, other, not_theirs = pass_lead(alice), pass_lead(carol), pass_lead(carol)
    for handoff in (other, not_theirs):
        touch(handoff, at + MINUTE, "no_answer")
    join(kept.lead, other.lead)
    kept.refresh_from_db()
    assert attempts(kept) == (1, 0, 0)


def test_a_pause_moves_no_promise_that_was_not_of_its_handoff_then(
    join, alice, carol, pass_lead, at
):
    kept, other = pass_lead(alice, accepted=True), pass_lead(carol)
    prospects = Clock.objects.filter(kind="first_response")
    prospects.update(pauses=["snoozed"])
    due_at = at + 9 * MINUTE
    asked = {"started_at": at - MINUTE, "allowed": 10 * MINUTE, "due_at": due_at}
    prospects.filter(handoff=other).update(**asked)
    until = at + HOUR
    pausing.pause(kept, kind="snoozed", until=until, reason="Away", by=alice, at=at + MINUTE)
    join(kept.lead, other.lead)
    goes_on = prospects.running().get(started_at=at - MINUTE)
    assert goes_on.due_at == due_at
    kept = handoffs.locked(kept.pk)
    pausing.pause(kept, kind="snoozed", until=until, reason="Away", by=alice, at=at + 4 * MINUTE)
    pausing.resume(kept, by=alice, at=at + 4.5 * MINUTE)
    goes_on.refresh_from_db()
    assert goes_on.due_at == due_at + MINUTE / 2


def test_how_far_either_ever_came_counts_for_the_lead_that_is_left(join, make_lead, at):
    kept, other = make_lead("Clara"), make_lead("C. Nyström")
    for stage in ("sal", "ml"):
        lifecycle.move(other, stage, at=at, reason="Told so", override="Told so")
    left = join(kept, other)
    assert left.stage_id == "ml"
    reached = {step.key: step.count for step in whole(Lead.objects.live()).steps}
    for stage in Stage.objects.filter(key__in=["ml", "mql", "sal", "sql"]):
        found = Lead.objects.live().reached(stage)
        assert (reached[stage.key], set(found)) == (
            (0, set()) if stage.key == "sql" else (1, {left})
        )


def test_what_was_told_of_the_other_lead_is_told_of_the_one_that_is_left(
    client, join, alice, mona, make_lead
):
    kept, other = make_lead("Clara", owner=alice, queue=None), make_lead("C. Nyström")
    join(make_lead("Earlier", owner=alice, queue=None), other)
    told = Notification.objects.filter(channel="app", recipient=alice).get()
    join(kept, told.lead)
    assert see_lead(alice, kept.pk, at=told.created_at) == 2
    client.force_login(mona)
    listed = client.get(f"/sla/deliveries/?lead={kept.pk}&period=all").context["page"]
    assert told in listed


def test_the_preview_promises_no_answer_to_who_was_answered(alice, carol, pass_lead, at):
    kept, other = pass_lead(alice), pass_lead(carol)
    assert preview(pair_of(kept.lead, other.lead), at).asked_at == at
    touch(other, at + MINUTE, "no_answer")
    assert preview(pair_of(kept.lead, other.lead), at).asked_at is None


def lead_on(kept, gone, third):
    Lead.objects.filter(pk=kept.pk).update(merged_into=third)


def lead_to_it(kept, gone, third):
    Lead.objects.filter(pk=third.pk).update(merged_into=gone)


def merge_past_its_handoff(kept, gone, third):
    handoffs.open_handoff(third, path="manual", reason="Call them", at=third.entered_at)
    Lead.objects.filter(pk=third.pk).update(merged_into=kept)


def open_one(kept, gone, third):
    gone = Lead.objects.get(pk=gone.pk)
    handoffs.open_handoff(gone, path="manual", reason="Call them", at=gone.entered_at)


@pytest.mark.parametrize("do", [lead_on, lead_to_it, merge_past_its_handoff, open_one])
def test_the_database_keeps_a_merged_lead_merged_for_good(join, make_lead, do):
    kept, gone, third = (make_lead(name) for name in ("Clara", "C. Nyström", "Clara N."))
    join(kept, gone)
    with pytest.raises(IntegrityError, match="merged"), transaction.atomic():
        do(kept, gone, third)
        connection.check_constraints()


def test_who_answered_first_answered_the_handoff_that_ends_as_well(
    join, alice, carol, pass_lead, at
):
    kept, other = pass_lead(alice), pass_lead(carol)
    prospects = Clock.objects.filter(kind="first_response")
    prospects.filter(handoff=other).update(started_at=at - MINUTE, due_at=at + 2 * MINUTE)
    touch(kept, at + MINUTE, "spoke")
    touch(other, at + 2.5 * MINUTE, "spoke")
    assert prospects.filter(missed(at + 3 * MINUTE)).count() == 1
    join(kept.lead, other.lead)
    assert not prospects.filter(missed(at + 3 * MINUTE)).exists()
    assert prospects.get(handoff=other).stopped_at == at + MINUTE


def test_what_was_answered_before_the_other_lead_asked_answers_that_one_not(
    join, alice, carol, pass_lead, at
):
    kept, other = pass_lead(alice), pass_lead(carol)
    Handoff.objects.filter(pk=other.pk).update(hand_raised_at=at)
    asked_at = at + 2 * MINUTE
    Handoff.objects.filter(pk=kept.pk).update(hand_raised_at=asked_at)
    Clock.objects.filter(handoff=kept, kind="first_response").update(started_at=asked_at)
    touch(other, at + MINUTE, "spoke")
    join(kept.lead, other.lead)
    kept.refresh_from_db()
    assert (kept.hand_raised_at, kept.first_response_at) == (asked_at, None)
    assert Clock.objects.running().get(kind="first_response").handoff == kept


def test_who_was_answered_by_the_other_address_too_rests_on(join, alice, carol, pass_lead, at):
    kept, other = pass_lead(alice, accepted=True), pass_lead(carol)
    Clock.objects.filter(handoff=other).update(started_at=at - MINUTE)
    touch(kept, at + MINUTE, "no_answer")
    until = at + 5 * HOUR
    pausing.pause(kept, kind="snoozed", until=until, reason="Away", by=alice, at=at + 2 * MINUTE)
    join(kept.lead, other.lead)
    assert Pause.objects.get().ended_at is None


@pytest.mark.parametrize("due_in", [3, 5, 7])
def test_of_two_who_asked_at_the_same_instant_the_earlier_deadline_holds_and_is_one_miss(
    join, alice, carol, pass_lead, at, due_in
):
    kept, other = pass_lead(alice), pass_lead(carol)
    prospects = Clock.objects.filter(kind="first_response")
    prospects.filter(handoff=other).update(due_at=at + due_in * MINUTE)
    join(kept.lead, other.lead, then=at + 8 * MINUTE)
    due = sorted(prospects.running().values_list("due_at", flat=True))
    late = prospects.filter(missed(at + HOUR))
    assert (due[0], late.count()) == (at + min(due_in, 5) * MINUTE, len(due))
    assert set(late.values_list("handoff", flat=True)) == {kept.pk}
