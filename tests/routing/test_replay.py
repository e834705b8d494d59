"""A replay sends past handoffs where routing would, and says what a draft would change."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from leads import documents, handoffs
from leads.documents import live_version, publish, start_draft
from leads.draft_runs import cancel
from leads.models import (
    Absence,
    Account,
    Document,
    FactSnapshot,
    Handoff,
    Job,
    Lead,
    Opportunity,
    OwnershipChange,
    Queue,
    Role,
    User,
    Version,
)
from revops import jobs
from routing import replay_job
from routing.hours import Hours
from routing.models import Capacity, Replay, Rota, RotaMember, RoutingRule, Territory
from routing.needs import Needs
from routing.replay_job import ReplayRefused
from routing.replay_people import Away, People, Reps, State
from routing.replay_result import Result
from routing.returning import RETURNING
from sla.business_time import Schedule
from sla.models import CalendarTerms, RepHours
from tests.conftest import make_user
from tests.routing.conftest import add_reps, routed, when

pytestmark = pytest.mark.django_db

# A Monday.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
# The window of 14 days begins eight hours before the start.
END = START + timedelta(days=13, hours=16)
IN_SWEDEN = when("account.country", "is", "SE")
RAISED = when("handoff.path", "is", "hand_raise")


@pytest.fixture
def hand(make_lead, make_handoff):
    """Open a handoff so many hours after the start, of a lead of which `facts` were known then."""

    def make(hours=0.0, *, account=None, lead=None, **facts):
        opened_at = START + timedelta(hours=hours)
        lead = lead or make_lead(entered_at=opened_at, account=account)
        dotted = {name.replace("__", "."): value for name, value in facts.items()}
        FactSnapshot.objects.create(lead=lead, known_from=opened_at, facts=dotted)
        return make_handoff(lead, at=opened_at, hand_raised_at=opened_at)

    return make


@pytest.fixture
def works():
    """Have reps work by a calendar of their own, on weekdays from `opens` till 17:00 UTC."""

    def give(rep, opens):
        document = Document.objects.create(kind=Document.Kind.CALENDAR, name=f"Of {rep}")
        version = Version.objects.create(document=document, number=1)
        days = ("mon", "tue", "wed", "thu", "fri")
        hours = {each: [[opens, "17:00"]] for each in days}
        CalendarTerms.objects.create(version=version, zone="UTC", hours=hours)
        publish(version, by=None, note="First", at=START - timedelta(days=99))
        RepHours.objects.create(rep=rep, calendar=document)

    return give


@pytest.fixture
def publish_rules(publish_rules):
    """Put a table live whose last rule takes all that is handed over here; what no row took goes to
    review, as in every table.
    """

    def publish_them(*rules):
        if rules[-1]["outcome"] == "queue":
            return publish_rules(*rules)
        review = {"outcome": "queue", "queue": Queue.objects.get(key="review")}
        return publish_rules(*rules[:-1], {"conditions": RAISED, **rules[-1]}, review)

    return publish_them


def draft_of_live(by):
    return start_draft(live_version(Document.Kind.ROUTING, END), by=by)


def finished(started):
    while jobs.run_step():
        pass
    started.refresh_from_db()
    assert started.job.state == Job.State.DONE, started.job.error
    return Result.from_json(started.result)


def replayed(draft, by, **more):
    return finished(replay_job.start(draft, days=14, by=by, at=END, **more))


def really(made):
    """Route these as they came; return who got how many of them, by id, as a replay counts."""
    counts = {}
    for handoff in made:
        rep = routed(handoff, handoff.opened_at).rep
        counts[str(rep.pk) if rep else None] = counts.get(str(rep.pk) if rep else None, 0) + 1
    return counts


def passed(side):
    return {rep_id: load.passed for rep_id, load in side.reps.items() if load.passed}


@pytest.fixture
def two_rules(publish_rules, inbound, alice, carol):
    """Sweden to Alice; the rest to the rota Inbound, in which Carol is alone."""
    RotaMember.objects.filter(rep=alice).delete()
    return publish_rules(
        {"outcome": "rep", "rep": alice, "conditions": IN_SWEDEN},
        {"outcome": "rota", "rota": inbound},
    )


def test_the_live_table_against_itself_moves_nothing(two_rules, inbound, hand, olga):
    add_reps(inbound, 1, 2, 3)
    for hour in range(7):
        hand(hour, account__country="SE" if hour % 3 else "NO")
    result = replayed(draft_of_live(olga), olga)
    assert (result.asked, result.moved, result.turned) == (7, [], 0)
    assert result.live == result.draft


def test_a_changed_rule_moves_exactly_what_it_takes(two_rules, alice, carol, inbound, hand, olga):
    swedish = [hand(hour, account__country="SE") for hour in (1, 3, 5)]
    for hour in (2, 4):
        hand(hour, account__country="NO")
    draft = draft_of_live(olga)
    RoutingRule.objects.filter(version=draft, key="rule-1").update(
        outcome="rota", rep=None, rota=inbound
    )
    result = replayed(draft, olga)
    assert [each.handoff_id for each in result.moved] == [each.pk for each in swedish]
    assert {each.lead_id for each in result.moved} == {each.lead_id for each in swedish}
    assert passed(result.live) == {str(alice.pk): 3, str(carol.pk): 2}
    assert passed(result.draft) == {str(carol.pk): 5}
    assert (result.live.rules, result.draft.rules) == ({"rule-1": 3, "rule-2": 2},) * 2


def test_another_turn_in_the_same_rota_is_told_apart(publish_rules, inbound, carol, hand, olga):
    queue = Queue.objects.get(key="nurture")
    publish_rules(
        {"outcome": "rota", "rota": inbound, "conditions": IN_SWEDEN},
        {"outcome": "rota", "rota": inbound},
    )
    add_reps(inbound, 1, 1)
    first = hand(1, account__country="SE")
    hand(2), hand(3)
    draft = draft_of_live(olga)
    RoutingRule.objects.filter(version=draft, key="rule-1").update(
        outcome="queue", rota=None, queue=queue
    )
    result = replayed(draft, olga)
    assert [each.handoff_id for each in result.moved] == [first.pk]
    assert result.turned == 2
    assert (result.live.in_review, result.draft.in_review) == (0, 1)
    assert result.draft.queues == {str(queue.pk): 1}


def test_weights_and_caps_give_what_routing_gives(publish_rules, inbound, carol, hand, olga):
    publish_rules(
        {"outcome": "rota", "rota": inbound, "conditions": RAISED},
        {"outcome": "rep", "rep": carol},
    )
    one, two, three = add_reps(inbound, 3, 2, 1)
    Capacity.objects.create(rep=one, max_per_day=4)
    Capacity.objects.create(rep=two, max_per_week=6)
    Capacity.objects.create(rep=three, max_open=3)
    Absence.objects.create(
        user=two, starts_at=START + timedelta(hours=6), ends_at=START + timedelta(hours=20)
    )
    made = [hand(hour) for hour in range(30)]
    counts = really(made)
    result = replayed(draft_of_live(olga), olga)
    assert passed(result.live) == counts
    assert {load.passed for load in result.live.reps.values()} > {3, 6}
    load = result.live.reps[str(three.pk)]
    assert load.peak_open == 3 and load.capped > 0


@pytest.mark.parametrize("method", Rota.Method.values)
def test_each_method_takes_turns_one_by_one_as_routing_does(
    publish_rules, inbound, hand, olga, method
):
    publish_rules({"outcome": "rota", "rota": inbound})
    Rota.objects.update(method=method)
    add_reps(inbound, 1, 3, 2)
    queue = Queue.objects.get(key="review")
    made = [hand(hour) for hour in range(8)]
    for handoff in made:
        routed(handoff, handoff.opened_at)
    draft = draft_of_live(olga)
    RoutingRule.objects.filter(version=draft).update(outcome="queue", rota=None, queue=queue)
    result = replayed(draft, olga)
    taken = {each.handoff_id: each.live.rep for each in result.moved}
    assert taken == dict(Handoff.objects.values_list("pk", "owner"))


def test_a_handoff_leaves_open_work_when_it_really_did(publish_rules, inbound, hand, olga):
    publish_rules({"outcome": "rota", "rota": inbound})
    (rep,) = add_reps(inbound, 1)
    Capacity.objects.create(rep=rep, max_open=1)
    first, _, _ = hand(1), hand(2), hand(4)
    routed(first, first.opened_at)
    with transaction.atomic():
        handoffs.close(
            handoffs.locked(first.pk),
            closed_as="disqualified",
            outcome="disqualified",
            reason="A test",
            at=START + timedelta(hours=3),
        )
    result = replayed(draft_of_live(olga), olga)
    assert passed(result.live) == {str(rep.pk): 2}
    assert (result.live.in_review, result.live.reps[str(rep.pk)].peak_open) == (1, 1)


def told_of(candidate):
    free_from = candidate.limits.free_from if candidate.refusal and candidate.limits else None
    return candidate.refusal, candidate.opens_at, candidate.away_until, free_from


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_of_a_rep_is_what_would_be_answered_anew(seed):
    choose = random.Random(seed)
    rep = User(pk=1, zone=choose.choice(["UTC", "America/New_York"]), is_active=True)
    caps = {"max_open": 3, "max_per_day": 2, "max_per_week": choose.choice([None, 4])}
    vars(rep).update(is_rep=True, is_online=True, skills=[], languages=[], had_it=False, **caps)
    back = START + timedelta(days=choose.choice([10, 15, 17]), hours=4)  # in working time
    away = Away(START + timedelta(days=7), back, None)
    weekdays = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "thu")}
    schedule = Schedule.from_dict({"tz": "UTC", "hours": weekdays})
    hours = Hours({1: schedule}, {1: [away[:2]]})
    people = People({1: rep}, {}, {}, {}, [], hours, {1: [away]}, first_weekday=0)
    reps, at = Reps(people, State()), START
    for _ in range(400):
        at += timedelta(hours=choose.expovariate(1))
        needs = Needs(at_work=choose.random() < 0.7)
        (candidate,) = reps.candidates([1], needs, at)
        assert told_of(candidate) == told_of(reps.asked(1, needs, at))
        if choose.random() < 0.1:
            reps.give(1, at=at, frees_at=at + timedelta(hours=choose.expovariate(1 / 30)))


def test_what_reps_had_before_the_window_counts(publish_rules, inbound, hand, olga):
    publish_rules({"outcome": "rota", "rota": inbound})
    (rep,) = add_reps(inbound, 1)
    Capacity.objects.create(rep=rep, max_open=1)
    before = hand(-9)
    routed(before, before.opened_at)
    hand(1)
    result = replayed(draft_of_live(olga), olga)
    assert (result.asked, result.live.in_review) == (1, 1)


def test_leads_wait_for_an_opening_in_order(publish_rules, inbound, works, hand, olga):
    publish_rules({"outcome": "rota", "rota": inbound, "off_hours": "hold"})
    early, late = add_reps(inbound, 1, 1)
    works(early, "09:00")
    works(late, "10:00")
    hand(0)  # 08:00: both wait for 9
    hand(0.5)
    hand(3)
    result = replayed(draft_of_live(olga), olga)
    assert passed(result.live) == {str(early.pk): 2, str(late.pk): 1}
    assert (result.live.waited, result.live.wait_s) == (2, 3600 + 1800)
    assert result.live.longest_wait == timedelta(hours=1)


def test_whoever_waits_goes_as_soon_as_somebody_has_room_again(
    publish_rules, inbound, works, hand, olga
):
    publish_rules({"outcome": "rota", "rota": inbound, "off_hours": "hold"})
    busy, away = add_reps(inbound, 1, 1)
    for rep in (busy, away):
        works(rep, "09:00")
    Capacity.objects.create(rep=busy, max_open=1)
    returns = START + timedelta(days=4, hours=1)  # Friday at 9
    Absence.objects.create(user=away, starts_at=START, ends_at=returns)
    first, _, third = hand(2), hand(3), hand(3.5)
    routed(first, first.opened_at)
    first.refresh_from_db()
    done = {"closed_as": "qualified", "outcome": "qualified", "reason": "Done"}
    handoffs.close(first, **done, at=START + timedelta(hours=5), keeps_owner=True)
    result = replayed(draft_of_live(olga), olga)
    assert passed(result.live) == {str(busy.pk): 2, str(away.pk): 1}
    waits = timedelta(hours=2), returns - third.opened_at
    assert (result.live.wait_s, result.live.longest_wait) == (
        sum(waits, timedelta()).total_seconds(),
        waits[1],
    )


def test_a_priority_is_that_of_each_sides_rule(publish_rules, inbound, works, hand, olga):
    to_rota = {"outcome": "rota", "rota": inbound, "off_hours": "hold"}
    publish_rules({**to_rota, "conditions": IN_SWEDEN, "priority": 9}, to_rota)
    (rep,) = add_reps(inbound, 1)
    works(rep, "09:00")
    Capacity.objects.create(rep=rep, max_per_day=1)
    norwegian, swedish = hand(0), hand(0.5, account__country="SE")
    routed(swedish, swedish.opened_at)
    draft = draft_of_live(olga)
    RoutingRule.objects.filter(version=draft).update(priority=0)
    result = replayed(draft, olga)
    # Only the first has room that day: by the draft, the one that came first.
    assert [each.handoff_id for each in result.moved] == [norwegian.pk, swedish.pk]


def test_what_waits_at_the_end_is_told(publish_rules, inbound, works, hand, olga):
    publish_rules({"outcome": "rota", "rota": inbound, "off_hours": "hold"})
    works(add_reps(inbound, 1)[0], "09:00")
    hand(13 * 24 + 15)
    side = replayed(draft_of_live(olga), olga).live
    assert (side.still_waiting, side.waited, side.in_review) == (1, 1, 0)
    assert side.rules == {"rule-1": 1}


def test_covers_owners_deals_and_territories(publish_rules, alice, carol, inbound, hand, olga):
    publish_rules(
        {"outcome": "opportunity_owner", "conditions": RAISED},
        {"outcome": "account_owner", "conditions": RAISED},
        {"outcome": "territory", "conditions": RAISED},
        {"outcome": "queue", "queue": Queue.objects.get(key="review")},
    )
    dan, eve = make_user("Dan", Role.REP), make_user("Eve", Role.REP)
    owned = Account.objects.create(name="Owned", name_key="owned", owner=alice)
    sold = Account.objects.create(name="Sold", name_key="sold", owner=alice)
    Territory.objects.create(name="Nordics", precedence=1, countries=["SE"], rep=dan)
    Absence.objects.create(user=alice, cover=eve, starts_at=START, ends_at=END)
    deal_at = START + timedelta(hours=2)
    hand(1, account=sold)
    sale = hand(2, account=sold)
    routed(sale, sale.opened_at)
    sale.refresh_from_db()
    source = OwnershipChange.Source.MANAGER
    handoffs.pass_to(sale, carol, source=source, reason="A test", at=deal_at)
    Opportunity.objects.create(lead=sale.lead, handoff=sale, opened_at=deal_at)
    hand(3, account=sold)
    hand(4, account=owned)
    hand(5, account__country="SE")
    hand(6, account__country="NO")
    side = replayed(draft_of_live(olga), olga).live
    assert side.rules == {"rule-1": 2, "rule-2": 2, "rule-3": 1, "rule-4": 1}
    assert passed(side) == {str(carol.pk): 2, str(eve.pk): 2, str(dan.pk): 1}


def test_a_lead_that_returns_goes_to_who_accepted_it(two_rules, alice, carol, hand, olga):
    first = hand(1)
    routed(first, first.opened_at)
    with transaction.atomic():
        assignment = handoffs.open_assignment(handoffs.locked(first.pk))
        handoffs.accept(assignment, by=carol, at=START + timedelta(hours=2))
        handoffs.close(
            handoffs.locked(first.pk),
            closed_as="recycled",
            outcome="recycled",
            reason="A test",
            at=START + timedelta(hours=3),
        )
    hand(4, lead=Lead.objects.get(pk=first.lead_id), account__country="SE")
    side = replayed(draft_of_live(olga), olga).live
    assert side.rules == {"rule-2": 1, RETURNING.key: 1}


def test_imports_count_only_if_asked_for(two_rules, hand, olga):
    hand(1)
    imported = hand(2)
    Handoff.objects.filter(pk=imported.pk).update(is_historical=True)
    draft = draft_of_live(olga)
    assert replayed(draft, olga).asked == 1
    assert replayed(draft, olga, with_imports=True).asked == 2


def test_what_was_held_back_before_routing_is_left_out(two_rules, hand, olga):
    held, mended, _ = hand(1), hand(2), hand(3)
    for each in (held, mended):
        with transaction.atomic():
            missing = ["account.country"]
            handoffs.send_to_review(handoffs.locked(each.pk), missing=missing, at=each.opened_at)
    routed(mended, END)
    assert replayed(draft_of_live(olga), olga).asked == 2


def test_what_became_known_later_does_not_count(two_rules, alice, hand, olga):
    handoff = hand(1)
    later = START + timedelta(hours=2)
    FactSnapshot.objects.create(
        lead=handoff.lead, known_from=later, facts={"account.country": "SE"}
    )
    assert str(alice.pk) not in passed(replayed(draft_of_live(olga), olga).live)


def test_the_sums_are_the_same_however_small_the_steps(
    publish_rules, inbound, works, hand, olga, monkeypatch
):
    publish_rules({"outcome": "rota", "rota": inbound, "off_hours": "hold"})
    one, two = add_reps(inbound, 2, 1)
    works(one, "09:00")
    Capacity.objects.create(rep=two, max_per_day=2)
    for hour in range(0, 24, 2):
        hand(hour)
    draft = draft_of_live(olga)
    RotaMember.objects.create(rota=Rota.objects.create(name="Other"), rep=two)
    RoutingRule.objects.filter(version=draft, key="rule-1").update(
        rota=Rota.objects.get(name="Other")
    )
    at_once = replayed(draft, olga)
    monkeypatch.setattr(replay_job, "STEP", 4)
    assert replayed(draft, olga) == at_once
    assert len(at_once.moved) == 12 and at_once.live.waited > 0
    assert Job.objects.latest("id").done_count == 12


def test_a_step_that_is_lost_with_its_worker_is_done_again(two_rules, hand, olga, monkeypatch):
    for hour in range(6):
        hand(hour)
    monkeypatch.setattr(replay_job, "STEP", 2)
    started = replay_job.start(draft_of_live(olga), days=14, by=olga, at=END)
    jobs.run_step()
    with monkeypatch.context() as killed:
        killed.setattr(Job, "save", _killed)
        with pytest.raises(SystemExit), transaction.atomic():
            jobs.run_step()
    assert sum(passed(finished(started).live).values()) == 6


def _killed(*_, **__):
    raise SystemExit


def test_a_draft_that_is_edited_meanwhile_ends_the_replay(two_rules, hand, olga):
    draft = draft_of_live(olga)
    started = replay_job.start(draft, days=14, by=olga, at=END)
    documents.save_edit(draft, revision=draft.revision, by=olga, at=END)
    jobs.run_step()
    started.refresh_from_db()
    assert started.job.state == Job.State.FAILED
    assert "was changed while this ran" in started.job.error


def test_starting_twice_runs_once(two_rules, olga):
    draft = draft_of_live(olga)
    first = replay_job.start(draft, days=7, by=olga, at=END)
    assert replay_job.start(draft, days=7, by=olga, at=END) == first
    with pytest.raises(ReplayRefused, match="One over 7 days is running"):
        replay_job.start(draft, days=30, by=olga, at=END)
    jobs.run_step()
    second = replay_job.start(draft, days=30, by=olga, at=END)
    jobs.run_step()
    replay_job.start(draft, days=7, by=olga, at=END)
    # No page shows the first again.
    assert set(Replay.objects.exclude(result={})) == {second}


def test_what_is_live_or_broken_is_refused(two_rules, olga):
    with pytest.raises(ReplayRefused, match="is live"):
        replay_job.start(live_version(Document.Kind.ROUTING, END), days=7, by=olga, at=END)
    draft = draft_of_live(olga)
    RoutingRule.objects.filter(version=draft, key="rule-3").update(conditions=IN_SWEDEN)
    with pytest.raises(ReplayRefused, match="has errors"):
        replay_job.start(draft, days=7, by=olga, at=END)


def test_a_cancelled_replay_is_ended_once(two_rules, olga):
    started = replay_job.start(draft_of_live(olga), days=7, by=olga, at=END)
    assert cancel(started, by=olga, at=END)
    assert not cancel(started, by=olga, at=END)
    assert not jobs.run_step()
    assert Job.objects.get(pk=started.job_id).error == "Cancelled by Olga."


def test_a_prediction_is_of_the_draft_as_it_stands(two_rules, hand, olga):
    hand(1)
    draft = draft_of_live(olga)
    assert replay_job.prediction_of(draft) is None
    replayed(draft, olga)
    assert replay_job.prediction_of(draft)["asked"] == 1
    documents.save_edit(draft, revision=draft.revision, by=olga, at=END)
    draft.refresh_from_db()
    assert replay_job.prediction_of(draft) is None


def test_a_discarded_draft_leaves_its_replay_behind(two_rules, olga):
    draft = draft_of_live(olga)
    replayed(draft, olga)
    documents.discard(draft)
    assert Replay.objects.get().version is None
