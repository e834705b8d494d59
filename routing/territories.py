"""Territories: whose part of the world a lead is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from leads.facts import FACTS
from leads.normalising import domain_and_parents
from routing.errors import NobodyAvailable
from routing.models import Territory
from routing.questions import Question

COUNTRY_FACTS = ("account.country", "person.country")
EMAIL_DOMAIN = "person.email_domain"
STATE, INDUSTRY, EMPLOYEES = "account.state", "account.industry", "account.employees"


def territory_for(question: Question) -> Territory:
    """Return the first territory by precedence that a lead lies in.

    Raises NobodyAvailable, naming the facts that were missing, if there is none.
    """
    past = question.past
    territories = past.territories() if past else list(Territory.objects.all())
    domains = company_domains(question) if any(each.domains for each in territories) else set()
    found, missing = first_of(territories, question.facts, domains)
    if found is None:
        raise NobodyAvailable(_no_territory(missing), missing=missing)
    return found


def first_of(
    territories: Iterable[Territory], facts: Mapping[str, object], domains: Set[str]
) -> tuple[Territory | None, list[str]]:
    """Return the first of `territories` that a lead of which this is known lies in, and the facts
    that would have to be known to tell of others. None: in none, or in one that can't be told.
    """
    missing: dict[str, None] = {}
    for territory in territories:
        outside, unknown = _compare(territory, facts, domains)
        if not outside and not unknown:
            return territory, list(missing)
        if not outside:
            missing |= dict.fromkeys(unknown)
    return None, list(missing)


def company_domains(question: Question) -> Set[str]:
    """Return the domains that tell the company of a lead, with those that they lie under: those of
    its account and that of its address, unless anybody can get one there.
    """
    if question.past is not None:
        return question.past.domains()
    account, address = question.account, question.facts.get(EMAIL_DOMAIN)
    of_account = account.domains.values_list("domain", flat=True) if account and account.pk else ()
    return with_parents([*of_account, *([str(address)] if address else [])])


def with_parents(domains: Iterable[str]) -> set[str]:
    """Return these domains of a company and those that they lie under."""
    return {parent for each in domains for parent in domain_and_parents(each)}


def _compare(
    territory: Territory, facts: Mapping[str, object], domains: Set[str]
) -> tuple[bool, list[str]]:
    """Return whether something known lies outside, and the facts that would have to be known."""
    answers = [
        (fact, _holds(facts.get(fact), limits))
        for fact, limits in (
            (_country_fact(facts), territory.countries),
            (STATE, territory.states),
            (INDUSTRY, territory.industries),
        )
        if limits
    ]
    if territory.domains:
        answers.append((EMAIL_DOMAIN, _is_listed(territory.domains, domains)))
    if territory.employees_from is not None or territory.employees_to is not None:
        answers.append((EMPLOYEES, _within(facts.get(EMPLOYEES), territory)))
    unknown = [fact for fact, holds in answers if holds is None]
    return any(holds is False for _, holds in answers), unknown


def _country_fact(facts: Mapping[str, object]) -> str:
    """Return where the country is known from: the company's before the person's."""
    known = (fact for fact in COUNTRY_FACTS if facts.get(fact) is not None)
    return next(known, COUNTRY_FACTS[0])


def _holds(value: object, limits: Iterable[str]) -> bool | None:
    if value is None:
        return None
    return str(value).strip().casefold() in {each.casefold() for each in limits}


def _is_listed(companies: Iterable[str], domains: Set[str]) -> bool:
    """Return whether a company is in a named list; one that nobody can tell is not."""
    return not domains.isdisjoint(each.strip().casefold() for each in companies)


def _within(value: object, territory: Territory) -> bool | None:
    if not isinstance(value, int | float):
        return None
    low, high = territory.employees_from, territory.employees_to
    return (low is None or value >= low) and (high is None or value <= high)


def _no_territory(missing: Sequence[str]) -> str:
    if not missing:
        return "No territory covers this lead."
    return f"No territory could be told: {labels_of(missing)} unknown."


def labels_of(names: Sequence[str]) -> str:
    """Return facts as the start of a sentence that ends in "unknown": "Industry and Region are"."""
    labels = [FACTS[name].label if name in FACTS else name for name in names]
    if len(labels) == 1:
        return f"{labels[0]} is"
    return f"{', '.join(labels[:-1])} and {labels[-1]} are"
