"""Real workers, killed at random while submissions come in: none is lost, none doubled.

How many of each is the environment's to say; docs/run.md has the command of the long run.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.db import connection

from leads import inbox
from leads.instants import database_now
from leads.models import Activity, Handoff, Lead, Submission
from sla.models import Clock, Notification

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]

SUBMISSIONS = int(os.environ.get("FAULTS_SUBMISSIONS", "40"))
KILLS = int(os.environ.get("FAULTS_KILLS", "2"))
SECONDS_EACH = 1.5  # on a machine that is busy with other tests
WORKER = ["-m", "celery", "-A", "revops", "worker", "-Q", "hot", "-c", "2", "-l", "ERROR"]


@pytest.fixture
def environment():
    """This test's own database and broker, for processes of its own."""
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].replace("/handoff?", f"/{name}?")
    return {**os.environ, "DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}


@pytest.fixture
def start(environment):
    """Start a process in a group of its own; whatever is left is killed at the end."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)
    end_their_sessions()


def kill(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def end_their_sessions():
    """End what the server still does for the killed processes: the tables are emptied next."""
    others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM {others}")


def hand_in(source, number):
    payload = {
        "email": f"person{number}@company{number % 50}.example",
        "name": f"Person {number}",
        "company": f"Company {number % 50}",
        "country": "SE",
        "title": "Sales Director",
        "employees": 400,
    }
    inbox.receive(
        source,
        door=Submission.Door.API,
        payload=payload,
        body=inbox.canonical(payload),
        key=f"key-{number}",
        at=database_now(),
    )


def count_done():
    return Submission.objects.filter(state=Submission.State.DONE).count()


def wait_until_done(count, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if count_done() >= count:
            return
        time.sleep(0.1)
    states = Counter(Submission.objects.values_list("state", flat=True))
    pytest.fail(f"Too little was processed: {states}")


def test_killed_workers_lose_nothing_and_double_nothing(start, source, alice, carol):
    chance = random.Random(20260310)
    start("manage.py", "sweep", "--loop")
    worker, done = start(*WORKER), 0
    for number in range(SUBMISSIONS):
        hand_in(source, number)
        if number % (SUBMISSIONS // KILLS) == SUBMISSIONS // KILLS - 1:
            wait_until_done(done + 1, 60)  # killed as it starts, it would die with nothing in hand
            time.sleep(chance.uniform(0.0, 0.5))
            kill(worker)
            worker, done = start(*WORKER), count_done()
    wait_until_done(SUBMISSIONS, 60 + SECONDS_EACH * SUBMISSIONS)
    check_that_each_happened_once()


def check_that_each_happened_once():
    assert Lead.objects.count() == SUBMISSIONS
    assert Activity.objects.count() == SUBMISSIONS
    assert Handoff.objects.count() == SUBMISSIONS
    passed = Handoff.objects.filter(state=Handoff.State.PASSED)
    assert passed.count() == SUBMISSIONS
    clocks = Counter(Clock.objects.values_list("kind", flat=True))
    assert clocks == dict.fromkeys(("accept", "first_touch", "first_response"), SUBMISSIONS)
    told = Notification.objects.filter(kind=Notification.Kind.PASSED, channel="app")
    assert told.count() == SUBMISSIONS
    turns = Counter(passed.values_list("owner__name", flat=True))
    assert max(turns.values()) - min(turns.values()) <= 1
