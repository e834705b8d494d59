"""One round of all that is due: in which order, and whatever one of its steps meets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import handoffs, inbox, lifecycle
from leads.instants import database_now
from leads.models import Lead, Submission
from revops.sweep import sweep
from sla import handoff_clocks
from sla.models import ClockEvent, Heartbeat, Notification
from sla.models.promises import STAYS

HOUR = timedelta(hours=1)


@pytest.fixture
def now(defaults):
    return database_now()


def told(kind):
    found = Notification.objects.filter(kind=kind, channel="app").order_by("id")
    return list(found.values_list("lead__name", flat=True))


def test_what_came_in_late_is_missed_in_the_same_round(source, alice, now):
    asked = {"email": "clara@lumora.example", "name": "Clara", "occurred_at": str(now - HOUR)}
    door = {"door": Submission.Door.API, "body": inbox.canonical(asked), "at": now}
    inbox.receive(source, payload=asked, **door)
    sweep("test")
    assert ClockEvent.objects.filter(kind="breached", clock__kind="first_response").exists()


def test_what_is_missed_is_taken_in_the_same_round(promise, make_handoff, alice, now):
    promise("accept", 5, levels=[100, 200], actions=["remind", "reassign"])
    handoff = make_handoff(rep=alice, at=now - HOUR)
    assignment = handoffs.open_assignment(handoff)
    assignment.passed_at = now - HOUR
    handoff_clocks.start_assignment_clocks(assignment, at=now)
    sweep("test")
    assignment.refresh_from_db()
    assert assignment.outcome == "rerouted"


def test_of_a_promised_stay_that_nobody_followed_its_clock_tells_alone(
    promise, make_handoff, alice, now
):
    for kind in STAYS.values():
        promise(kind, 600)
    handoff = make_handoff(rep=alice)
    lifecycle.move(handoff.lead, "mql", at=now, reason="Ready", handoff=handoff)
    Lead.objects.filter(pk=handoff.lead_id).update(stay_due_at=now)
    sweep("test")
    assert not Notification.objects.filter(kind="stay").exists()


def test_a_step_that_fails_keeps_no_other_from_being_done_and_is_an_alarm(make_lead, fails_at, now):
    lead = make_lead("Ben")
    Lead.objects.filter(pk=lead.pk).update(follow_from_seq=1, stay_due_at=now)
    fails_at("leads_lead", "UPDATE", "NEW.follow_from_seq IS DISTINCT FROM OLD.follow_from_seq")
    with pytest.raises(Exception, match="refused"):
        sweep("test")
    assert told("stay") == ["Ben"]
    assert not Heartbeat.objects.filter(name="sweep").exists()


def test_a_long_stay_that_cannot_be_told_of_keeps_no_other_from_it(make_lead, fails_at, now):
    leads = [make_lead(name) for name in ("Ada", "Ben")]
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(stay_due_at=now)
    fails_at("sla_notification", "INSERT", "NEW.subject LIKE '%Ada%'")
    sweep("test")
    assert told("stay") == ["Ben"]
    leads[0].refresh_from_db()
    assert leads[0].stay_due_at > now
