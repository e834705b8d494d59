"""Whatever breaks, each submission is worked off once, each clock fires once, and how late it was is
on record. Real processes on one started stack; docs/run.md has the command of the long run.
"""

import os
import random
import time
from collections import Counter
from datetime import timedelta
from itertools import count

import psycopg
import pytest
from django.db import connection
from django.db.models import F

from leads import inbox
from leads.instants import database_now
from leads.models import Activity, Handoff, Lead, Submission
from sla.models import Clock, ClockEvent, Heartbeat, Notification
from tests.faults.conftest import kill, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]

SUBMISSIONS = int(os.environ.get("FAULTS_SUBMISSIONS", "24"))
KILLS = int(os.environ.get("FAULTS_KILLS", "0"))
PHASES = 6  # each hands in an equal share
PATIENCE_S = 60 + 1.5 * SUBMISSIONS  # on a machine that is busy with other tests
# Handed in so long after they asked that the promised five minutes end while something is broken.
ASKED_AGO = timedelta(minutes=4, seconds=57)
NUMBERS = count()


@pytest.fixture
def hand_in(stack, source):
    def hand_in(share=SUBMISSIONS // PHASES):
        for number in [next(NUMBERS) for _ in range(share)]:
            at = database_now()
            payload = {
                "email": f"person{number}@company{number % 50}.example",
                "name": f"Person {number}",
                "company": f"Company {number % 50}",
                "country": "SE",
                "title": "Sales Director",
                "employees": 400,
                "occurred_at": (at - ASKED_AGO).isoformat(),
            }
            submission, _ = inbox.receive(
                source,
                door=Submission.Door.API,
                payload=payload,
                body=inbox.canonical(payload),
                key=f"key-{number}",
                at=at,
            )
            stack.nudge(submission.pk)

    return hand_in


def test_whatever_breaks_nothing_is_lost_and_nothing_happens_twice(stack, hand_in, alice, carol):
    beat, other_beat = stack.start_beat("first"), stack.start_beat("second")
    worker = stack.start_worker()
    hand_in()
    wait_for_all("two beats at once")
    kill(other_beat)
    kill_between_claim_and_commit(stack, hand_in, worker)
    worker = kill_at_random(stack, hand_in)
    break_broker(stack, hand_in)
    with stack.database_away():
        time.sleep(0.5)
    hand_in()
    wait_for_all("the database restarted")
    kill(beat)
    kill(worker)
    hand_in()
    wait_for_all("neither beat nor worker")
    check_that_each_happened_once()


def kill_between_claim_and_commit(stack, hand_in, worker):
    """Kill the worker while it holds what it claimed and can't yet write what became of it."""
    with psycopg.connect(stack.environment["DATABASE_URL"]) as line:
        line.execute("LOCK TABLE sla_clockevent IN SHARE ROW EXCLUSIVE MODE")
        hand_in()
        wait_until(is_held_up, 60, lambda: "Nothing was claimed.")
        kill(worker)
    stack.start_standby()
    wait_for_all("a worker killed between claim and commit")


def is_held_up():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"sla_clockevent%'"
        )
        return cursor.fetchone()[0] > 0


def kill_at_random(stack, hand_in):
    """Kill so many workers; return one that lives."""
    chance, worker = random.Random(20260310), stack.start_worker()
    for _ in range(KILLS):
        done = count_done()
        hand_in(max(1, SUBMISSIONS // PHASES // KILLS))
        # Killed as it starts, it would die with nothing in hand.
        wait_until(lambda done=done: count_done() > done, 60, states)
        time.sleep(chance.uniform(0.0, 0.5))
        kill(worker)
        worker = stack.start_worker()
    wait_for_all("workers killed at random")
    return worker


def break_broker(stack, hand_in):
    stack.kill_broker()
    hand_in()
    wait_for_all("no broker")
    stack.broker.start()
    hand_in()
    stack.flush_broker()
    wait_for_all("a broker that was emptied")


def count_done():
    return Submission.objects.filter(state=Submission.State.DONE).count()


def states():
    return Counter(Submission.objects.values_list("state", flat=True))


def wait_for_all(what):
    """Wait until all that was handed in is worked off and all that was due has fired."""
    due = Clock.objects.running().filter(due_at__lte=database_now(), breached_at=None)
    pending = Submission.objects.filter(state=Submission.State.PENDING)
    wait_until(
        lambda: not pending.exists() and not due.exists(),
        PATIENCE_S,
        lambda: f"After {what}: {states()}, {due.count()} clocks are due.",
    )


def check_that_each_happened_once():
    handed_in = Submission.objects.count()
    assert Lead.objects.count() == handed_in
    assert Activity.objects.count() == handed_in
    assert Handoff.objects.filter(state=Handoff.State.PASSED).count() == handed_in
    clocks = Counter(Clock.objects.values_list("kind", flat=True))
    assert clocks == dict.fromkeys(("accept", "first_touch", "first_response"), handed_in)
    told = Notification.objects.filter(kind=Notification.Kind.PASSED, channel="app")
    assert told.count() == handed_in
    missed = ClockEvent.objects.filter(kind="breached", clock__kind="first_response")
    wait_until(lambda: missed.count() == handed_in, 30, missed.count)
    assert Counter(missed.values_list("clock", flat=True)).most_common(1)[0][1] == 1
    assert not missed.filter(processed_at__lt=F("due_at")).exists()
    turns = Counter(Handoff.objects.values_list("owner__name", flat=True))
    assert max(turns.values()) - min(turns.values()) <= 1
    assert Heartbeat.objects.filter(name="beat").exists()
