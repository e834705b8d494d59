"""How many leads came in lately from each territory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.bulk_evidence import evenly, in_chunks
from leads.known_facts import newest_own_facts
from leads.models import AccountDomain, Lead
from routing.models import Territory
from routing.territories import EMAIL_DOMAIN, first_of, with_parents

LATELY = timedelta(days=90)
# So many leads are looked at, evenly over all.
SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Fallen:
    """Leads of the last 90 days by id: those of each territory, by its id; those for which a fact
    would have to be known to tell; those that lie in none. Of many leads, 2,000 at even distances.

    looked_at, came_in: how many these are, and of how many.
    """

    by_territory: Mapping[int, Sequence[int]]
    untold: Sequence[int]
    outside: Sequence[int]
    looked_at: int
    came_in: int

    @property
    def is_sample(self) -> bool:
        return self.looked_at < self.came_in


def fallen(territories: Sequence[Territory], at: datetime) -> Fallen:
    """Return where the leads that came in lately lie by what is known of them at `at` and by
    `territories` in their order.
    """
    recent = Lead.objects.live().filter(entered_at__gt=at - LATELY)
    by_territory: dict[int, list[int]] = {each.pk: [] for each in territories}
    untold: list[int] = []
    outside: list[int] = []
    came_in = list(recent.order_by("entered_at", "pk").values_list("pk", "account"))
    leads = evenly(came_in, SAMPLE)
    for lead_id, facts, domains in _known(leads, at):
        found, missing = first_of(territories, facts, domains)
        if found is not None:
            by_territory[found.pk].append(lead_id)
        else:
            (untold if missing else outside).append(lead_id)
    return Fallen(by_territory, untold, outside, len(leads), len(came_in))


def _known(
    leads: Sequence[tuple[int, int | None]], at: datetime
) -> Iterator[tuple[int, Mapping[str, object], set[str]]]:
    """Yield each lead's id, the facts known of it, and the domains that tell its company."""
    accounts = dict(leads)
    of_account: dict[int, list[str]] = {}
    rows = AccountDomain.objects.filter(account__in=set(accounts.values()) - {None})
    for account_id, domain in rows.values_list("account", "domain"):
        of_account.setdefault(account_id, []).append(domain)
    for ids in in_chunks(list(accounts)):
        known = newest_own_facts(ids, at)
        for lead_id in ids:
            facts = known.get(lead_id, {})
            address = facts.get(EMAIL_DOMAIN)
            told = [
                *of_account.get(accounts[lead_id] or 0, []),
                *([str(address)] if address else []),
            ]
            yield lead_id, facts, with_parents(told)
