"""Whoever has a lead is told once when it has been in a stage for too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import lifecycle
from leads.models import Lead, Stage
from sla.messages import path_to
from sla.models import Notification
from sla.staleness import is_still_true
from sla.stays import tell_of_long_stays

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
    assert is_still_true(notice)
    stayed.refresh_from_db()
    lifecycle.move(stayed, "ml", at=at, reason="Back to nurture")
    assert not is_still_true(notice)


def test_the_next_stay_is_told_again(stayed, at):
    tell_of_long_stays(at)
    stayed.refresh_from_db()
    lifecycle.move(stayed, "ml", at=at, reason="Back")
    lifecycle.move(stayed, "mql", at=at, reason="Again")
    assert tell_of_long_stays(at + timedelta(days=2)) == 1
