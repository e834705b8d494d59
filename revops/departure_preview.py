"""Who would get what somebody has, were they let go now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads import handoffs
from leads.documents import NothingLive
from leads.models import Account, Handoff, Lead, Queue, User
from revops.departures import heir_of
from revops.people import handoffs_of
from routing.asking import Answer
from routing.lines import in_line
from routing.table import live_table
from routing.without import Without

# Of so many open handoffs it is found out; the rules are asked for each.
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
    """left_out: how many more open handoffs there are, of which it was not found out.
    has_table: whether there is a routing table to say it; without one it is found out of none.
    """

    shares: Sequence[Share]
    left_out: int
    has_table: bool = True


def who_would_get(leaver: User, *, accounts_to: User | None, at: datetime) -> Preview:
    """Return who would get what is `leaver`'s, had they left at `at`. Reads only, and locks
    nothing.
    """
    theirs = dict(handoffs_of(leaver).order_by("pk").values_list("lead", "pk"))
    heir, asked = heir_of(leaver, User.objects.all()), list(theirs.values())[:MOST]
    without = Without(leaver, accounts_to, heir if isinstance(heir, User) else None, theirs.keys())
    has_table = True
    try:
        gets = _asked(asked, without, at)
    except NothingLive:
        gets, asked, has_table = Counter(), [], False
    others = Lead.objects.filter(owner=leaver).exclude(pk__in=theirs).count()
    accounts = Account.objects.filter(owner=leaver).count()
    heirs: Gets = {heir: others} if others else {}
    owners: Gets = {accounts_to: accounts} if accounts_to else {}
    everybody = dict.fromkeys([*(each for each, _ in gets.most_common()), *heirs, *owners])
    shares = [
        Share(each, gets[each], heirs.get(each, 0), owners.get(each, 0)) for each in everybody
    ]
    return Preview(shares, len(theirs) - len(asked), has_table)


def _asked(ids: Collection[int], without: Without, at: datetime) -> Counter[User | Queue | None]:
    """Return how many of these handoffs each would get, asked about in the order in which they
    would wait. Raises NothingLive without a routing table.
    """
    _, rules = live_table(at)
    waiting = in_line(Handoff.objects.filter(pk__in=ids).select_related("lead__account"))
    return Counter(_goes_to(without.ask(each, rules, at=at)) for each in waiting)


def _goes_to(answer: Answer) -> User | Queue | None:
    if answer.waits_till is not None:
        return None
    return answer.to or Queue.objects.get(key=handoffs.REVIEW)
