"""What the demo's prospects hand in: the standard fields of a submission, as JSON. Pure."""

from __future__ import annotations

from random import Random

from leads.models import Submission
from revops.demo.behaviour import INTERESTS, REASONS, WINDOWS, Person, Visit

Door = Submission.Door
DOORS = {"demo-request": Door.FORM, "list": Door.IMPORT, "by-hand": Door.MANUAL}


def door_of(visit: Visit) -> str:
    return DOORS.get(visit.source, Door.API)


def payload_of(person: Person, visit: Visit, *, is_first: bool, rng: Random) -> dict[str, object]:
    """Return what is handed in at a visit; at the first one also who it is."""
    told: dict[str, object] = {
        "email": person.email,
        "phone": person.phone,
        "kind": visit.kind,
        "properties": visit.properties,
        "activities": [
            {"kind": each.kind, "occurred_at": each.at.isoformat(), "properties": each.properties}
            for each in visit.before
        ],
    }
    if is_first:
        told |= _who(person)
    if visit.asks:
        told |= wish(rng)
    return {
        name: value
        for name, value in told.items()
        if value not in ("", None, [], {}) and name not in person.lacks
    }


def _who(person: Person) -> dict[str, object]:
    company = person.company
    return {
        "name": person.name,
        "title": person.title,
        "company": company.name,
        "country": company.country,
        "industry": company.industry,
        "employees": company.employees,
        "attributes": {"segment": company.segment},
        "is_hiring_sales": company.is_hiring_sales,
        "origin": person.origin,
        "campaign": person.campaign,
        "consent": True,
    }


def wish(rng: Random) -> dict[str, object]:
    """Return what somebody writes who asks for a demo."""
    return {
        "reason": rng.choice(REASONS),
        "product_interest": rng.choice(INTERESTS),
        "time_window": rng.choice(WINDOWS),
    }
