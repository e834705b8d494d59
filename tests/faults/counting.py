"""What must come of each that is handed in exactly once. Counted for each by itself: one that is lost
and one that is there twice are two faults, not none.
"""

from collections import Counter
from collections.abc import Set
from typing import NamedTuple

from leads.models import Activity, Assignment, Handoff, Lead
from sla.models import Clock, Notification

KINDS = ("accept", "first_touch", "first_response")


class Amiss(NamedTuple):
    """How many have none of a record, and how many records are there beyond one for each."""

    lost: int
    doubled: int


def amiss(handed_in: Set[str]) -> dict[str, Amiss]:
    """Return for each record what is amiss, by the addresses that were handed in."""
    return {what: _compare(handed_in, counts) for what, counts in _by_address().items()}


def _compare(handed_in: Set[str], counts: Counter[str]) -> Amiss:
    beyond = sum(number - (address in handed_in) for address, number in counts.items())
    return Amiss(len(handed_in - counts.keys()), beyond)


def _by_address() -> dict[str, Counter[str]]:
    told = Notification.objects.filter(kind=Notification.Kind.PASSED, channel="app")
    passed = Handoff.objects.filter(state=Handoff.State.PASSED)
    addresses = {
        "leads": Lead.objects.values_list("email", flat=True),
        "activities": Activity.objects.values_list("lead__email", flat=True),
        "handoffs": Handoff.objects.values_list("lead__email", flat=True),
        "passed": passed.values_list("lead__email", flat=True),
        "assignments": Assignment.objects.values_list("handoff__lead__email", flat=True),
        "messages": told.values_list("handoff__lead__email", flat=True),
    }
    for kind in KINDS:
        clocks = Clock.objects.filter(kind=kind, seq=1)
        addresses[f"clocks {kind}"] = clocks.values_list("lead__email", flat=True)
    return {what: Counter(each) for what, each in addresses.items()}
