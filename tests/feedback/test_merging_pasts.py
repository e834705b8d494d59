"""Merging leads that both have a past: who had them, rested, was ruled out, touched or waited."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback import answers, pausing
from leads import handoffs
from sla.board import groups
from sla.ladders import responsible
from sla.models import Clock
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
