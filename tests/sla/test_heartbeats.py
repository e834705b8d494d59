from datetime import timedelta

import pytest

from sla.heartbeats import beat, silent
from sla.models import Heartbeat

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_a_beat_is_one_row_that_moves_on(at):
    beat("sweep", at)
    beat("sweep", at + MINUTE)
    assert Heartbeat.objects.get().beat_at == at + MINUTE


def test_who_was_not_heard_of_for_too_long_is_silent(at):
    beat("beat", at)
    beat("worker", at + MINUTE)
    names = [each.name for each in silent(at + 3 * MINUTE, 2 * MINUTE)]
    assert names == ["beat"]
