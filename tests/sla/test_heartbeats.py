from datetime import timedelta

import pytest

from sla.heartbeats import beat
from sla.models import Heartbeat

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_a_beat_is_one_row_that_moves_on(at):
    beat("sweep", at)
    beat("sweep", at + MINUTE)
    assert Heartbeat.objects.get().beat_at == at + MINUTE
