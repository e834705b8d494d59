"""Undoing a mistake, a close or a lead given back: who may, what becomes of lead and promises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from feedback import answers, review
from feedback.errors import CannotTakeBack
from feedback.giving_back import attempts
from feedback.taking_back import take_back
from feedback.work_standard import Attempts
from leads import handoffs
from leads.documents import live_version, publish, start_draft
from leads.instants import database_now
from leads.models import Document, Handoff, Lead, Stage, Touch
from routing import routing
from sla import clocks, handoff_clocks
from sla.judging import missed
from sla.models import Clock, ClockEvent, Notification, Pause, Policy, Target
from sla.response_times import ANSWERED, NOT_ANSWERED, with_who_answered
from tests.routing.conftest import routed

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def close(alice, pass_lead, code, at):
    """Close a lead of Alice's two minutes after it was passed, by rejecting or by handing it back
    after `touches`.
    """

    def closed(key="no-need", *, accepted=False, touches=0, closed_at=at + 2 * MINUTE):
        handoff = pass_lead(alice, accepted=accepted)
        turn = handoffs.open_assignment(handoff)
        told = {"note": "A slip", "nurture_until": None, "by": alice, "at": closed_at}
        if touches:
            how = {"channel": "call", "outcome": "spoke", "note": "", "by": alice}
            answers.log_touch(handoff, occurred_at=at + MINUTE, at=at + MINUTE, **how)
        if accepted:
            answers.hand_back(handoff, code=code(key), **told)
        else:
            answers.reject(turn, code=code(key), **told)
        handoff.refresh_from_db()
        return handoff

    return closed


def running(handoff):
    found = Clock.objects.running().filter(handoff=handoff)
    return dict(found.values_list("kind", "started_at"))


def test_a_rejected_lead_is_passed_to_its_rep_again(close, alice, at):
    closed = close()
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    assert (again.previous, again.state, again.owner) == (closed, Handoff.State.PASSED, alice)
    assert (again.lead.owner, again.lead.stage_id) == (alice, Stage.Key.MQL)
    assert (again.lead.nurture_until, again.reason) == (None, closed.reason)
    connection.check_constraints()  # what must agree at the end
    closed.refresh_from_db()
    assert closed.state == Handoff.State.CLOSED  # the answer stays on record


def test_promises_of_the_turn_start_anew_and_the_prospects_goes_on(close, alice, at):
    taken_at = at + 3 * MINUTE
    again = take_back(close(), by=alice, at=taken_at)
    expected = {"accept": taken_at, "first_touch": taken_at, "first_response": at}
    assert running(again) == expected


def test_all_that_the_prospect_was_promised_goes_on_and_passing_is_not_promised_again(
    alice, pass_lead, code, at
):
    draft = start_draft(live_version(Document.Kind.POLICIES, at), by=None)
    for policy in Policy.objects.filter(version=draft):
        Target.objects.create(policy=policy, kind="passed", measure="wall", allowed=MINUTE)
    publish(draft, by=None, note="Passing too", at=at - DAY)
    handoff = pass_lead(alice)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at + MINUTE, at=at + MINUTE)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 2 * MINUTE}
    answers.reject(handoffs.open_assignment(handoff), code=code("no-need"), **told)
    again = take_back(handoff, by=alice, at=at + 3 * MINUTE)
    started = Clock.objects.filter(handoff=again, assignment=None)
    expected = [("first_response", at), ("first_response", at + MINUTE)]
    assert list(started.order_by("seq").values_list("kind", "started_at")) == expected


def test_what_was_fired_before_the_close_is_not_fired_again(close, alice, at):
    closed, ended = close(), Clock.objects.filter(kind="first_response")
    fired = {"kind": "warned", "level": 20, "due_at": at + MINUTE, "processed_at": at + MINUTE}
    ClockEvent.objects.create(clock=ended.get(), **fired)
    ladder = {"levels": [20, 100], "actions": ["remind", "tell_manager"]}
    ended.update(level_ats=[at + MINUTE, at + 5 * MINUTE], **ladder)
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    assert Clock.objects.get(handoff=again, kind="first_response").next_level == 100


def test_the_time_that_it_stood_still_before_goes_on_not_to_count(close, alice, at):
    closed = close(accepted=True)
    turn, ended = closed.assignments.get(), Clock.objects.filter(kind="first_response")
    ended.update(pauses=["snoozed"])
    resting = {"kind": "snoozed", "reason": "On a plane", "by": alice}
    Pause.objects.create(assignment=turn, since=at, until=at + 2 * MINUTE, **resting)
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    clocks.retime(again)
    assert Clock.objects.get(handoff=again, kind="first_response").due_at == at + 7 * MINUTE


def test_who_was_answered_before_counts_as_answered(close, alice, at):
    again = take_back(close(touches=1), by=alice, at=at + 3 * MINUTE)
    assert (again.first_response_at, again.first_response_wall) == (at + MINUTE, MINUTE)


def test_who_rose_to_a_better_band_since_has_raised_no_hand(pass_lead, alice, code, at):
    closed = pass_lead(alice, hand_raised_at=None)
    how = {"channel": "call", "outcome": "no_answer", "note": "", "by": alice}
    answers.log_touch(closed, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    rose_at = at + 1.5 * MINUTE
    handoff_clocks.start_handoff_clocks(closed, hand_raised_at=rose_at, at=rose_at)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 2 * MINUTE}
    answers.reject(handoffs.open_assignment(closed), code=code("no-need"), **told)
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    assert running(again)["first_response"] == rose_at
    answers.log_touch(again, occurred_at=at + 4 * MINUTE, at=at + 4 * MINUTE, **how)
    again.refresh_from_db()
    assert (again.hand_raised_at, again.first_response_at) == (None, at + MINUTE)


def test_what_answered_whom_nobody_asked_stays_the_first_response(pass_lead, alice, code, at):
    closed = pass_lead(alice, hand_raised_at=None)
    how = {"channel": "call", "outcome": "no_answer", "note": "", "by": alice}
    answers.log_touch(closed, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 2 * MINUTE}
    answers.reject(handoffs.open_assignment(closed), code=code("no-need"), **told)
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    answers.log_touch(again, occurred_at=at + 4 * MINUTE, at=at + 4 * MINUTE, **how)
    again.refresh_from_db()
    assert (again.first_response_at, again.first_response_wall) == (at + MINUTE, MINUTE)


def test_what_answered_whom_nobody_asked_stays_so_through_two_closes(pass_lead, alice, code, at):
    handoff = pass_lead(alice, hand_raised_at=None)
    how = {"channel": "call", "outcome": "no_answer", "note": "", "by": alice}
    answers.log_touch(handoff, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    for each in (2, 4):
        told = {"note": "", "nurture_until": None, "by": alice, "at": at + each * MINUTE}
        answers.reject(handoffs.open_assignment(handoff), code=code("no-need"), **told)
        handoff = take_back(handoff, by=alice, at=at + (each + 1) * MINUTE)
    assert (handoff.first_response_at, handoff.first_response_wall) == (at + MINUTE, MINUTE)
    answers.log_touch(handoff, occurred_at=at + 6 * MINUTE, at=at + 6 * MINUTE, **how)
    handoff.refresh_from_db()
    assert (handoff.first_response_at, handoff.first_response_wall) == (at + MINUTE, MINUTE)


@pytest.mark.parametrize("touches", [0, 1])
def test_who_was_answered_or_not_counts_once_where_it_goes_on(close, alice, at, touches):
    again = take_back(close(touches=touches), by=alice, at=at + 3 * MINUTE)
    every = with_who_answered(Handoff.objects.all())
    found = every.filter(ANSWERED), every.filter(NOT_ANSWERED)
    assert [list(each) for each in found] == ([[again], []] if touches else [[], [again]])
    assert set(found[not touches].values_list("answered_by", flat=True)) == {alice.pk}


def test_what_was_answered_before_the_close_counts_beside_what_was_asked_again(
    pass_lead, alice, code, at
):
    closed = pass_lead(alice)
    how = {"channel": "call", "outcome": "spoke", "note": "", "by": alice}
    answers.log_touch(closed, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    asked_at = at + 1.5 * MINUTE
    Lead.objects.update(last_hand_raise_at=asked_at)
    handoff_clocks.start_handoff_clocks(closed, hand_raised_at=asked_at, at=asked_at)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 2 * MINUTE}
    answers.reject(handoffs.open_assignment(closed), code=code("no-need"), **told)
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    assert Handoff.objects.get(ANSWERED) == closed
    assert Handoff.objects.get(NOT_ANSWERED) == again


def test_what_was_tried_before_the_close_was_tried(close, alice, code, at):
    again = take_back(close(touches=1), by=alice, at=at + 3 * MINUTE)
    assert attempts(again) == Attempts(1)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 4 * MINUTE}
    answers.reject(handoffs.open_assignment(again), code=code("no-need"), **told)
    assert attempts(take_back(again, by=alice, at=at + 5 * MINUTE)) == Attempts(1)


def test_it_is_woken_no_more(close, alice, at):
    closed = close()
    assert Lead.objects.get().reconsider_at is not None
    take_back(closed, by=alice, at=at + 3 * MINUTE)
    assert Lead.objects.get().reconsider_at is None


def test_what_a_reviewer_closed_is_no_reps_to_undo(close, alice, olga, code, at):
    handoff = close("bad-contact")
    assert handoff.state == Handoff.State.REVIEW
    review.disqualify(handoff, code=code("wrong-size"), note="", by=olga, at=at + 3 * MINUTE)
    handoff.refresh_from_db()
    with pytest.raises(CannotTakeBack):
        take_back(handoff, by=alice, at=at + 4 * MINUTE)


def test_what_the_prospect_was_promised_is_not_promised_twice(close, alice, at):
    kept = take_back(close(touches=1), by=alice, at=at + 3 * MINUTE)
    assert "first_response" not in running(kept)


def test_what_was_missed_before_the_close_goes_on_as_one_miss(close, alice, at):
    closed, ended = close(closed_at=at + 9 * MINUTE), Clock.objects.filter(kind="first_response")
    due = [at + 5 * MINUTE, at + 15 * MINUTE]
    ended.update(levels=[100, 300], level_ats=due, actions=["tell_manager", "tell_admins"])
    again = take_back(closed, by=alice, at=at + 10 * MINUTE)
    goes_on = Clock.objects.running().get(kind="first_response")
    assert (goes_on.handoff, goes_on.started_at, goes_on.breached_at) == (again, at, due[0])
    assert (goes_on.next_level, goes_on.next_at) == (300, due[1])
    assert Clock.objects.filter(missed(at + DAY), kind="first_response").get() == goes_on


def test_what_was_fired_two_closes_ago_is_not_fired_again(close, alice, code, at):
    closed, ended = close(), Clock.objects.filter(kind="first_response")
    fired = {"kind": "warned", "level": 20, "due_at": at + MINUTE, "processed_at": at + MINUTE}
    ClockEvent.objects.create(clock=ended.get(), **fired)
    ladder = {"levels": [20, 100], "actions": ["remind", "tell_manager"]}
    ended.update(level_ats=[at + 6 * MINUTE, at + 7 * MINUTE], **ladder)
    again = take_back(closed, by=alice, at=at + 3 * MINUTE)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 4 * MINUTE}
    answers.reject(handoffs.open_assignment(again), code=code("no-need"), **told)
    take_back(again, by=alice, at=at + 5 * MINUTE)
    assert Clock.objects.running().get(kind="first_response").next_level == 100


def test_who_had_accepted_it_has_accepted_it_again(close, alice, mona, at):
    again = take_back(close(accepted=True), by=alice, at=at + 3 * MINUTE)
    assert (again.state, again.lead.stage_id) == (Handoff.State.ACCEPTED, Stage.Key.SAL)
    assert "accept" not in running(again)


@pytest.mark.parametrize("who", ["mona", "rosa"])
def test_a_manager_or_admin_gives_it_back_to_be_answered(close, request, at, who):
    by = request.getfixturevalue(who)
    again = take_back(close(accepted=True), by=by, at=at + 3 * MINUTE)
    assert again.state == Handoff.State.PASSED


@pytest.mark.parametrize(
    ("who", "days", "newer"),
    [("carol", 0, False), ("alice", 8, False), ("alice", 0, True)],
    ids=["another's", "too late", "something newer was opened"],
)
def test_it_can_not_be_undone_by_others_later_or_over_what_is_newer(
    close, make_handoff, request, at, who, days, newer
):
    closed, later = close(), at + 3 * MINUTE + days * DAY
    if newer:
        make_handoff(closed.lead, at=later - MINUTE)
    with pytest.raises(CannotTakeBack):
        take_back(closed, by=request.getfixturevalue(who), at=later)


def test_undoing_twice_opens_one(close, alice, at):
    closed = close()
    take_back(closed, by=alice, at=at + 3 * MINUTE)
    with pytest.raises(CannotTakeBack):
        take_back(closed, by=alice, at=at + 4 * MINUTE)
    assert Touch.objects.count() == 0 and Handoff.objects.count() == 2


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("alice", "You have this lead again already."),
        ("mona", "Alice has this lead by now: it can’t be undone any more."),
    ],
)
def test_who_undoes_twice_is_told_who_has_it(close, alice, request, at, who, said):
    closed = close()
    take_back(closed, by=alice, at=at + 3 * MINUTE)
    with pytest.raises(CannotTakeBack, match=said):
        take_back(closed, by=request.getfixturevalue(who), at=at + 4 * MINUTE)


@pytest.mark.parametrize(("who", "is_told"), [("alice", False), ("mona", True)])
def test_who_comes_too_late_is_told_to_hand_it_over_if_they_may(close, request, at, who, is_told):
    with pytest.raises(CannotTakeBack) as refused:
        take_back(close(), by=request.getfixturevalue(who), at=at + 9 * DAY)
    assert ("Hand the lead over instead." in str(refused.value)) is is_told


def test_the_toast_undoes_what_was_just_closed(client, alice, pass_lead, code):
    handoff = pass_lead(alice)
    client.force_login(alice)
    told = {"code": "no-need", "note": "A slip"}
    page = client.post(reverse("feedback:give_back", args=[handoff.pk]), told, follow=True)
    address = reverse("feedback:undo_close", args=[handoff.pk])
    assert f'action="{address}"' in page.content.decode()
    opened = client.post(address)["Location"]
    assert opened == reverse("feedback:lead", args=[Handoff.objects.latest("pk").pk])


@pytest.mark.parametrize(("who", "is_offered"), [("alice", True), ("olga", False)])
def test_the_leads_page_offers_it_to_whoever_may(client, close, request, who, is_offered):
    now = database_now()
    closed = close(closed_at=now)
    client.force_login(request.getfixturevalue(who))
    address = reverse("feedback:undo_close", args=[closed.pk])
    part = client.get(address, headers={"HX-Request": "true"})
    assert (f'action="{address}"' in part.content.decode()) is is_offered


def test_who_answers_for_no_turn_of_it_has_nothing_to_undo(client, close, olga):
    closed = close(closed_at=database_now())
    client.force_login(olga)
    assert client.post(reverse("feedback:undo_close", args=[closed.pk])).status_code == 404


@pytest.fixture
def give_back(close, at):
    """Have Alice give a lead back by mistake, and routing pass on what it is asked about."""

    def given_back(key="wrong-person", *, accepted=False, routes=False):
        handoff = close(key, accepted=accepted)
        if routes:
            routed(handoff, at + 2 * MINUTE)
            handoff.refresh_from_db()
        return handoff

    return given_back


@pytest.mark.parametrize(
    ("key", "routes", "state"),
    [
        ("wrong-person", False, Handoff.State.WAITING),
        ("wrong-person", True, Handoff.State.PASSED),
        ("bad-contact", False, Handoff.State.REVIEW),
    ],
    ids=["waits", "with the next rep", "in review"],
)
def test_what_was_given_back_comes_back_in_the_same_handoff(
    give_back, alice, carol, at, key, routes, state
):
    handoff = give_back(key, routes=routes)
    assert handoff.state == state
    again = take_back(handoff, by=alice, at=at + 3 * MINUTE)
    assert (again.pk, again.state, again.owner) == (handoff.pk, Handoff.State.PASSED, alice)
    assert (again.lead.owner, again.reroute_at, again.review_reason) == (alice, None, "")
    connection.check_constraints()
    started = {"accept": at + 3 * MINUTE, "first_touch": at + 3 * MINUTE, "first_response": at}
    assert running(again) == started


def test_who_had_accepted_what_was_given_back_has_accepted_it_again(give_back, alice, at):
    again = take_back(give_back(accepted=True), by=alice, at=at + 3 * MINUTE)
    assert (again.state, again.lead.stage_id) == (Handoff.State.ACCEPTED, Stage.Key.SAL)


def test_the_next_rep_is_told_that_it_moved_back(give_back, alice, carol, at):
    take_back(give_back(routes=True), by=alice, at=at + 3 * MINUTE)
    told = Notification.objects.filter(recipient=carol, kind=Notification.Kind.MOVED)
    assert told.exists()


def test_a_review_that_nobody_is_asked_for_any_more_counts_as_neither_kept_nor_missed(
    give_back, alice, at
):
    take_back(give_back("bad-contact"), by=alice, at=at + 3 * MINUTE)
    assert Clock.objects.get(kind="review").stop_reason == Clock.StopReason.ENDED


def test_what_the_next_rep_has_seen_is_theirs(give_back, alice, carol, at):
    handoff = give_back(routes=True)
    answers.open_lead(handoffs.open_assignment(handoff), at=at + 3 * MINUTE)
    with pytest.raises(CannotTakeBack, match="Carol has this lead by now"):
        take_back(handoff, by=alice, at=at + 4 * MINUTE)


def test_what_somebody_gave_to_another_by_hand_stays_there(give_back, alice, carol, mona, at):
    handoff = give_back()
    routing.reassign(handoff, carol, by=mona, at=at + 3 * MINUTE)
    with pytest.raises(CannotTakeBack):
        take_back(handoff, by=alice, at=at + 4 * MINUTE)


@pytest.mark.parametrize(("who", "days"), [("carol", 0), ("alice", 8)], ids=["another", "late"])
def test_what_was_given_back_comes_back_to_nobody_else_nor_later(give_back, request, at, who, days):
    with pytest.raises(CannotTakeBack):
        take_back(give_back(), by=request.getfixturevalue(who), at=at + 3 * MINUTE + days * DAY)


def test_the_toast_undoes_what_was_just_given_back_till_it_was_seen(
    client, alice, carol, pass_lead, code
):
    handoff = pass_lead(alice)
    client.force_login(alice)
    told = {"code": "wrong-person"}
    page = client.post(reverse("feedback:give_back", args=[handoff.pk]), told, follow=True)
    address = reverse("feedback:undo_close", args=[handoff.pk])
    assert f'action="{address}"' in page.content.decode()
    assert client.post(address)["Location"] == reverse("feedback:lead", args=[handoff.pk])
    client.post(reverse("feedback:give_back", args=[handoff.pk]), told)
    routed(handoff, database_now())
    answers.open_lead(handoffs.open_assignment(handoff), at=database_now())
    page = client.post(address, follow=True)
    assert "Carol has this lead by now: it can’t be undone any more." in page.content.decode()
    client.force_login(carol)
    assert client.get(address).status_code == 404


def test_the_leads_page_offers_to_take_back_what_was_given_back(client, alice, pass_lead, code):
    handoff = pass_lead(alice)
    client.force_login(alice)
    page = reverse("leads:lead", args=[handoff.lead_id])
    address = reverse("feedback:undo_close", args=[handoff.pk])
    assert address not in client.get(page).content.decode()
    client.post(reverse("feedback:give_back", args=[handoff.pk]), {"code": "wrong-person"})
    assert address in client.get(page).content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Given back by mistake" in part
