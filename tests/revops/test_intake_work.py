"""Working through the inbox when something goes wrong by chance."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from leads import handoffs, inbox
from leads.instants import database_now
from leads.models import Assignment, Handoff, IntakeSource, Lead, Opportunity, Submission
from leads.retrying import retried
from revops import intake_work, pipeline
from routing.rotas import locked_rota
from sla import heartbeats
from sla.health import alarms
from sla.models import Clock, Notification

PAYLOAD = {"email": "clara@lumora.example", "name": "Clara Nyström", "country": "SE"}


@pytest.fixture
def waiting(source):
    at = database_now()
    submission, _ = inbox.receive(source, door="api", payload=PAYLOAD, body=b"1", at=at)
    return submission


@pytest.mark.django_db
def test_an_attempt_is_counted_before_it_is_made(waiting, monkeypatch):
    def end_the_process(pk):
        raise SystemExit

    monkeypatch.setattr(pipeline, "process", end_the_process)
    with pytest.raises(SystemExit):
        intake_work.process_submission(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == (Submission.State.PENDING, 1)
    assert not intake_work.process_submission(waiting.pk)  # not before some seconds have passed


@pytest.mark.django_db
def test_what_comes_before_there_is_an_admin_waits_without_an_attempt():
    source, at = IntakeSource.objects.create(slug="list", name="List"), database_now()
    inbox.receive(source, door="api", payload=PAYLOAD, body=b"1", at=at)
    assert intake_work.work_through(at) == 0
    assert Submission.objects.get().attempts == 0


@pytest.mark.django_db
def test_what_ended_five_workers_is_parked(waiting):
    Submission.objects.filter(pk=waiting.pk).update(attempts=5)
    assert not intake_work.process_submission(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == ("failed", intake_work.ENDS_ITS_WORKER)


@pytest.mark.django_db
def test_a_lead_that_cannot_be_judged_is_an_alarm_till_it_can(make_lead, monkeypatch, caplog):
    lead, began = make_lead(), database_now()
    heartbeats.beat("sweep", began)
    Lead.objects.update(reconsider_at=began)

    def fail(lead, at):
        raise RuntimeError("It can't be judged.")

    def work_again():
        Lead.objects.update(reconsider_at=began)
        return intake_work.work_through(database_now())

    with monkeypatch.context() as broken:
        broken.setattr(pipeline, "judge", fail)
        assert work_again() == 0
        assert alarms(began) == []
        Lead.objects.update(reconsider_fails_since=began - timedelta(minutes=3))
        assert work_again() == 0
    lead.refresh_from_db()
    assert lead.reconsider_at > began
    assert alarms(began) == [
        "A lead that is to be judged anew has failed to be for 3 minutes: see the log."
    ]
    assert work_again() == 1
    assert alarms(began) == []


@pytest.mark.django_db
def test_a_lead_that_failed_to_be_judged_fails_no_more_once_its_rest_ends(make_lead, make_handoff):
    lead, now = make_lead(), database_now()
    lead.nurture_until, lead.wakes_at, lead.reconsider_at = now.date(), now, now
    lead.reconsider_fails_since = now
    lead.save()
    make_handoff(lead)
    lead.refresh_from_db()
    assert (lead.reconsider_at, lead.reconsider_fails_since) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_another_held_too_long_is_waited_for_again(waiting, make_lead):
    with transaction.atomic():
        lead = make_lead(email=PAYLOAD["email"])
    held, tried_once = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Lead.objects.select_for_update().get(pk=lead.pk)
            held.set()
            tried_once.wait(5)
        connection.close()

    def process(pk):
        try:
            return pipeline.process(pk)
        finally:
            tried_once.set()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(5)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        assert retried(process, waiting.pk)
    finally:
        holder.join()
        connection.close()
    waiting.refresh_from_db()
    assert waiting.lead == lead


@pytest.mark.django_db
def test_another_failure_of_the_database_is_not_retried():
    tries = []

    def fail(pk):
        tries.append(pk)
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError):
        retried(fail, 1)
    assert tries == [1]


@pytest.mark.django_db
def test_a_retry_comes_later_each_time(waiting, monkeypatch, caplog):
    def refuse(pk):
        raise RuntimeError("disk full")

    monkeypatch.setattr(pipeline, "process", refuse)
    at = database_now()
    waits = []
    for _ in range(4):
        Submission.objects.filter(pk=waiting.pk).update(next_attempt_at=at)
        intake_work.process_submission(waiting.pk)
        waiting.refresh_from_db()
        waits.append((waiting.next_attempt_at - at) // timedelta(minutes=1))
    assert waits == [1, 2, 4, 8]


@pytest.fixture
def hold(make_handoff, make_lead):
    """Make handoffs that are due to be routed, the first in line first."""

    def make(count, now):
        made = [make_handoff(make_lead(stage_id="mql")) for _ in range(count)]
        for handoff in made:
            handoffs.hold(handoff, till=now)
        return made

    return make


@pytest.mark.django_db
def test_many_that_wait_are_passed_at_once_with_their_clocks_and_messages(alice, carol, hold):
    now = database_now()
    hold(6, now)
    assert intake_work.work_through(now) == 6
    assert Handoff.objects.with_reps().count() == 6
    assert Clock.objects.filter(kind="accept").count() == 6
    assert Notification.objects.filter(kind="passed", channel="app").count() == 6


@pytest.mark.django_db
def test_what_has_to_go_alone_keeps_its_place_and_all_batches_are_routed(
    alice, carol, make_handoff, hold, monkeypatch
):
    now = database_now()
    made = hold(9, now)
    won = make_handoff(rep=alice)
    Opportunity.objects.create(lead=made[5].lead, handoff=won, opened_at=now)
    monkeypatch.setattr(intake_work, "BATCH", 7)
    monkeypatch.setattr(intake_work, "ROUTING_S", 60)  # however busy the machine
    assert intake_work.work_through(now) == 9
    passed = Assignment.objects.filter(handoff__in=made).order_by("pk")
    assert [each.handoff_id for each in passed] == [each.pk for each in made]


@pytest.mark.django_db
def test_if_many_at_once_fail_they_are_routed_one_by_one(alice, carol, hold, monkeypatch, caplog):
    now = database_now()
    hold(6, now)

    def fail(ids):
        raise OperationalError

    monkeypatch.setattr(pipeline, "reroute_many", fail)
    assert intake_work.work_through(now) == 6
    assert "one by one" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_rota_that_others_hold_is_left_to_them(alice, hold, monkeypatch, caplog):
    with transaction.atomic():
        hold(6, now := database_now())
    monkeypatch.setattr(pipeline, "PATIENCE", "SET LOCAL lock_timeout = '20ms'")
    done: list[int] = []

    def work() -> None:
        done.append(intake_work.work_through(now))
        connection.close()

    with transaction.atomic():
        locked_rota(alice.rota_memberships.get().rota_id)
        other = threading.Thread(target=work)
        other.start()
        other.join()
    work()
    assert (done, caplog.text) == ([0, 6], "")


@pytest.mark.django_db(transaction=True)
def test_a_lead_that_another_holds_keeps_no_other_from_being_routed(alice, hold, monkeypatch):
    with transaction.atomic():
        held = hold(6, now := database_now())[-1]
    monkeypatch.setattr(pipeline, "PATIENCE", "SET LOCAL lock_timeout = '20ms'")
    done: list[int] = []

    def work() -> None:
        done.append(intake_work.work_through(now))
        connection.close()

    with transaction.atomic():
        handoffs.locked(held.pk)
        other = threading.Thread(target=work)
        other.start()
        other.join()
    work()
    assert done == [5, 1]


@pytest.mark.django_db
def test_one_near_the_head_that_goes_alone_leaves_the_others_to_go_at_once(
    alice, carol, make_handoff, hold, monkeypatch
):
    now = database_now()
    made = hold(9, now)
    Opportunity.objects.create(lead=made[1].lead, handoff=make_handoff(rep=alice), opened_at=now)
    route_one, alone = pipeline.reroute, []
    monkeypatch.setattr(pipeline, "reroute", lambda pk: alone.append(pk) or route_one(pk))
    assert intake_work.work_through(now) == 9
    assert alone == [made[1].pk, made[2].pk]
