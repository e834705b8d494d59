"""Who changes jobs: where their leads go."""

import pytest

from leads import ownership
from leads.models import Lead, Role
from revops.people import Job, change_job
from routing.models import Capacity

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(make_lead, at):
    """Give a function that makes a lead which `owner` answers for without an open handoff."""

    def make(owner):
        lead = make_lead()
        ownership.take(lead, to=owner, source="manager", reason="Theirs", by=None, at=at)
        return lead

    return make


def holder(lead):
    lead = Lead.objects.get(pk=lead.pk)
    return lead.owner or lead.queue


def test_who_is_no_rep_any_more_keeps_no_open_handoff(make_handoff, kept, alice, rosa, at):
    handoff, lead = make_handoff(rep=alice), kept(alice)
    assert change_job(alice, Job(Role.VIEWER), by=rosa, at=at) == 1
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner, handoff.reroute_at) == ("waiting", None, at)
    assert holder(lead) == alice


def test_a_rep_with_other_hours_keeps_theirs(make_handoff, alice, rosa, at):
    handoff = make_handoff(rep=alice)
    assert change_job(alice, Job(Role.REP, max_open=3), by=rosa, at=at) == 0
    handoff.refresh_from_db()
    assert handoff.owner == alice


def test_what_a_rep_takes_is_set_whole(alice, rosa, at):
    terms = {"max_open": 9, "max_per_day": 3, "max_per_week": 5, "is_online": False}
    job = Job(Role.REP, skills=("Payments",), languages=("de",), **terms)
    change_job(alice, job, by=rosa, at=at)
    capacity = Capacity.objects.get(rep=alice)
    assert {name: getattr(capacity, name) for name in terms} == terms
    assert (capacity.skills, capacity.languages) == (["Payments"], ["de"])
