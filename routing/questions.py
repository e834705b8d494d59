"""What routing is asked: who gets this lead, by what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from leads.evidence import Evidence
from leads.fact_history import evidence_for
from leads.fact_sheet import handoff_facts
from leads.models import Account, Handoff, Lead, Opportunity
from routing.past import Past

# One statement, because it is asked for every handoff; most have neither.
STANDING = """
    SELECT
        (SELECT deal.id FROM leads_opportunity deal JOIN leads_lead of_deal ON of_deal.id = lead_id
            WHERE deal.state = 'open' AND {of} ORDER BY deal.opened_at DESC, deal.id DESC LIMIT 1),
        CASE WHEN 'recycled' = (SELECT closed_as FROM leads_handoff
            WHERE lead_id = %(lead)s AND state = 'closed' ORDER BY closed_at DESC LIMIT 1)
        THEN (SELECT rep_id FROM leads_assignment said
            JOIN leads_handoff of_lead ON of_lead.id = said.handoff_id
            WHERE of_lead.lead_id = %(lead)s AND of_lead.state = 'closed'
                AND said.answer = 'accepted'
            ORDER BY answered_at DESC LIMIT 1) END
"""
OF_ACCOUNT = STANDING.format(of="of_deal.account_id = %(account)s")
OF_LEAD = STANDING.format(of="deal.lead_id = %(lead)s")


@dataclass(frozen=True, slots=True)
class Question:
    """Who gets a lead, at `at`, by the `facts` known of it?

    handoff: None for a lead that is only tried, or asked about again: nobody had it before.
    lead:    None for one that is only typed in.
    deal:    the open opportunity that its account has.
    accepted_by: the id of the rep who accepted it last, if it was sent to rest since; else None.
    past:    who could take it then, if it is asked about the past or about what is not yet so;
             None: the database says who can.
    """

    handoff: Handoff | None
    facts: Mapping[str, object]
    at: datetime
    lead: Lead | None = None
    account: Account | None = None
    deal: Opportunity | None = None
    accepted_by: int | None = None
    past: Past | None = None


def question_of(handoff: Handoff, *, at: datetime) -> tuple[Question, Evidence]:
    """Return what is asked about a handoff, and what rules may look at: the lead, its score, and
    what opened the handoff.
    """
    return question_about(handoff.lead, handoff_facts(handoff), handoff=handoff, at=at)


def question_about(
    lead: Lead, extra: Mapping[str, object], *, at: datetime, handoff: Handoff | None = None
) -> tuple[Question, Evidence]:
    """Return what is asked about a lead, and what rules may look at.

    extra: facts beside those of the lead, such as its score and what would open a handoff.
    Whether the account has an owner or an open deal is read from the account as it is now: the
    rules that ask lead to that very person.
    """
    deal_id, accepted_by = _standing(lead)
    deal = None if deal_id is None else open_opportunity(lead.account_id, lead.pk)
    evidence = evidence_for(lead, at, extra={**extra, **account_now(lead.account, deal)})
    question = Question(handoff, evidence.facts, at, lead, lead.account, deal, accepted_by)
    return question, evidence


def _standing(lead: Lead) -> tuple[int | None, int | None]:
    """Return the newest open opportunity of the lead's account, or of a lead without one; and the
    rep who accepted the lead last, if it was recycled since. Both by id.
    """
    sql = OF_LEAD if lead.account_id is None else OF_ACCOUNT
    with connection.cursor() as cursor:
        cursor.execute(sql, {"lead": lead.pk, "account": lead.account_id})
        deal_id, accepted_by = cursor.fetchone()
    return deal_id, accepted_by


def account_now(account: Account | None, deal: Opportunity | None) -> dict[str, object]:
    """Return the facts that are read from the account at the moment of asking."""
    return {
        "account.has_owner": account is not None and account.owner_id is not None,
        "account.has_open_opportunity": deal is not None,
        "account.is_named": account is not None and account.is_named,
    }


def open_opportunity(account_id: int | None, lead_id: int | None) -> Opportunity | None:
    """Return the newest open opportunity of an account, or of a lead without one."""
    opportunities = Opportunity.objects.filter(state=Opportunity.State.OPEN)
    if account_id is not None:
        opportunities = opportunities.filter(lead__account=account_id)
    elif lead_id is not None:
        opportunities = opportunities.filter(lead=lead_id)
    else:
        return None
    return (
        opportunities.select_related("handoff__owner", "lead__owner")
        .order_by("-opened_at", "-id")
        .first()
    )
