"""Who leaves or changes jobs: where their leads go."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leads import ownership
from leads.errors import LostRace
from leads.models import Handoff, Lead, Role, User
from revops import people
from revops.people import Job, change_job, let_go
from routing.routing import reassign

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


def test_a_manager_is_not_their_own_heir(kept, mona, rosa, north, defaults, at):
    mona.team = north
    mona.save()
    lead = kept(mona)
    let_go(mona, by=rosa, at=at)
    assert holder(lead).key == "nurture"


def test_a_manager_who_left_inherits_nothing(kept, alice, mona, rosa, at):
    lead = kept(alice)
    User.objects.filter(pk=mona.pk).update(is_active=False)
    let_go(User.objects.get(pk=alice.pk), by=rosa, at=at)
    assert holder(lead).key == "nurture"


def test_the_leads_are_locked_in_order_and_the_leaver_last(kept, make_handoff, alice, rosa, at):
    kept(alice)
    make_handoff(rep=alice)
    with CaptureQueriesContext(connection) as asked:
        assert let_go(alice, by=rosa, at=at) == 2
    statements = [each["sql"] for each in asked.captured_queries]
    leads = [i for i, sql in enumerate(statements) if "NO KEY UPDATE" in sql and "lead" in sql]
    left = next(i for i, sql in enumerate(statements) if sql.startswith('UPDATE "leads_user"'))
    assert max(leads) < left
    assert 'ORDER BY "leads_lead"."id"' in statements[leads[0]]


@pytest.mark.django_db(transaction=True)
def test_what_was_reassigned_meanwhile_stays_with_who_has_it(make_handoff, alice, carol, rosa, at):
    with transaction.atomic():
        handoff = make_handoff(rep=alice)

    def leave():
        try:
            return let_go(alice, by=rosa, at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reassign(handoff, carol, by=rosa, at=at)
            leaving = pool.submit(leave)
            wait_for_a_lock()
        assert leaving.result() == 0
    assert Handoff.objects.get().owner == carol


def wait_for_a_lock():
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
    raise AssertionError("Nobody waits for a lock.")


def test_a_lead_passed_at_the_last_moment_keeps_somebody_from_leaving(
    kept, alice, rosa, at, monkeypatch
):
    kept(alice)
    monkeypatch.setattr(people, "_leads_of", lambda user: [])
    with pytest.raises(LostRace, match="was passed to Alice just now"):
        let_go(alice, by=rosa, at=at)
    assert User.objects.get(pk=alice.pk).is_active


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
