import os
from datetime import timedelta

import pytest

from revops.pulse import Pulse
from sla.heartbeats import beat, leave
from sla.models import Heartbeat, RunningProcess

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_a_beat_is_one_row_that_moves_on(at):
    beat("sweep", at)
    beat("sweep", at + MINUTE)
    assert Heartbeat.objects.get().beat_at == at + MINUTE


def test_who_begins_takes_the_place_of_who_was_killed_or_ended(at):
    killed, lives, ended = 4_000_000, 1, os.getppid()  # no pid is so high
    for pid in (lives, ended, killed):
        beat("web", at, pid=pid)
    leave(ended)
    beat("beat", at, pid=killed)
    beat("web", at + MINUTE, pid=os.getpid())
    left = RunningProcess.objects.filter(name="web").values_list("pid", flat=True)
    assert {*left} == {lives, os.getpid()}
    assert RunningProcess.objects.filter(name="beat").exists()


@pytest.mark.django_db(transaction=True)
def test_no_beat_comes_after_who_ends_as_asked(at):
    pulse = Pulse("web")
    pulse.start()
    pulse.end()
    assert not pulse.is_alive()
    assert list(RunningProcess.objects.values_list("has_ended", flat=True)) == [True]
