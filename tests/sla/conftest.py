"""A handoff whose clocks are running."""

import pytest
from django.db import transaction

from leads import handoffs
from sla import clocks


@pytest.fixture
def start(at):
    """Start all clocks of a handoff that is with a rep, as of `at`."""

    def start_clocks(handoff):
        clocks.start_handoff_clocks(handoff, hand_raised_at=handoff.hand_raised_at, at=at)
        clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=at)
        return handoff

    return start_clocks


@pytest.fixture
def handoff(make_handoff, alice, start):
    """A demo request with alice: first response in 5 min, accept in 15, first touch in 30."""
    with transaction.atomic():  # for tests that commit: what must agree is checked at the end
        return start(make_handoff(rep=alice))
