"""Somebody leaves: nothing new reaches them, and all that is theirs moves on, whatever happens."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from leads.errors import LostRace
from leads.handoffs import locked
from leads.instants import database_now
from leads.models import Absence, Account, Handoff, Job, Role, User
from revops import departures, jobs
from revops.departure_preview import Preview, Share, who_would_get
from revops.departures import let_go, newest_departure
from revops.forms.leaving import LeavingForm
from routing.models import Decision, Territory
from routing.routing import reassign, route
from tests.at_once import in_thread, wait_for_a_lock
from tests.conftest import make_user
from tests.revops.conftest import holder

pytestmark = pytest.mark.django_db


def gone(user, by, **more):
    """Let somebody go and do all steps of it."""
    job = let_go(User.objects.get(pk=user.pk), by=by, at=database_now(), **more)
    jobs.run_steps(for_s=20)
    job.refresh_from_db()
    return job


def told(answer):
    return " ".join(answer.content.decode().split())


# Where it goes ----------------------------------------------------------------------------------


def test_open_handoffs_go_to_be_routed_and_the_rest_to_the_manager(
    kept, make_handoff, alice, mona, rosa
):
    handoff, lead = make_handoff(rep=alice), kept(alice)
    job = gone(alice, rosa)
    assert (job.state, job.done_count, job.total_count) == (Job.State.DONE, 2, 2)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner) == ("waiting", None)
    assert handoff.reroute_at
    assert holder(lead) == mona


def test_a_manager_is_not_their_own_heir(kept, mona, rosa, north, defaults):
    mona.team = north
    mona.save()
    lead = kept(mona)
    gone(mona, rosa)
    assert holder(lead).key == "nurture"


def test_a_manager_who_left_inherits_nothing(kept, alice, mona, rosa):
    lead = kept(alice)
    User.objects.filter(pk=mona.pk).update(is_active=False)
    gone(alice, rosa)
    assert holder(lead).key == "nurture"


@pytest.mark.parametrize("has_heir", [True, False])
def test_accounts_get_the_owner_that_was_named_or_none(alice, carol, rosa, has_heir):
    account = Account.objects.create(name="Lumora", owner=alice)
    heir = carol if has_heir else None
    job = gone(alice, rosa, accounts_to=heir)
    account.refresh_from_db()
    assert account.owner == heir
    assert job.parameters["accounts"] == 1


def test_accounts_go_to_nobody_who_has_left(alice, carol, rosa, at):
    User.objects.filter(pk=carol.pk).update(is_active=False)
    Account.objects.create(name="Lumora", owner=alice)
    with pytest.raises(LostRace, match="Carol has left"):
        let_go(alice, by=rosa, at=at, accounts_to=carol)
    assert User.objects.get(pk=alice.pk).is_active


def test_accounts_go_only_to_sales(alice, carol, mona, olga, vera, rosa, at):
    Account.objects.create(name="Lumora", owner=alice)
    choices = LeavingForm(leaver=alice, has_accounts=True).fields["accounts_to"].choices
    assert [name for _, name in choices][2:] == ["Carol", "Mona"]
    with pytest.raises(LostRace, match="Vera neither sells"):
        let_go(alice, by=rosa, at=at, accounts_to=vera)


def test_who_would_get_what_is_who_then_gets_it(kept, make_handoff, alice, carol, mona, rosa, at):
    lead, account = kept(alice), Account.objects.create(name="Lumora", owner=alice)
    handoffs = [make_handoff(rep=alice) for _ in range(2)]
    found = who_would_get(alice, accounts_to=mona, at=at)
    assert found == Preview([Share(carol, 2, 0, 0), Share(mona, 0, 1, 1)], left_out=0)
    assert User.objects.get(pk=alice.pk).is_active and not Decision.objects.exists()
    gone(alice, rosa, accounts_to=mona)
    reps = {route(locked(each.pk), at=at).rep for each in handoffs}
    account.refresh_from_db()
    assert (reps, holder(lead), account.owner) == ({carol}, mona, mona)


def test_who_left_covers_for_nobody_any_more(alice, carol, rosa, at, client):
    more = {"starts_at": at, "ends_at": database_now() + timedelta(days=9)}
    absence = Absence.objects.create(user=carol, cover=alice, **more)
    gone(alice, rosa)
    absence.refresh_from_db()
    assert absence.cover is None
    client.force_login(rosa)
    assert "Carol, away" in told(client.get(f"/setup/people/{alice.pk}/"))
    with pytest.raises(ValidationError, match="Alice has left"):
        Absence(user=carol, cover=User.objects.get(pk=alice.pk), **more).full_clean()


# In steps ---------------------------------------------------------------------------------------


def test_nothing_new_comes_before_the_first_step_is_done(alice, carol, rosa, make_handoff, at):
    let_go(alice, by=rosa, at=at)
    assert not alice.rota_memberships.exists()
    assert {route(make_handoff(), at=at).rep for _ in range(3)} == {carol}


def test_a_session_ends_at_once(client, alice, rosa, at):
    client.force_login(alice)
    assert client.get("/queue/").status_code == 200
    let_go(alice, by=rosa, at=at)
    assert client.get("/queue/").status_code == 302


def test_leads_move_in_order_some_at_a_time_and_the_job_is_done_with_the_last(
    kept, alice, mona, rosa, at, monkeypatch
):
    monkeypatch.setattr(departures, "BATCH", 2)
    leads = [kept(alice) for _ in range(5)]
    job = let_go(alice, by=rosa, at=at)
    seen = []
    while jobs.run_step():
        job.refresh_from_db()
        moved = sum(holder(lead) == mona for lead in leads)
        assert all(holder(lead) == mona for lead in leads[:moved])
        seen.append((moved, job.done_count, job.state))
    assert seen == [(2, 2, "running"), (4, 4, "running"), (5, 5, "done")]


def test_a_killed_step_leaves_each_lead_where_it_was_and_is_done_again(
    kept, alice, mona, rosa, at, monkeypatch
):
    leads = [kept(alice) for _ in range(3)]
    job = let_go(alice, by=rosa, at=at)
    left = [None, SystemExit()]

    def killed(*args, **more):
        if error := left.pop(0):
            raise error
        return pass_on(*args, **more)

    pass_on = departures._pass_on
    with monkeypatch.context() as patch:
        patch.setattr(departures, "_pass_on", killed)
        with pytest.raises(SystemExit), transaction.atomic():
            jobs.run_step()
    assert [holder(lead) for lead in leads] == [alice] * 3
    jobs.run_steps(for_s=20)
    job.refresh_from_db()
    assert (job.state, job.done_count) == (Job.State.DONE, 3)
    assert [holder(lead) for lead in leads] == [mona] * 3


def test_a_lead_that_turns_up_later_moves_too_before_the_job_is_done(
    kept, alice, mona, rosa, at, monkeypatch
):
    monkeypatch.setattr(departures, "BATCH", 1)
    kept(alice)
    job = let_go(alice, by=rosa, at=at)
    late = kept(alice)
    jobs.run_step()
    job.refresh_from_db()
    assert job.state == Job.State.RUNNING
    jobs.run_step()
    job.refresh_from_db()
    assert (job.state, job.done_count, job.total_count) == (Job.State.DONE, 2, 2)
    assert holder(late) == mona


def test_who_returned_keeps_what_has_not_moved(kept, alice, rosa, at):
    lead = kept(alice)
    job = let_go(alice, by=rosa, at=at)
    User.objects.filter(pk=alice.pk).update(is_active=True)
    jobs.run_steps(for_s=5)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    assert holder(lead) == alice


# At the same time -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_who_let_somebody_go_at_once_start_one_job(alice, rosa):
    start = threading.Barrier(2)

    def leave():
        start.wait()
        return let_go(alice, by=rosa, at=database_now()).pk

    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(in_thread(leave)) for _ in range(2)]
        assert len({each.result() for each in started}) == 1
    assert Job.objects.filter(kind=departures.KIND).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_lead_passed_to_them_at_that_very_moment_does_not_stay(
    make_handoff, make_lead, alice, carol, rosa
):
    with transaction.atomic():
        handoff = make_handoff(rep=carol)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reassign(handoff, alice, by=rosa, at=database_now())
            leaving = pool.submit(in_thread(lambda: gone(alice, rosa)))
            wait_for_a_lock()
        job = leaving.result()
    handoff.refresh_from_db()
    assert (job.state, job.done_count) == (Job.State.DONE, 1)
    assert (handoff.state, handoff.owner) == ("waiting", None)


@pytest.mark.django_db(transaction=True)
def test_what_was_reassigned_meanwhile_stays_with_who_has_it(make_handoff, alice, carol, rosa):
    with transaction.atomic():
        handoff = make_handoff(rep=alice)
        let_go(alice, by=rosa, at=database_now())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            reassign(handoff, carol, by=rosa, at=database_now())
            step = pool.submit(in_thread(jobs.run_step))
            wait_for_a_lock()
        step.result()
    assert Handoff.objects.get().owner == carol
    assert newest_departure(alice).done_count == 0


# The page ---------------------------------------------------------------------------------------


def test_before_it_is_done_one_sees_what_moves_and_what_names_them(
    client, rosa, alice, carol, kept
):
    kept(alice)
    Account.objects.create(name="Lumora", owner=alice)
    Territory.objects.create(name="DACH", precedence=1, countries=["DE"], rep=alice)
    client.force_login(rosa)
    page = told(client.get(f"/setup/people/{alice.pk}/leave/"))
    for words in ("1 lead</a>", "Lumora", "The territory DACH", "The rota Inbound", "Carol"):
        assert words in page
    assert User.objects.get(pk=alice.pk).is_active


def test_accounts_need_a_word_on_who_gets_them(client, rosa, alice, carol):
    account = Account.objects.create(name="Lumora", owner=alice)
    client.force_login(rosa)
    answer = client.post(f"/setup/people/{alice.pk}/leave/")
    assert answer.status_code == 422
    assert "Say who gets the accounts" in told(answer)
    client.post(f"/setup/people/{alice.pk}/leave/", {"accounts_to": carol.pk})
    account.refresh_from_db()
    assert account.owner == carol


def test_the_page_follows_the_job_and_then_says_what_moved(client, rosa, alice, kept):
    kept(alice)
    client.force_login(rosa)
    client.post(f"/setup/people/{alice.pk}/leave/")
    page = client.get(f"/setup/people/{alice.pk}/")
    assert "0 of 1 lead has moved on." in told(page)
    polled = f"/setup/people/{alice.pk}/leaving/?mark={page.context['leaving'].mark}"
    assert client.get(polled).status_code == 204
    client.post(f"/setup/people/{alice.pk}/return/")
    assert not User.objects.get(pk=alice.pk).is_active
    jobs.run_steps(for_s=5)
    assert client.get(polled)["HX-Redirect"] == f"/setup/people/{alice.pk}/"
    assert "1 lead moved on" in told(client.get(f"/setup/people/{alice.pk}/"))
    client.post(f"/setup/people/{alice.pk}/return/")
    assert User.objects.get(pk=alice.pk).is_active


def test_what_is_still_theirs_is_shown_and_can_be_moved(client, rosa, alice, mona, kept):
    gone(alice, rosa)
    lead = kept(alice)
    client.force_login(rosa)
    assert "still theirs" in told(client.get(f"/setup/people/{alice.pk}/"))
    assert str(lead) in told(client.get(f"/setup/people/{alice.pk}/open/"))
    client.post(f"/setup/people/{alice.pk}/leave/")
    jobs.run_steps(for_s=5)
    assert holder(lead) == mona
    client.post(f"/setup/people/{alice.pk}/leave/")
    assert Job.objects.count() == 2


@pytest.mark.parametrize("path", ["leave/", "leaving/", "open/"])
def test_only_admins_see_and_do_it(client, olga, alice, path):
    client.force_login(olga)
    assert client.get(f"/setup/people/{alice.pk}/{path}").status_code == 403
    assert client.post(f"/setup/people/{alice.pk}/{path}").status_code == 403
    assert User.objects.get(pk=alice.pk).is_active


def test_the_last_admin_is_told_so(client, rosa, defaults):
    zoe = make_user("Zoe", Role.ADMIN)
    User.objects.filter(pk=zoe.pk).update(is_active=False)
    with pytest.raises(LostRace, match="Rosa is the last admin"):
        let_go(rosa, by=zoe, at=database_now())
