"""Who changes jobs: where their leads go."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import transaction

from leads.errors import LostRace
from leads.models import Handoff, Role, User
from revops import jobs, new_roles
from revops.departures import let_go
from revops.new_roles import change_job, moves_of
from revops.people import Job
from routing.models import Capacity
from tests.at_once import in_thread, wait_for_a_lock
from tests.revops.conftest import holder

pytestmark = pytest.mark.django_db


def test_who_is_no_rep_any_more_keeps_no_open_handoff(make_handoff, kept, alice, rosa, at):
    handoff, lead = make_handoff(rep=alice), kept(alice)
    assert change_job(alice, Job(Role.VIEWER), by=rosa).total_count == 1
    jobs.run_steps(for_s=5)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner) == ("waiting", None)
    assert handoff.reroute_at is not None
    assert holder(lead) == alice


def test_handoffs_move_in_steps_and_a_step_that_was_killed_is_done_again(
    make_handoff, alice, rosa, monkeypatch, client
):
    monkeypatch.setattr(new_roles, "BATCH", 2)
    made = [make_handoff(rep=alice) for _ in range(3)]
    work = change_job(alice, Job(Role.VIEWER), by=rosa)
    with transaction.atomic():
        jobs.run_step()
        transaction.set_rollback(True)  # its worker died before the end
    jobs.run_step()
    work.refresh_from_db()
    assert (work.done_count, work.state) == (2, "running")
    assert change_job(alice, Job(Role.VIEWER), by=rosa) == work
    client.force_login(rosa)
    page = client.get(f"/setup/people/{alice.pk}/").content.decode()
    assert "2 of 3 open handoffs have moved on" in page and "Look again" in page
    jobs.run_steps(for_s=5)
    assert not Handoff.objects.filter(pk__in=[each.pk for each in made], owner=alice).exists()
    assert not moves_of(alice).exists()


def test_a_rep_with_other_hours_keeps_theirs(make_handoff, alice, rosa, at):
    handoff = make_handoff(rep=alice)
    assert change_job(alice, Job(Role.REP, max_open=3), by=rosa) is None
    handoff.refresh_from_db()
    assert handoff.owner == alice


def test_a_move_that_failed_is_told_and_can_be_done_again(make_handoff, alice, rosa, at, client):
    handoff = make_handoff(rep=alice)
    change_job(alice, Job(Role.VIEWER), by=rosa)
    moves_of(alice).update(state="failed", error="Disk full", finished_at=at)
    client.force_login(rosa)
    page = client.get(f"/setup/people/{alice.pk}/").content.decode()
    assert "<span>Moving their handoffs failed: " in page  # in one piece, however narrow
    assert "Disk full" in page and "1 open handoff is still with" in page
    client.post(f"/setup/people/{alice.pk}/move-on/")
    jobs.run_steps(for_s=5)
    handoff.refresh_from_db()
    assert handoff.owner is None


def test_a_form_that_was_opened_before_brings_no_leaver_back(alice, rosa, at):
    opened = User.objects.get(pk=alice.pk)
    let_go(alice, by=rosa, at=at)
    with pytest.raises(LostRace, match="was let go meanwhile"):
        change_job(opened, Job(Role.REP), by=rosa)
    assert not User.objects.get(pk=alice.pk).is_active


def test_only_what_the_form_has_is_saved_of_a_person(alice, rosa):
    opened = User.objects.get(pk=alice.pk)
    opened.name, opened.zone = "Alicia", "Asia/Tokyo"
    change_job(opened, Job(Role.REP), by=rosa, fields=["name"])
    assert User.objects.values_list("name", "zone").get(pk=alice.pk) == ("Alicia", alice.zone)


@pytest.mark.django_db(transaction=True)
def test_work_that_is_just_ending_is_not_taken_for_the_next_change(make_handoff, alice, rosa, at):
    with transaction.atomic():
        make_handoff(rep=alice)
    ending = change_job(alice, Job(Role.VIEWER), by=rosa)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            moves_of(alice).update(state="done", finished_at=at)
            change = partial(change_job, alice, Job(Role.VIEWER), by=rosa)
            again = pool.submit(in_thread(change))
            wait_for_a_lock()
        assert again.result() != ending
    assert moves_of(alice).get() != ending


def test_what_a_rep_takes_is_set_whole(alice, rosa, at):
    terms = {"max_open": 9, "max_per_day": 3, "max_per_week": 5, "is_online": False}
    job = Job(Role.REP, skills=("Payments",), languages=("de",), **terms)
    change_job(alice, job, by=rosa)
    capacity = Capacity.objects.get(rep=alice)
    assert {name: getattr(capacity, name) for name in terms} == terms
    assert (capacity.skills, capacity.languages) == (["Payments"], ["de"])
