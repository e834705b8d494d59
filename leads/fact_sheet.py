"""The facts that a lead, its account and a submission tell, by their dotted names. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leads.models import Account, Handoff, Lead
from leads.normalising import domain_of, is_free_domain
from leads.submission_fields import SubmissionFields
from leads.titles import function_of, seniority_of

Facts = dict[str, object]


def told_facts(fields: SubmissionFields) -> Facts:
    """Return what a submission says that stands nowhere but in the facts; only what is given."""
    facts: Facts = {
        "person.reason": fields.reason,
        "person.product_interest": fields.product_interest,
        "person.time_window": fields.time_window,
        "person.consent": fields.consent,
        "person.country": fields.country,
        "account.is_hiring_sales": fields.is_hiring_sales,
    }
    facts |= {f"custom.{name}": value for name, value in fields.attributes.items()}
    return _given(facts)


def lead_facts(lead: Lead) -> Facts:
    """Return what a lead's record says of the person and where it came from."""
    domain = domain_of(lead.email)
    return _given(
        {
            "person.email": lead.email,
            "person.email_domain": domain,
            "person.email_is_free": is_free_domain(domain) if domain else None,
            "person.phone": lead.phone,
            "person.has_phone": bool(lead.phone),
            "person.title": lead.title,
            "person.seniority": seniority_of(lead.title),
            "person.function": function_of(lead.title),
            "lead.source": lead.source.slug,
            "lead.motion": lead.source.motion,
            "lead.origin": lead.origin,
            "lead.campaign": lead.campaign,
        }
    )


def account_facts(account: Account | None) -> Facts:
    """Return what an account's record says; nothing if there is no account."""
    if account is None:
        return {}
    return _given(
        {
            "account.name": account.name,
            "account.industry": account.industry,
            "account.employees": account.employees,
            "account.revenue": None if account.revenue is None else float(account.revenue),
            "account.country": account.country,
            "account.state": account.state,
            "account.region": account.region,
            "account.tech_stack": account.tech_stack,
            "account.is_named": account.is_named,
            "account.status": account.status,
            "account.has_owner": account.owner_id is not None,
        }
    )


def fact_sheet(lead: Lead, known: Mapping[str, object], told: Mapping[str, object]) -> Facts:
    """Return all that is now known of `lead`: what was `known`, what is newly `told`, and what the
    records say, which prevails.
    """
    return {**known, **told, **lead_facts(lead), **account_facts(lead.account)}


def band_facts(band: str) -> Facts:
    """Return what rules may ask of a score by its band ("A1"); nothing if there is none."""
    if not band:
        return {}
    return {"score.fit": band[0], "score.readiness": band[1], "score.band": band}


def handoff_facts(handoff: Handoff) -> Facts:
    """Return what rules may ask of a handoff and of the score that it was opened with."""
    facts: Facts = {"handoff.path": handoff.path}
    if handoff.path == Handoff.Path.HAND_RAISE:
        facts["handoff.hand_raise"] = handoff.trigger_key
    return facts | band_facts(handoff.band)


def _given(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value not in ("", None, [])}
