"""Whoever has a lead is told once when it has been in a stage for too long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from feedback import answers
from leads import handoffs, lifecycle, ownership
from leads.models import Lead, Stage
from sla.messages import path_to
from sla.models import Clock, ClockEvent, Notification
from sla.models.promises import STAYS
from sla.staleness import is_still_true
from sla.stay_clocks import follow_moves
from sla.stays import tell_of_long_stays
from sla.sweep import sweep_clocks

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def stayed(make_lead, at):
    """A lead of the nurture queue, in MQL for three days; two are allowed."""
    lead = make_lead()
    Stage.objects.filter(pk="mql").update(longest_stay=timedelta(days=2))
    lifecycle.move(lead, "mql", at=at - timedelta(days=3), reason="Ready")
    return lead


def told():
    return Notification.objects.filter(kind="stay", channel="app")


def test_the_owner_of_the_queue_is_told_once(stayed, rosa, at):
    assert (tell_of_long_stays(at), tell_of_long_stays(at)) == (1, 0)
    notice = told().get()
    assert notice.recipient == rosa
    assert notice.subject.startswith("3d")
    assert path_to(notice) == f"/leads/{stayed.pk}/"


def test_the_rep_who_has_it_is_told(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    Lead.objects.filter(pk=handoff.lead_id).update(stay_due_at=at)
    tell_of_long_stays(at)
    assert told().get().recipient == alice


def test_nobody_is_told_before_its_time(stayed, at):
    assert tell_of_long_stays(at - timedelta(days=1, seconds=1)) == 0


def test_what_moved_on_in_between_is_not_sent(stayed, at):
    tell_of_long_stays(at)
    notice = told().get()
    assert is_still_true(notice, at)
    stayed.refresh_from_db()
    lifecycle.move(stayed, "ml", at=at, reason="Back to nurture")
    assert not is_still_true(notice, at)


def test_the_next_stay_is_told_again(stayed, at):
    tell_of_long_stays(at)
    stayed.refresh_from_db()
    lifecycle.move(stayed, "ml", at=at, reason="Back")
    lifecycle.move(stayed, "mql", at=at, reason="Again")
    assert tell_of_long_stays(at + timedelta(days=2)) == 1


# Promised -----------------------------------------------------------------------------------------
@pytest.fixture
def promised(promise, make_handoff, alice, at):
    """A handoff with alice since `at`, whose lead is MQL since then; an hour for each stage."""
    for kind in STAYS.values():
        promise(kind, 60, levels=[50, 100], actions=["remind", "tell_manager"])
    handoff = make_handoff(rep=alice)
    lifecycle.move(handoff.lead, "mql", at=at, reason="Ready", handoff=handoff)
    return handoff


def stays():
    found = Clock.objects.filter(kind__in=STAYS.values()).order_by("started_at")
    return [(clock.kind, clock.started_at, clock.stop_reason, clock.stopped_at) for clock in found]


def test_a_promised_stay_runs_till_the_lead_moves_on(promised, alice, at):
    answers.accept(handoffs.open_assignment(promised), by=alice, at=at + 10 * MINUTE)
    answers.qualify(promised, confirmed=["need"], by=alice, at=at + 20 * MINUTE)
    assert (follow_moves(at + HOUR), follow_moves(at + HOUR)) == (1, 0)
    assert stays() == [
        ("stay_mql", at, "met", at + 10 * MINUTE),
        ("stay_sal", at + 10 * MINUTE, "met", at + 20 * MINUTE),
        ("stay_sql", at + 20 * MINUTE, "", None),
    ]
    promised.lead.refresh_from_db()
    lifecycle.move(promised.lead, "ml", at=at + 25 * MINUTE, reason="Deal lost")
    follow_moves(at + HOUR)
    assert stays()[-1] == ("stay_sql", at + 20 * MINUTE, "ended", at + 25 * MINUTE)


def test_of_a_stay_after_its_handoff_whoever_has_the_lead_then_is_told(promised, alice, carol, at):
    answers.accept(handoffs.open_assignment(promised), by=alice, at=at)
    answers.qualify(promised, confirmed=["need"], by=alice, at=at)
    follow_moves(at)
    promised.lead.refresh_from_db()
    hers = {"to": carol, "source": "manager", "reason": "Hers", "by": None, "at": at + MINUTE}
    ownership.take(promised.lead, **hers)
    sweep_clocks(at + HOUR / 2)
    assert Notification.objects.get(kind="warning", channel="app").recipient == carol


def test_what_was_left_before_its_level_is_not_fired(promised, at):
    follow_moves(at)
    lifecycle.move(promised.lead, "sql", at=at + 20 * MINUTE, reason="Deal open")
    assert sweep_clocks(at + 40 * MINUTE) == 1  # before anybody followed
    assert stays() == [("stay_mql", at, "met", at + 20 * MINUTE)]
    assert not Notification.objects.filter(kind="warning").exists()


def test_of_a_promised_stay_its_ladder_tells_alone(promised, at):
    follow_moves(at)
    Lead.objects.filter(pk=promised.lead_id).update(stay_due_at=at)
    assert tell_of_long_stays(at + HOUR) == 1
    assert sweep_clocks(at + HOUR) == 1
    kinds = Notification.objects.filter(handoff=promised).values_list("kind", flat=True)
    assert set(kinds) == {"breach"} and not told().exists()


def test_what_was_followed_late_is_on_record_as_late(promised, at):
    follow_moves(at)
    lifecycle.move(promised.lead, "ml", at=at + 2 * HOUR, reason="Back")
    follow_moves(at + 9 * HOUR)
    missed, stopped = ClockEvent.objects.filter(kind__in=["breached", "stopped"]).order_by("due_at")
    assert [missed.due_at, stopped.due_at] == [at + HOUR, at + 2 * HOUR]
    assert missed.processed_at == stopped.processed_at == at + 9 * HOUR


def test_a_stay_ends_with_a_handoff_that_led_nowhere(promised, at):
    handoff = handoffs.locked(promised.pk)
    how = {"closed_as": "recycled", "outcome": "recycled", "reason": "No need"}
    handoffs.close(handoff, at=at + 10 * MINUTE, **how)
    follow_moves(at + HOUR)
    assert stays() == [("stay_mql", at, "ended", at + 10 * MINUTE)]


def test_a_lead_that_is_handed_back_begins_a_stay_anew(promised, alice, at):
    answers.accept(handoffs.open_assignment(promised), by=alice, at=at + 10 * MINUTE)
    handoff = handoffs.locked(promised.pk)
    handoffs.back_to_routing(handoff, at=at + 20 * MINUTE, reason="Not mine")
    follow_moves(at + HOUR)
    assert stays()[1:] == [
        ("stay_sal", at + 10 * MINUTE, "ended", at + 20 * MINUTE),
        ("stay_mql", at + 20 * MINUTE, "", None),
    ]


def test_what_fails_is_followed_later_and_holds_up_nobody(promised, make_handoff, carol, at):
    follow_moves(at)
    lifecycle.move(promised.lead, "ml", at=at + MINUTE, reason="Back")
    lifecycle.move(promised.lead, "mql", at=at + 2 * MINUTE, reason="Again", handoff=promised)
    Clock.objects.filter(kind="stay_mql").update(seq=2)  # the number of the next
    other = make_handoff(rep=carol)
    lifecycle.move(other.lead, "mql", at=at, reason="Ready", handoff=other)
    follow_moves(at + 2 * MINUTE)
    assert stays() == [("stay_mql", at, "", None)] * 2
    Clock.objects.filter(kind="stay_mql").update(seq=1)
    assert [follow_moves(at + n * MINUTE) for n in (2, 3, 4)] == [0, 1, 0]
    assert stays()[-1] == ("stay_mql", at + 2 * MINUTE, "", None)


def test_who_moved_last_is_followed_first(promised, make_handoff, carol, at):
    other = make_handoff(rep=carol)
    lifecycle.move(other.lead, "mql", at=at + MINUTE, reason="Ready", handoff=other)
    assert follow_moves(at + HOUR, for_s=0) == 1
    assert Clock.objects.filter(kind__in=STAYS.values()).get().handoff == other


def test_a_move_of_the_past_stops_a_clock_and_starts_none(promised, at):
    follow_moves(at)
    past = {"at": at + MINUTE, "reason": "Told later", "is_historical": True}
    lifecycle.move(promised.lead, "sal", handoff=promised, **past)
    follow_moves(at + HOUR)
    assert stays() == [("stay_mql", at, "met", at + MINUTE)]


def test_an_import_of_the_past_costs_one_look(
    promised, make_lead, make_handoff, at, django_assert_max_num_queries
):
    follow_moves(at)
    for name in ("Ada", "Ben", "Cleo"):
        past = make_handoff(make_lead(name), is_historical=True)
        for stage in ("mql", "sal", "sql"):
            lifecycle.move(past.lead, stage, at=at, reason="Imported", handoff=past, override="Was")
    with django_assert_max_num_queries(10):
        assert follow_moves(at) == 3
    assert len(stays()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_lead_that_somebody_is_at_comes_later(promise, make_handoff, alice, at):
    promise("stay_mql", 60)
    with transaction.atomic():
        handoff = make_handoff(rep=alice)
        lifecycle.move(handoff.lead, "mql", at=at, reason="Ready", handoff=handoff)

    def follow():
        try:
            return follow_moves(at)
        finally:
            connection.close()

    with ThreadPoolExecutor() as other, transaction.atomic():
        handoffs.locked(handoff.pk)
        assert other.submit(follow).result() == 0
    assert follow_moves(at) == 1
