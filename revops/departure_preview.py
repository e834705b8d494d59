"""Who would get what somebody has, were they let go now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from leads import handoffs
from leads.documents import NothingLive
from leads.models import Account, Handoff, Lead, Queue, User
from revops.departures import heir_of, move_on, take_out
from revops.people import handoffs_of
from routing.lines import in_line
from routing.routing import route

# Of so many open handoffs it is found out; each takes as long as routing it does.
MOST = 100
Gets = dict[User | Queue | None, int]


@dataclass(frozen=True, slots=True)
class Share:
    """What one gets. to: None for what would be held until somebody opens. others: leads without
    an open handoff.
    """

    to: User | Queue | None
    handoffs: int
    others: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Preview:
    """left_out: how many more open handoffs there are, of which it was not found out."""

    shares: Sequence[Share]
    left_out: int


def who_would_get(leaver: User, *, accounts_to: User | None, by: User, at: datetime) -> Preview:
    """Let `leaver` go, have what is theirs routed as it is then, note who gets it, and take all of
    it back. Nothing stays, and nobody is told.

    While it is at work routing to the same reps waits for it, as for any other handoff.
    Raises LostRace if `accounts_to` has left.
    """
    with transaction.atomic():
        found = _tried(leaver, accounts_to, by, at)
        transaction.set_rollback(True)
    return found


def _tried(leaver: User, accounts_to: User | None, by: User, at: datetime) -> Preview:
    accounts = Account.objects.filter(owner=leaver).count()
    theirs = dict(handoffs_of(leaver).order_by("pk").values_list("lead", "pk"))
    others = Lead.objects.filter(owner=leaver).exclude(pk__in=theirs).count()
    leads = list(theirs)[:MOST]
    take_out(leaver, accounts_to, at)
    for lead in Lead.objects.filter(pk__in=leads).order_by("pk").select_for_update(no_key=True):
        move_on(lead, leaver, by=by, at=at)
    gets = _routed([theirs[each] for each in leads], at)
    heirs: Gets = {heir_of(leaver): others} if others else {}
    owners: Gets = {accounts_to: accounts} if accounts_to else {}
    everybody = dict.fromkeys([*(each for each, _ in gets.most_common()), *heirs, *owners])
    shares = [
        Share(each, gets[each], heirs.get(each, 0), owners.get(each, 0)) for each in everybody
    ]
    return Preview(shares, len(theirs) - len(leads))


def _routed(ids: Sequence[int], at: datetime) -> Counter[User | Queue | None]:
    """Route these handoffs in the order in which they wait; return how many each got."""
    gets: Counter[User | Queue | None] = Counter()
    for handoff in in_line(Handoff.objects.filter(pk__in=ids)):
        try:
            decision = route(handoffs.locked(handoff.pk), at=at)
        except NothingLive:
            gets[None] += 1
        else:
            gets[decision.rep or decision.queue if decision.waits_till is None else None] += 1
    return gets
