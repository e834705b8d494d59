"""Probes, alarms and the status page."""

import os
from datetime import timedelta

import pytest
from django.db import connection

from leads import handoffs
from leads.instants import database_now
from leads.models import Lead
from revops.sweep import stand_by, stand_by_to_send
from sla.health import alarms, alarms_now, is_broker_up, waiting_for_a_rep
from sla.heartbeats import HOST, beat, leave
from sla.models import Clock, Notification, RunningProcess
from sla.outbox import notify
from sla.sweep import sweep_clocks

MINUTE = timedelta(minutes=1)


def test_the_process_answers_without_the_database(client):
    response = client.get("/healthz")  # pytest-django refuses the database here
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_once_the_sweep_runs(client, db):
    assert client.get("/readyz").status_code == 503
    beat("sweep", database_now())
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ready", "reasons": []})


def test_a_sweep_that_rests_for_over_a_minute_is_not_ready(client, db):
    beat("sweep", database_now() - timedelta(seconds=61))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["No sweep has run for a minute."]


def test_without_a_broker_it_is_degraded_but_ready(client, db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    beat("sweep", database_now())
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert not is_broker_up()


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_is_not_ready(client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    connection.close()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["reasons"] == ["The database does not answer."]
    monkeypatch.undo()
    connection.close()


def test_silence_of_two_minutes_is_an_alarm(db, at):
    beat("sweep", at)
    beat("worker", at)
    assert alarms(at + 2 * MINUTE) == []
    beat("sweep", at + 2 * MINUTE)
    beat("command", at)  # somebody swept by hand once
    assert alarms(at + 3 * MINUTE) == ["“hot worker” was last at work 3 minutes ago."]


def test_one_of_two_that_dies_is_an_alarm_and_one_that_ends_is_none(db):
    at = database_now() - 3 * MINUTE
    beat("sweep", at + 3 * MINUTE)
    died, lives, ended = os.getpid(), os.getppid(), 1
    for pid in (died, lives, ended):
        beat("web", at, pid=pid)
    leave(ended)
    assert alarms(at + 3 * MINUTE) == ["“web” was last at work 3 minutes ago."]  # both
    beat("web", at + 3 * MINUTE, pid=lives)
    assert alarms(at + 3 * MINUTE) == [
        f"One of several “web” ({HOST}, number {died}) was last at work 3 minutes ago:"
        " start it again, or forget it under Status."
    ]
    RunningProcess.objects.filter(pid=died).update(beat_at=at - timedelta(hours=1))
    assert alarms(at + 3 * MINUTE) == []


def test_an_admin_has_one_forgotten_that_was_killed_on_another_machine(client, rosa, olga):
    at = database_now()
    beat("web", at, pid=os.getpid())
    gone = RunningProcess.objects.create(name="web", host="old", pid=7, beat_at=at - 3 * MINUTE)
    for user, status in ((olga, 403), (rosa, 302)):
        client.force_login(user)
        is_offered = "Forget it" in client.get("/status/").content.decode()
        assert is_offered == (user == rosa)
        assert client.post(f"/status/processes/{gone.pk}/forget/").status_code == status
    assert RunningProcess.objects.get().pid == os.getpid()


def test_who_waits_for_beat_is_not_said_to_be_silent_with_it(db, at):
    beat("sweep", at + 3 * MINUTE)
    for name in ("beat", "worker", "jobs"):
        beat(name, at)
    assert alarms(at + 3 * MINUTE) == ["“beat” was last at work 3 minutes ago."]


def test_a_clock_that_went_back_keeps_nobody_from_work_and_hides_no_silence(client, defaults):
    """An hour back: what beat before is of a time to come."""
    now = database_now()
    for name in ("sweep", "sender", "worker"):
        beat(name, now + timedelta(hours=1))
    assert len(alarms(now)) == 3
    assert client.get("/readyz").status_code == 503
    stand_by()
    stand_by_to_send()
    said = ["“hot worker” has not been at work since the clock of the database went back."]
    assert alarms(now) == said
    assert client.get("/readyz").status_code == 200


def test_no_sweep_ever_is_an_alarm(db, at):
    assert alarms(at) == ["No sweep has ever run: no clock fires."]


def test_what_waits_too_long_is_an_alarm(handoff, alice, at):
    beat("sweep", at + 10 * MINUTE)
    notify(alice, Notification.Kind.MOVED, key="1", subject="News", at=at)
    assert alarms(at + 10 * MINUTE) == [
        "A clock has been waiting to be looked at for 6 minutes.",
        "A message has been waiting to be sent for 10 minutes.",
    ]


def test_what_fails_each_time_is_an_alarm_from_its_deadline_on(handoff, make_lead, at):
    broken = Clock.objects.get(kind="accept")
    Clock.objects.exclude(pk=broken.pk).update(next_at=None, next_level=None)
    Clock.objects.filter(pk=broken.pk).update(level_ats=[])
    lead = make_lead(entered_at=at - MINUTE)
    Lead.objects.filter(pk=lead.pk).update(follow_from_seq=1, follow_at=at + 60 * MINUTE)
    for minute in range(8, 20):
        sweep_clocks(at + minute * MINUTE)
    beat("sweep", at + 20 * MINUTE)
    assert alarms(at + 20 * MINUTE) == [
        "A clock that was due 5 minutes ago fails each time it is looked at: see the log.",
        "The clock of a stay can’t follow a lead that moved 21 minutes ago: see the log.",
    ]


@pytest.mark.parametrize(
    ("who", "status"), [("rosa", 200), ("olga", 200), ("mona", 404), ("alice", 404), ("vera", 404)]
)
def test_the_status_page_is_for_admins_and_ops(client, request, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/status/").status_code == status


def test_the_status_page_names_who_is_silent(client, rosa, at):
    beat("worker", at)
    client.force_login(rosa)
    html = client.get("/status/").content.decode()
    assert "worker" in html and "silent" in html


def test_the_status_page_says_how_many_leads_wait_for_a_rep(client, olga, make_handoff, alice, at):
    beat("sweep", database_now())
    client.force_login(olga)
    html = client.get("/status/").content.decode()
    assert "All processes are at work, and nothing that they do is late." in html
    assert "handoff=waiting" not in html
    make_handoff(at=at - timedelta(days=2))
    back = make_handoff(rep=alice, at=at - timedelta(days=5))
    handoffs.back_to_routing(back, at=at, reason="Handed back")
    assert waiting_for_a_rep() == {"count": 2, "since": at - timedelta(days=2)}
    assert '?handoff=waiting">2</a>' in client.get("/status/").content.decode()


def test_an_admin_reads_of_an_alarm_on_every_page_till_it_is_over(
    client, rosa, django_assert_num_queries
):
    beat("beat", database_now() - 3 * MINUTE)
    client.force_login(rosa)
    assert "“beat” was last at work 3 minutes ago." in client.get("/me/").content.decode()
    with django_assert_num_queries(1):
        assert alarms_now() == ["“beat” was last at work 3 minutes ago."]
    beat("beat", database_now())
    html = client.get("/status/alarms/").content.decode()  # and it goes on asking
    assert "was last at work" not in html and 'hx-trigger="every 30s' in html


def test_others_are_not_alarmed(client, olga):
    beat("beat", database_now() - 3 * MINUTE)
    client.force_login(olga)
    assert "was last at work" not in client.get("/me/").content.decode()
    assert client.get("/status/alarms/").status_code == 403
