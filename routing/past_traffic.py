"""Past handoffs with what was known when they opened, for asking a table about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from leads.bulk_evidence import evenly, histories
from leads.evidence import Evidence
from leads.fact_sheet import handoff_facts
from leads.models import Account, Handoff, Opportunity
from routing.linting.checked import Passed

LOOK_BACK = timedelta(days=90)
# So many are looked at, evenly over all: what one in two hundred is, is among them.
SAMPLE = 2_000


def passed_lately(at: datetime) -> list[Passed]:
    """Return the first hops opened in the last 90 days, up to 2,000 of them, evenly.

    Whether an account has an owner or an open deal is not known of the past: it is as it is now.
    """
    since = Handoff.objects.filter(opened_at__gt=at - LOOK_BACK, opened_at__lte=at, previous=None)
    ids = list(since.order_by("opened_at", "pk").values_list("pk", flat=True))
    handoffs = (
        Handoff.objects.filter(pk__in=evenly(ids, SAMPLE)).select_related("lead").order_by("pk")
    )
    of_lead = {handoff.lead_id: handoff for handoff in handoffs}
    owned, deals = _owned(), _with_deals()
    return [
        _passed(of_lead[past.lead_id], past.at(of_lead[past.lead_id].opened_at), owned, deals)
        for past in histories(list(of_lead), at)
    ]


def _passed(handoff: Handoff, evidence: Evidence, owned: set[int], deals: set[int]) -> Passed:
    account_id = handoff.lead.account_id or 0
    facts = {
        **evidence.facts,
        **handoff_facts(handoff),
        "account.has_owner": account_id in owned,
        "account.has_open_opportunity": account_id in deals,
    }
    return Passed(handoff.lead_id, evidence.with_facts(facts))


def _owned() -> set[int]:
    """Return the ids of accounts that have an owner."""
    return set(Account.objects.filter(owner__isnull=False).values_list("pk", flat=True))


def _with_deals() -> set[int]:
    """Return the ids of accounts with an open opportunity."""
    deals = Opportunity.objects.filter(state=Opportunity.State.OPEN, lead__account__isnull=False)
    return {each for each in deals.values_list("lead__account", flat=True) if each}
