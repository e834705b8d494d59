"""Merging two leads who are one person: handoffs, promises, and the rest of what they had."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from feedback import answers, pausing
from feedback.errors import CannotMerge
from feedback.merge_pairs import pair_of
from feedback.merging import merge
from feedback.taking_back import turn_to_take_back
from feedback.timeline import timeline
from leads import handoffs, lifecycle, ownership
from leads.errors import LostRace
from leads.fact_history import facts_of, record_facts
from leads.lead_page import also_known_by
from leads.merging import locked_pair, merged_facts
from leads.models import Account, Activity, Handoff, Identity, Lead, Merge, Touch, User
from sla import clocks
from sla.instant_answer_page import holding
from sla.judging import missed
from sla.models import Clock, InstantAnswer, Notification, Pause
from sla.models.promises import STAYS
from sla.staleness import is_still_true
from sla.stay_clocks import follow_moves

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def prospects(handoff):
    found = Clock.objects.filter(handoff=handoff, kind="first_response", assignment=None)
    return list(found.order_by("seq").values_list("started_at", "stop_reason"))


def test_of_two_open_handoffs_one_goes_on_with_the_earliest_start(
    join, alice, carol, pass_lead, at
):
    later, earlier = pass_lead(alice, "Clara", accepted=True), pass_lead(carol, "C. Nyström")
    until = at + HOUR
    pausing.pause(later, kind="snoozed", until=until, reason="Away", by=alice, at=at + MINUTE)
    Handoff.objects.filter(pk=earlier.pk).update(priority=50)
    asked_at = at - 2 * MINUTE
    Clock.objects.filter(handoff=earlier, kind="first_response").update(started_at=asked_at)
    due = Clock.objects.get(handoff=earlier, kind="first_response").due_at
    left = join(later.lead, earlier.lead)
    earlier.refresh_from_db()
    assert (earlier.closed_as, earlier.assignments.get().outcome) == ("merged", "merged")
    assert (left.owner, Handoff.objects.open().get()) == (alice, later)
    assert Handoff.objects.open().get().priority == 50
    assert Pause.objects.get().ended_at == at + 3 * MINUTE
    assert prospects(later) == [(at, ""), (asked_at, "")]
    assert Clock.objects.get(handoff=later, started_at=asked_at).due_at == due
    assert set(Clock.objects.values_list("lead", flat=True)) == {left.pk}
    assert set(Notification.objects.values_list("recipient__name", flat=True)) == {"Alice", "Carol"}


def test_what_was_missed_stays_missed_where_it_goes_on(join, alice, carol, pass_lead, at):
    kept, other = pass_lead(alice), pass_lead(carol)
    Clock.objects.filter(handoff=other, kind="first_response").update(
        started_at=at - HOUR,
        due_at=at - MINUTE,
        level_ats=[at - MINUTE],
        levels=[100],
        actions=["tell_manager"],
        next_level=100,
    )
    join(kept.lead, other.lead)
    late = Clock.objects.running().get(handoff=kept, started_at=at - HOUR)
    assert (late.breached_at, Clock.objects.filter(missed(at)).get()) == (at - MINUTE, late)


def test_a_lead_that_failed_to_be_judged_fails_no_more_once_it_is_merged(join, make_lead, at):
    kept, other = make_lead(), make_lead()
    Lead.objects.filter(pk=other.pk).update(reconsider_at=at, reconsider_fails_since=at)
    join(kept, other)
    other.refresh_from_db()
    assert (other.reconsider_at, other.reconsider_fails_since) == (None, None)


def test_whoever_answered_one_of_them_answered_the_other(join, alice, carol, pass_lead, at):
    kept, other = pass_lead(alice, "Clara"), pass_lead(carol, "C. Nyström")
    how = {"channel": "call", "outcome": "spoke", "note": "", "by": carol}
    answers.log_touch(other, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    left = join(kept.lead, other.lead)
    kept.refresh_from_db()
    assert prospects(kept) == [(at, "met")]
    assert kept.first_response_wall == MINUTE
    assert Touch.objects.get().lead == left


def test_a_response_is_counted_from_when_they_first_asked(join, alice, carol, pass_lead, at):
    kept, other = pass_lead(alice, "Clara"), pass_lead(carol, "C. Nyström")
    how = {"channel": "call", "outcome": "spoke", "note": "", "by": alice}
    answers.log_touch(kept, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    Handoff.objects.filter(pk=other.pk).update(hand_raised_at=at - MINUTE)
    join(kept.lead, other.lead)
    kept.refresh_from_db()
    assert (kept.hand_raised_at, kept.first_response_wall) == (at - MINUTE, 2 * MINUTE)


def test_the_only_open_handoff_goes_on_with_its_owner(join, alice, make_lead, pass_lead, at):
    other = pass_lead(alice, accepted=True)
    rests = {"nurture_until": at.date(), "wakes_at": at}
    kept = make_lead("Clara", **rests)
    left = join(kept, other.lead)
    assert (left.nurture_until, left.wakes_at) == (None, None)
    goes_on = handoffs.locked(other.pk)
    assert (goes_on.lead, left.owner, left.stage_id) == (left, alice, "sal")
    assert (goes_on.state, prospects(goes_on)) == ("accepted", [(at, "")])
    lifecycle.undo_acceptance(goes_on, reason="Handed back", by=alice, at=at + 4 * MINUTE)
    assert goes_on.lead.stage_id == "ml"


def test_what_it_is_known_by_did_and_refused_goes_over(join, make_lead, at):
    kept, other = make_lead("Clara", phone=""), make_lead("Clara N.", phone="+46701234567")
    record_facts(other, {"person.consent": False, "person.reason": "Expansion"}, known_from=at)
    Activity.objects.create(lead=other, kind="demo_request", occurred_at=at)
    waits = {"stay_due_at": at, "band_changes_on": at.date(), "nurture_until": at.date()}
    Lead.objects.filter(pk=other.pk).update(last_hand_raise_at=at, wakes_at=at, **waits)
    left = join(kept, other)
    assert left.last_hand_raise_at == at
    assert (left.name, left.phone, left.reconsider_at) == ("Clara", other.phone, at + 3 * MINUTE)
    facts = facts_of(left, at + 3 * MINUTE)
    assert (facts["person.consent"], facts["person.reason"]) == (False, "Expansion")
    assert Identity.objects.filter(lead=left).count() == 2
    assert list(Lead.objects.live().searched(other.email)) == [left]
    assert also_known_by(left) == [other.email]
    assert Activity.objects.get().lead == left
    gone = Lead.objects.get(pk=other.pk)
    assert (gone.merged_into, gone.queue.key) == (left, "nurture")
    assert {gone.wakes_at, gone.stay_due_at, gone.band_changes_on, gone.reconsider_at} == {None}


def test_what_sends_it_back_as_it_goes_is_followed_no_more(join, alice, carol, pass_lead):
    kept, other = pass_lead(alice), pass_lead(carol, accepted=True)
    join(kept.lead, other.lead)
    assert Lead.objects.get(pk=other.lead_id).follow_from_seq is None


@pytest.mark.parametrize("refused", ["kept", "other"])
def test_a_refusal_holds_and_of_another_company_nothing_is_known(make_lead, at, refused):
    kept, other = (make_lead(account=Account.objects.create(name=name)) for name in "AB")
    for lead, name in ((kept, "kept"), (other, "other")):
        facts = {"person.title": name, f"person.{name}": 1, f"account.{name}": 1}
        facts["person.consent"] = name != refused
        record_facts(lead, facts, known_from=at)
    expected = {"person.kept": 1, "person.other": 1, "person.title": "kept", "account.kept": 1}
    assert merged_facts(kept, other, at) == {**expected, "person.consent": False}


def test_a_merge_is_on_record_with_what_came_from_whom(join, olga, make_lead, at):
    kept, other = make_lead("Clara", phone=""), make_lead("Clara N.", phone="+46701234567")
    done = Activity.objects.create(lead=other, kind="demo_request", occurred_at=at)
    left = join(kept, other)
    merged = Merge.objects.get()
    assert (merged.lead, merged.gone, merged.by, merged.filled) == (left, other, olga, ["phone"])
    assert merged.moved["activity"] == [done.pk]
    told = {each.told.what: each.told.who for each in timeline(left).entries}
    assert told[f"Lead {other.pk} became part of it: Clara N."] == "Olga"


def test_what_was_closed_before_opens_nothing_anew(join, alice, make_lead, pass_lead, code, at):
    other = pass_lead(alice)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + MINUTE}
    answers.reject(handoffs.open_assignment(other), code=code("no-need"), **told)
    left = join(make_lead("Clara"), other.lead)
    assert left.handoffs.get().closed_as == "recycled"
    assert left.wakes_at is not None  # it rests on


def test_no_close_is_undone_beside_an_open_handoff(join, alice, carol, pass_lead, code, at):
    closed, kept = pass_lead(carol), pass_lead(alice)
    told = {"note": "", "nurture_until": None, "by": carol, "at": at + MINUTE}
    answers.reject(handoffs.open_assignment(closed), code=code("no-need"), **told)
    closed.refresh_from_db()
    assert turn_to_take_back(closed, carol, at + 4 * MINUTE)
    join(kept.lead, closed.lead)
    closed.refresh_from_db()
    assert turn_to_take_back(closed, carol, at + 4 * MINUTE) is None


def test_no_close_is_undone_of_who_is_with_sales_since(join, alice, carol, pass_lead, code, at):
    taken, closed = pass_lead(alice, accepted=True), pass_lead(carol)
    answers.qualify(taken, confirmed=["need"], by=alice, at=at + MINUTE)
    told = {"note": "", "nurture_until": None, "by": carol, "at": at + 2 * MINUTE}
    answers.reject(handoffs.open_assignment(closed), code=code("no-need"), **told)
    join(taken.lead, closed.lead)
    closed.refresh_from_db()
    assert turn_to_take_back(closed, carol, at + 4 * MINUTE) is None


def test_what_sales_has_is_kept_and_takes_over_no_handoff(join, alice, carol, mona, pass_lead, at):
    taken, other = pass_lead(alice, accepted=True), pass_lead(carol, "C. Nyström")
    answers.qualify(taken, confirmed=["need"], by=alice, at=at + MINUTE)
    with pytest.raises(CannotMerge):
        join(other.lead, taken.lead)
    left = join(taken.lead, other.lead, by=mona)
    assert (left.owner, left.stage_id) == (alice, "sql")
    assert not Handoff.objects.open().exists()
    told = Notification.objects.filter(channel="email", key__startswith="hand_raise:")
    assert {each.recipient for each in told if is_still_true(each, at)} == {alice, mona}


def test_who_has_the_lead_in_sales_is_asked_for_no_answer_that_was_given(
    join, alice, carol, mona, pass_lead, at
):
    taken, other = pass_lead(alice, accepted=True), pass_lead(carol, "C. Nyström")
    answers.qualify(taken, confirmed=["need"], by=alice, at=at + MINUTE)
    how = {"channel": "call", "outcome": "spoke", "note": "", "by": carol}
    answers.log_touch(other, occurred_at=at + MINUTE, at=at + MINUTE, **how)
    join(taken.lead, other.lead, by=mona)
    told = Notification.objects.filter(channel="app").values_list("recipient__name", "kind")
    assert set(told) == {("Alice", "merged"), ("Carol", "merged")}


@pytest.mark.parametrize("is_kept", [True, False])
def test_who_sold_to_them_and_left_ends_no_open_handoff(
    join, alice, carol, mona, pass_lead, at, is_kept
):
    taken, other = pass_lead(alice, accepted=True), pass_lead(carol, "C. Nyström")
    answers.qualify(taken, confirmed=["need"], by=alice, at=at + MINUTE)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    pair = (taken.lead, other.lead) if is_kept else (other.lead, taken.lead)
    left = join(*pair, by=mona)
    assert (left.owner, Handoff.objects.open().get()) == (carol, other)
    assert prospects(other) == [(at, "")]


def test_a_rep_ends_no_open_handoff_and_their_manager_hears_of_the_others(
    join, alice, mona, make_lead, pass_lead
):
    one, other = pass_lead(alice), pass_lead(alice, "Somebody else")
    with pytest.raises(CannotMerge, match="your manager or marketing ops can merge them"):
        join(one.lead, other.lead, by=alice)
    join(one.lead, make_lead("Clara", owner=alice, queue=None), by=alice)
    assert Notification.objects.get(channel="app").recipient == mona


def stays():
    found = Clock.objects.filter(kind__in=STAYS.values()).order_by("id")
    return list(found.values_list("lead", "handoff", "started_at", "stop_reason"))


def test_a_stay_that_is_taken_over_goes_on(join, promise_stays, make_lead, make_handoff, alice, at):
    other, kept = make_handoff(rep=alice), make_lead("Clara")
    lifecycle.move(other.lead, "mql", at=at, reason="Ready", handoff=other)
    left = join(kept, other.lead)
    follow_moves(at + HOUR)
    assert stays() == [(kept.pk, other.pk, at, "")]
    assert left.stage_since == at


@pytest.mark.parametrize("since", [-1, 1])
def test_of_two_stays_in_one_stage_the_earlier_holds(
    join, promise_stays, make_handoff, alice, at, since
):
    kept, other = make_handoff(rep=alice), make_handoff(rep=alice)
    for handoff, minutes in ((kept, 0), (other, since)):
        then = at + minutes * MINUTE
        lifecycle.move(handoff.lead, "mql", at=then, reason="Ready", handoff=handoff)
    left = join(kept.lead, other.lead)
    follow_moves(at + HOUR)
    earlier = min(at, at + since * MINUTE)
    assert [row for row in stays() if not row[-1]] == [(left.pk, kept.pk, earlier, "")]
    assert left.stage_since == earlier
    gone = Lead.objects.get(pk=other.lead_id)
    assert (gone.stay_due_at, gone.follow_from_seq) == (None, None)


def test_a_merged_lead_leads_to_the_last(join, make_lead):
    first, second, third = make_lead("A"), make_lead("B"), make_lead("C")
    join(second, first)
    join(third, second)
    assert set(Lead.objects.values_list("merged_into", flat=True)) == {None, third.pk}


def test_what_changed_since_it_was_seen_is_looked_at_again(alice, make_lead, pass_lead, olga, at):
    kept, other = make_lead("Clara"), pass_lead(alice)
    seen = pair_of(kept, other.lead).mark
    answers.accept(handoffs.open_assignment(other), by=alice, at=at + MINUTE)
    with pytest.raises(LostRace):
        merge(kept, other.lead, seen=seen, by=olga, at=at + 2 * MINUTE)


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_a_handoff_gets_it_with_its_new_lead(join, alice, make_lead, pass_lead):
    with transaction.atomic():
        other, kept = pass_lead(alice), make_lead("Clara")

    def wait_for_it():
        try:
            with transaction.atomic():
                return handoffs.locked(other.pk).lead_id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            join(kept, other.lead)
            waiting = pool.submit(wait_for_it)
            time.sleep(0.3)  # till it waits
        assert waiting.result() == kept.pk


@pytest.mark.django_db(transaction=True)
def test_who_waited_for_two_leads_gets_them_as_they_are_by_then(
    join, alice, make_lead, pass_lead, at
):
    with transaction.atomic():
        one, other = pass_lead(alice).lead, make_lead("Clara")

    def wait_for_them():
        try:
            with transaction.atomic():
                return [(each.stage.key, each.owner) for each in locked_pair(one.pk, other.pk)]
        finally:
            connections.close_all()

    def wait_in_vain():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(LostRace, match="Others were at it"):
            join(one, other)
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lifecycle.move(other, "mql", at=at, reason="Ready", override="Ready")
            ownership.take(other, to=alice, source="manager", reason="Hers", by=alice, at=at)
            pool.submit(wait_in_vain).result()
            waiting = pool.submit(wait_for_them)
            time.sleep(0.3)  # till it waits
        assert waiting.result() == [("mql", alice), ("mql", alice)]


def test_all_is_locked_in_order_before_anything_is_written(join, alice, carol, pass_lead):
    later, earlier = pass_lead(alice), pass_lead(carol)
    with CaptureQueriesContext(connection) as asked:
        join(later.lead, earlier.lead)
    said = [each["sql"] for each in asked]
    first = next(place for place, sql in enumerate(said) if sql.startswith("UPDATE"))
    locks = [re.findall(r'FROM "(\w+)".* ORDER BY.*"id" ASC FOR NO', sql) for sql in said[:first]]
    assert list(filter(None, locks))[:3] == [["leads_lead"], ["leads_handoff"], ["sla_clock"]]


def test_of_two_who_merge_at_once_the_second_is_told(client, join, make_lead, pass_lead, alice):
    kept, other = pass_lead(alice).lead, make_lead("C. Nyström", owner=alice, queue=None)
    client.force_login(alice)
    the_other_way = reverse("feedback:merge", args=[other.pk, kept.pk])
    join(kept, other)
    page = client.post(the_other_way, {"seen": ""}, follow=True)
    assert "C. Nyström was merged into Clara" in page.content.decode()


def test_an_instant_answer_that_waits_goes_out_where_its_handoff_goes_on(
    join, alice, carol, pass_lead, source, at
):
    kept, other = pass_lead(alice), pass_lead(carol)
    since = {"asked_at": at, "send_after": at, "created_at": at}
    answer = InstantAnswer.objects.create(handoff=other, source=source, **since)
    clocks.start_instant_clock(other, asked_at=at, allowed=HOUR, at=at)
    join(kept.lead, other.lead)
    answer.refresh_from_db()
    assert answer.handoff == kept
    assert Clock.objects.running().get(kind="instant_answer").handoff == kept


def test_what_a_prospect_was_told_holds_if_they_hear_from_somebody_after_a_merge(
    join, alice, carol, pass_lead, source, at
):
    kept, other = pass_lead(alice), pass_lead(carol)
    since = {"asked_at": at, "send_after": at, "created_at": at, "sent_at": at}
    told = {"state": "sent", "body": "Soon", "expected_by": at + HOUR}
    InstantAnswer.objects.create(handoff=other, source=source, **since, **told)
    join(kept.lead, other.lead)
    assert (holding(at + HOUR).kept, holding(at + HOUR).n) == (0, 1)
    how = {"channel": "call", "outcome": "spoke", "note": "", "by": alice}
    answers.log_touch(kept, occurred_at=at + 5 * MINUTE, at=at + 5 * MINUTE, **how)
    assert (holding(at + HOUR).kept, holding(at + HOUR).n) == (1, 1)


def test_who_was_told_of_a_long_stay_is_not_mailed_of_a_lead_that_was_merged(
    join, alice, make_lead, pass_lead, at
):
    other = pass_lead(alice).lead
    how = {
        "recipient": alice,
        "created_at": at,
        "key": f"stay:{other.pk}:{other.stage_seq}",
        "lead": other,
    }
    notice = Notification(kind="stay", channel="email", **how)
    assert is_still_true(notice, at)
    join(make_lead("Clara"), other)
    assert not is_still_true(notice, at)


def test_the_page_shows_both_and_merges_them(client, alice, olga, make_lead, pass_lead):
    kept, other = make_lead("Clara Nyström"), pass_lead(alice, "Clara Nystrøm").lead
    client.force_login(olga)
    found = client.get(reverse("feedback:same_person", args=[kept.pk]))
    assert list(found.context["found"]) == [other]
    address = reverse("feedback:merge", args=[kept.pk, other.pk])
    page = client.get(address)
    left = {row.label: row.left for row in page.context["preview"].rows}
    assert (left["With"], left["Stage"], left["E-mail"]) == (
        "Alice",
        "Marketing qualified",
        kept.email,
    )
    sent = {"seen": page.context["pair"].mark}
    assert client.post(address, sent)["Location"] == reverse("leads:lead", args=[kept.pk])
    for gone in (address, reverse("leads:lead", args=[other.pk])):
        assert client.get(gone, follow=True).redirect_chain[-1][0] == f"/leads/{kept.pk}/"
    assert "was merged into" in client.post(address, sent, follow=True).content.decode()


@pytest.mark.parametrize(
    ("who", "status"),
    [("alice", 404), ("carol", 404), ("mona", 200), ("olga", 200), ("rosa", 200), ("vera", 403)],
)
def test_who_sees_both_may_merge_them(client, alice, make_lead, pass_lead, request, who, status):
    kept, other = pass_lead(alice).lead, make_lead("C. Nyström")  # which is in a queue
    client.force_login(request.getfixturevalue(who))
    assert client.get(reverse("feedback:merge", args=[kept.pk, other.pk])).status_code == status


def test_the_page_keeps_what_sales_has_and_says_so(client, alice, olga, make_lead, pass_lead, at):
    taken, other = pass_lead(alice, accepted=True), make_lead("C. Nyström")
    answers.qualify(taken, confirmed=["need"], by=alice, at=at + MINUTE)
    client.force_login(olga)
    page = client.get(reverse("feedback:merge", args=[other.pk, taken.lead_id]), follow=True)
    assert page.redirect_chain[0][0] == reverse("feedback:merge", args=[taken.lead_id, other.pk])
    assert "that is the lead to keep" in page.content.decode()


def test_a_rep_reads_on_where_their_lead_went(client, join, alice, make_lead, pass_lead):
    kept, other = make_lead("Clara"), pass_lead(alice).lead
    join(kept, other)
    client.force_login(alice)
    page = client.get(reverse("leads:lead", args=[other.pk]), follow=True)
    assert (page.status_code, page.context["lead"]) == (200, kept)
