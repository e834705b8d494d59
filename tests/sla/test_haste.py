"""Which touches are marked as hasty, and that what they stop does not count."""

from datetime import timedelta

import pytest

from leads import handoffs
from leads.models import Touch
from sla import clocks, handoff_clocks, judging
from sla.haste import marked
from sla.judging import Share
from sla.models import Clock

SECOND = timedelta(seconds=1)


@pytest.fixture
def assignment(make_handoff, alice, at):
    """Alice's, opened at `at`."""
    assignment = handoffs.open_assignment(make_handoff(rep=alice))
    handoffs.receive(assignment, evidence="opened", at=at)
    return assignment


@pytest.fixture
def touch(assignment):
    def make(occurred_at, **fields):
        about = {"lead": assignment.handoff.lead, "assignment": assignment, "by": assignment.rep}
        about |= {"channel": "call", "outcome": "no_answer", "occurred_at": occurred_at}
        return Touch.objects.create(**{**about, **fields})

    return make


def marks(field):
    """The mark of each touch, earliest first."""
    touches = marked(Touch.objects.all()).order_by("occurred_at", "pk")
    return [bool(mark) for mark in touches.values_list(field, flat=True)]


def test_a_touch_sooner_than_20_seconds_after_opening_is_marked(touch, at):
    for after in (-1, 0, 19, 20):
        touch(at + after * SECOND)
    assert marks("is_too_soon") == [False, True, True, False]


def test_a_touch_before_anybody_opened_the_lead_is_not(touch, assignment, at):
    type(assignment).objects.update(evidence="touch")  # the touch itself was the sign of receipt
    touch(at)
    touch(at + SECOND, assignment=None, is_automated=True, by=None)
    assert marks("is_too_soon") == [False, False]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([0, 15, 30, 45, 59], [True] * 5, id="five within a minute"),
        pytest.param([0, 15, 30, 45, 60], [False] * 5, id="the fifth a minute after"),
        pytest.param([0, 15, 30, 45], [False] * 4, id="four"),
        pytest.param([0, 50, 60, 70, 80, 90], [False] + [True] * 5, id="a minute later on"),
    ],
)
def test_five_touches_within_a_minute_are_marked(touch, at, seconds, expected):
    for number in seconds:
        touch(at + (3600 + number) * SECOND)
    assert marks("is_too_fast") == expected


def test_touches_of_several_people_are_not_added_up(touch, carol, at):
    for number in range(4):
        touch(at + (3600 + number) * SECOND)
    touch(at + 3605 * SECOND, by=carol)
    assert not any(marks("is_too_fast"))


@pytest.fixture
def stop(assignment, touch, at):
    """Have a touch, so many seconds after the opening of the lead, stop the clocks of it."""
    handoff_clocks.start_assignment_clocks(assignment, at=at)

    def make(seconds):
        made = touch(at + seconds * SECOND)
        told = {"evidence": "Call", "by": made.by, "channel": made.channel, "touch": made}
        clocks.stop(assignment.handoff, ["first_touch"], at=made.occurred_at, **told)

    return make


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([30], Share(kept=1, n=1), id="meant"),
        pytest.param([10], Share(hasty=1), id="hasty: neither kept nor missed"),
        pytest.param([30, 10], Share(hasty=1), id="an earlier one is logged late"),
        pytest.param([1801 + n for n in range(5)], Share(kept=0, n=1), id="hasty and late: missed"),
    ],
)
def test_what_a_hasty_touch_stopped_does_not_count(stop, at, seconds, expected):
    for number in seconds:
        stop(number)
    asked_at = at + timedelta(days=1)
    first_touches = Clock.objects.filter(kind="first_touch")
    assert judging.share(first_touches, asked_at) == expected
    assert first_touches.filter(judging.judged(asked_at)).count() == expected.n
    assert first_touches.filter(judging.HASTY).count() == expected.hasty
