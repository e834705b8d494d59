"""Leads that are held till somebody opens, and the order in which they are passed then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pgtrigger
import pytest
from django.db import connection, transaction

from leads import handoffs
from leads.documents import publish, start_draft
from leads.models import (
    Absence,
    Assignment,
    Document,
    Handoff,
    Opportunity,
    User,
    Version,
)
from revops import intake_work, pipeline
from routing import waiting
from routing.explain import rules_asked, why_them
from routing.lines import due
from routing.models import Capacity, Decision, Turn
from routing.rota_page import rota_page
from sla.models import CalendarTerms, Clock, RepHours
from tests.at_once import in_threads
from tests.routing.conftest import routed, when

EVENING = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)  # a Tuesday
NINE = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")

Works = Callable[..., Version]


@pytest.fixture
def works(rosa) -> Works:
    """Have a rep work by a calendar of their own, on weekdays from `opens` till 17:00."""

    def give(rep: User, opens: str = "09:00", *, zone: str = "Europe/London") -> Version:
        document = Document.objects.create(kind=Document.Kind.CALENDAR, name=f"Of {rep}")
        version = Version.objects.create(document=document, number=1)
        hours = {each: [[opens, "17:00"]] for each in WEEKDAYS}
        CalendarTerms.objects.create(version=version, zone=zone, hours=hours)
        publish(version, by=None, note="First", at=EVENING - timedelta(days=9))
        RepHours.objects.create(rep=rep, calendar=document)
        return version

    return give


@pytest.fixture
def holds(publish_rules, inbound) -> Version:
    """A table that holds leads of the rota Inbound till somebody opens."""
    return publish_rules({"outcome": "rota", "rota": inbound, "off_hours": "hold"})


@pytest.fixture
def at_night(alice, carol, works, holds) -> None:
    """Alice works from 9, Carol from 10."""
    works(alice)
    works(carol, "10:00")


@pytest.fixture
def deals(make_handoff) -> Callable[[User, datetime], Handoff]:
    """Route a lead with an open deal of this rep."""

    def make(rep: User, at: datetime) -> Handoff:
        handoff = make_handoff(at=at)
        won = make_handoff(rep=rep, at=at - timedelta(days=30))
        Opportunity.objects.create(lead=handoff.lead, handoff=won, opened_at=at)
        routed(handoff, at)
        return handoff

    return make


def fresh(handoff: Handoff) -> Handoff:
    return Handoff.objects.get(pk=handoff.pk)


def test_at_night_it_waits_for_the_first_who_opens(at_night, make_handoff):
    handoff = make_handoff()
    decision = routed(handoff, EVENING)
    assert decision.reason == "Waits till Wed 09:00, when Alice opens."
    assert (decision.queue.key, decision.rep, decision.rule_key) == ("routing", None, "rule-1")
    assert (fresh(handoff).state, fresh(handoff).reroute_at) == ("waiting", NINE)
    assert not Assignment.objects.exists() and not Turn.objects.exists()


def test_the_rotas_page_says_that_what_leads_to_it_waits(at_night, inbound, olga):
    assert rota_page(inbound, olga, EVENING).waits == "waits till Wed 09:00, when Alice opens."
    assert rota_page(inbound, olga, NINE).waits == ""


def test_the_trace_says_till_when_each_is_off(at_night, make_handoff):
    decision = routed(make_handoff(), EVENING)
    (rule,) = rules_asked(decision)
    assert rule.verdict == "waits"
    reasons = [each.reason for each in rule.skipped]
    assert reasons == ["is off hours till Wed 09:00", "is off hours till Wed 10:00"]
    assert why_them(decision) == "Waits till Wed 09:00, when Alice opens."


def test_decisions_from_before_are_told_in_which_line_they_hold_whom(
    at_night, publish_rules, alice, make_handoff
):
    told = [routed(make_handoff(), EVENING)]
    publish_rules({"outcome": "rep", "rep": alice, "off_hours": "hold"})
    told.append(routed(make_handoff(), EVENING))
    held = import_module("routing.migrations.0005_what_held_handoffs").HELD
    with pgtrigger.ignore("routing.Decision:append_only"):
        Decision.objects.update(line="", waits_till=None)
    with connection.cursor() as cursor:
        cursor.execute(held)
    found = Decision.objects.order_by("id").values_list("line", "waits_till")
    assert list(found) == [(each.line, each.waits_till) for each in told]
    assert {line.partition(":")[0] for line, _ in found} == {"rota", "rep"}


@pytest.mark.parametrize(
    ("cap", "told"),
    [
        ("max_per_day", "Waits till Thu 09:00, when Alice has room again."),
        ("max_per_week", "Waits till Fri 10:00, when Carol returns."),
        ("max_open", "Waits till Fri 10:00, when Carol returns."),
    ],
)
def test_it_waits_for_whoever_is_at_a_cap_if_they_have_room_before_the_others_open(
    alice, carol, works, holds, make_handoff, cap, told
):
    works(alice)
    Capacity.objects.create(rep=alice, **{cap: 1})
    away = Absence.objects.create(
        user=carol, starts_at=EVENING, ends_at=NINE + timedelta(days=2, hours=1)
    )
    first, then = NINE + timedelta(hours=1), NINE + timedelta(hours=2)
    assert routed(make_handoff(), first).rep == alice
    assert routed(make_handoff(), then).reason == told
    away.delete()
    Capacity.objects.create(rep=carol, is_online=False)
    assert routed(make_handoff(), then).rule_key == ""


def test_before_nine_of_the_same_day_no_weekday_is_named(at_night, make_handoff):
    early = NINE - timedelta(hours=2)
    assert routed(make_handoff(), early).reason == "Waits till 09:00, when Alice opens."


def test_at_the_opening_it_goes_to_who_is_there(at_night, make_handoff):
    handoff = make_handoff()
    routed(handoff, EVENING)
    decision = routed(handoff, NINE)
    assert (str(decision.rep), decision.assignment.passed_at) == ("Alice", NINE)
    assert [skip["reason"] for skip in decision.trace["skipped"]] == ["is off hours till 10:00"]


def test_who_has_no_hours_is_always_at_work(alice, carol, works, holds, make_handoff):
    works(alice)
    assert routed(make_handoff(), EVENING).rep == carol


def test_a_rule_that_passes_at_once_does_not_ask_for_hours(
    alice, works, publish_rules, inbound, make_handoff
):
    works(alice)
    publish_rules({"outcome": "rota", "rota": inbound})
    assert routed(make_handoff(), EVENING).rep == alice


def test_it_waits_for_the_owner_that_a_rule_names(alice, works, publish_rules, make_handoff):
    works(alice)
    publish_rules({"outcome": "rep", "rep": alice, "off_hours": "hold"})
    assert routed(make_handoff(), EVENING).reason == "Waits till Wed 09:00, when Alice opens."


def test_nobody_is_waited_for_who_will_be_away(alice, carol, at_night, make_handoff):
    Absence.objects.create(user=alice, starts_at=NINE, ends_at=NINE + timedelta(days=1))
    assert routed(make_handoff(), EVENING).reason == "Waits till Wed 10:00, when Carol opens."


def test_who_is_absent_now_and_returns_tomorrow_is_waited_for(alice, carol, at_night, make_handoff):
    carol.groups.clear()
    Absence.objects.create(user=alice, starts_at=EVENING - timedelta(days=3), ends_at=NINE)
    decision = routed(make_handoff(), EVENING)
    assert decision.reason == "Waits till Wed 09:00, when Alice returns."


def test_the_cover_takes_it_before_the_absent_is_waited_for(
    alice, carol, works, publish_rules, make_handoff
):
    works(alice)
    Absence.objects.create(
        user=alice, starts_at=EVENING - timedelta(days=3), ends_at=NINE, cover=carol
    )
    publish_rules({"outcome": "rep", "rep": alice, "off_hours": "hold"})
    assert routed(make_handoff(), EVENING).rep == carol
    Capacity.objects.filter(rep=carol).update(is_online=False)
    decision = routed(make_handoff(), EVENING)
    assert decision.reason == "Waits till Wed 09:00, when Alice returns."


def test_a_cap_counts_as_it_will_on_the_day_of_the_opening(alice, carol, at_night, make_handoff):
    carol.groups.clear()
    Capacity.objects.create(rep=alice, max_per_day=1)
    routed(make_handoff(), EVENING - timedelta(hours=5))
    assert routed(make_handoff(), EVENING).reason == "Waits till Wed 09:00, when Alice opens."
    Capacity.objects.update(max_open=1)
    assert "Alice is at cap: 1 of 1 open" in routed(make_handoff(), EVENING).reason


def test_who_does_not_open_within_a_week_is_as_nobody(alice, carol, at_night, make_handoff):
    for rep in (alice, carol):
        back = NINE + timedelta(days=7)
        Absence.objects.create(user=rep, starts_at=EVENING + timedelta(hours=1), ends_at=back)
    decision = routed(make_handoff(), EVENING)
    assert decision.queue.key == "review"
    assert "Alice is off hours for the coming week" in decision.reason


def test_who_has_hours_that_nobody_published_is_never_at_work(
    alice, publish_rules, holds, make_handoff
):
    document = Document.objects.create(kind=Document.Kind.CALENDAR, name="Planned")
    RepHours.objects.create(rep=alice, calendar=document)
    decision = routed(make_handoff(), EVENING)
    assert "Alice is off hours for the coming week" in decision.reason


def test_over_the_weekend_in_which_summer_time_begins_nine_is_nine(at_night, make_handoff):
    friday = datetime(2026, 3, 27, 20, 0, tzinfo=UTC)
    handoff = make_handoff()
    assert routed(handoff, friday).reason == "Waits till Mon 08:00, when Alice opens."
    assert fresh(handoff).reroute_at == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)


def test_the_words_go_by_the_zone_of_who_opens(alice, works, holds, make_handoff):
    alice.zone = "America/New_York"
    alice.save()
    works(alice, zone="America/New_York")
    late = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)  # winter time begins that night
    handoff = make_handoff()
    assert routed(handoff, late).reason == "Waits till Mon 09:00, when Alice opens."
    assert fresh(handoff).reroute_at == datetime(2026, 11, 2, 14, 0, tzinfo=UTC)


# Asked again -------------------------------------------------------------------------------------


def test_asked_again_meanwhile_it_leaves_no_second_decision(at_night, make_handoff):
    handoff = make_handoff()
    first = routed(handoff, EVENING)
    assert routed(handoff, EVENING + timedelta(hours=1)) == first
    assert Decision.objects.count() == 1


def test_another_line_till_the_same_opening_is_another_decision(
    alice, carol, works, holds, publish_rules, make_handoff
):
    works(alice)
    works(carol)
    handoff = make_handoff()
    routed(handoff, EVENING)
    publish_rules({"outcome": "rep", "rep": carol, "off_hours": "hold"})
    decision = routed(handoff, EVENING + timedelta(minutes=5))
    assert (decision.line, decision.waits_till) == (f"rep:{carol.pk}", NINE)
    assert decision.reason == "Waits till Wed 09:00, when Carol opens."


def test_another_opening_is_another_decision(alice, at_night, make_handoff):
    handoff = make_handoff()
    routed(handoff, EVENING)
    Absence.objects.create(user=alice, starts_at=NINE, ends_at=NINE + timedelta(days=1))
    routed(handoff, NINE)
    assert [each.waits_till for each in Decision.objects.order_by("id")] == [
        NINE,
        NINE + timedelta(hours=1),
    ]


def test_hours_that_change_meanwhile_wake_those_that_wait(alice, at_night, make_handoff):
    handoff = make_handoff()
    routed(handoff, EVENING)
    assert waiting.wake(EVENING) == 0
    draft = start_draft(Version.objects.get(document__name="Of Alice"), by=None)
    CalendarTerms.objects.filter(version=draft).update(hours={"tue": [["09:00", "22:00"]]})
    later = EVENING + timedelta(minutes=5)
    publish(draft, by=None, note="Longer", at=later)
    assert waiting.wake(later) == 1
    assert routed(fresh(handoff), later).rep == alice


def test_one_that_a_rep_rejected_before_keeps_none_behind_it_asleep(
    alice, carol, works, holds, make_handoff
):
    works(alice, "10:00")
    works(carol, "10:00")
    before = make_handoff(rep=alice, at=EVENING - timedelta(days=5))
    ended = {"answer": "rejected", "answered_at": EVENING - timedelta(days=4)}
    Assignment.objects.filter(handoff=before).update(**ended)
    done = {"closed_as": "rejected", "outcome": "rejected", "reason": "No"}
    handoffs.close(before, **done, at=EVENING - timedelta(days=4))
    first, second = make_handoff(before.lead, at=EVENING), make_handoff(at=EVENING)
    for each in (first, second):
        routed(each, EVENING)
    RepHours.objects.filter(rep=alice).delete()  # always at work from now on
    assert waiting.wake(EVENING) == 1
    assert fresh(second).reroute_at == EVENING


def test_a_row_that_leads_to_another_line_wakes_whom_the_old_one_holds(
    alice, carol, works, holds, publish_rules, make_handoff
):
    works(carol)
    works(alice)
    routed(make_handoff(), EVENING)
    publish_rules({"outcome": "rep", "rep": carol, "off_hours": "hold"})
    assert waiting.wake(EVENING) == 1


def test_of_many_lines_some_are_asked_about_each_time(
    alice, carol, works, publish_rules, deals, monkeypatch
):
    works(alice)
    works(carol)
    publish_rules({"outcome": "opportunity_owner", "off_hours": "hold"})
    for rep in (alice, carol):
        deals(rep, EVENING)
    RepHours.objects.all().delete()  # always at work from now on
    monkeypatch.setattr(waiting, "AT_ONCE", 1)
    assert [waiting.wake(EVENING + n * waiting.EVERY) for n in (0, 1)] == [1, 1]


def test_each_owner_of_one_row_has_a_line_of_their_own(alice, carol, works, publish_rules, deals):
    works(alice)
    works(carol)
    publish_rules({"outcome": "opportunity_owner", "off_hours": "hold"})
    of_alice, of_carol = (deals(rep, EVENING) for rep in (alice, carol))
    assert [each.line for each in waiting.held(EVENING)] == [f"rep:{alice.pk}", f"rep:{carol.pk}"]
    RepHours.objects.filter(rep=carol).delete()  # always at work from now on
    assert waiting.wake(EVENING) == 1
    assert (fresh(of_alice).reroute_at, fresh(of_carol).reroute_at) == (NINE, EVENING)
    assert routed(fresh(of_alice), NINE).rep == alice


def test_only_leads_of_the_same_line_are_ahead_and_a_row_brings_its_priority(
    alice, carol, works, inbound, publish_rules, deals, make_handoff
):
    works(alice)
    works(carol)
    deal = {"outcome": "opportunity_owner", "off_hours": "hold"}
    urgent = {"conditions": when("handoff.path", "is", "hand_raise"), "priority": 50}
    hold = {"outcome": "rota", "rota": inbound, "off_hours": "hold"}
    publish_rules(deal, hold | urgent, hold)
    deals(alice, EVENING)  # due at nine as well, in a line of its own
    plain = make_handoff(at=EVENING, path="score", hand_raised_at=None)
    routed(plain, EVENING)
    assert routed(make_handoff(at=NINE, path="hand_raise"), NINE).rep is not None
    late = routed(make_handoff(at=NINE, path="score", hand_raised_at=None), NINE)
    assert late.reason == "Waits its turn: 1 lead is before it."


def test_it_is_asked_about_every_half_minute_once_a_tick():
    tick = timedelta(seconds=2)
    ticks = [NINE + n * tick for n in range(30)]
    assert [waiting.is_time_to_wake(each, tick) for each in ticks].count(True) == 2


def test_what_failed_and_waits_for_its_next_try_is_left_alone(at_night, make_handoff):
    handoff = make_handoff()
    Handoff.objects.update(reroute_at=NINE)
    assert waiting.wake(EVENING) == 0
    assert fresh(handoff).reroute_at == NINE


# In order ----------------------------------------------------------------------------------------


def test_they_pass_by_priority_then_by_age(at_night, make_handoff):
    ages = {"old": 3, "older": 4, "urgent": 1}
    made = {name: make_handoff(at=EVENING - timedelta(hours=hours)) for name, hours in ages.items()}
    Handoff.objects.filter(pk=made["urgent"].pk).update(priority=50)
    for handoff in made.values():
        routed(fresh(handoff), EVENING)
    assert [each.pk for each in due(NINE)] == [made[x].pk for x in ("urgent", "older", "old")]


def test_who_comes_at_nine_does_not_pass_those_that_wait(alice, at_night, make_handoff):
    early = make_handoff()
    routed(early, EVENING)
    late = make_handoff(at=NINE)
    decision = routed(late, NINE)
    assert decision.reason == "Waits its turn: 1 lead is before it."
    assert fresh(late).reroute_at == NINE
    assert routed(early, NINE).rep == alice
    assert routed(late, NINE).rep == alice


def test_the_prospects_clock_runs_while_it_waits_and_the_reps_starts_when_passed(
    at_night, alice, make_handoff
):
    handoff = make_handoff()
    with transaction.atomic():
        pipeline.deliver(handoffs.locked(handoff.pk), EVENING)
    assert not Clock.objects.exclude(kind="first_response").exists()
    with transaction.atomic():
        pipeline.deliver(handoffs.locked(handoff.pk), NINE)
    assert set(Clock.objects.filter(kind="accept").values_list("started_at", flat=True)) == {NINE}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_an_opening_pass_each_once_and_in_order(
    alice, carol, works, holds, make_handoff
):
    with transaction.atomic():
        made = [make_handoff(at=EVENING + timedelta(minutes=n)) for n in range(8)]
        for handoff in made:
            handoffs.hold(handoff, till=NINE)

    def pass_all(ids):
        return sum(intake_work._reroute(pk) for pk in ids)

    ids = [each.pk for each in due(NINE)]
    passed = in_threads(pass_all, [ids, ids], threads=2)
    turns = Turn.objects.order_by("number").values_list("assignment__handoff", flat=True)
    assert sum(passed) == 8 and list(turns) == [each.pk for each in made]


@pytest.mark.django_db
def test_before_a_table_was_ever_published_there_is_nothing_to_wake():
    assert waiting.wake(datetime(2000, 1, 3, tzinfo=UTC)) == 0
