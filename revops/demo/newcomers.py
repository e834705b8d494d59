"""New leads for a running demo: payloads for the intake API, from a seed. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from revops.demo.behaviour import TITLES, Act, act
from revops.demo.companies import Company, companies, full_name, phone
from revops.demo.told import wish

# Which source how often.
MIX = {"demo-request": 40, "website": 20, "trial": 15, "webinar": 15, "partner": 10}
RETURNING, INCOMPLETE = 0.12, 0.08
KINDS = ["page_view", "pricing_view", "case_study_view", "content_download", "email_click"]


@dataclass(frozen=True, slots=True)
class Newcomer:
    source: str
    who: str
    payload: dict[str, object]


def newcomers(rng: Random) -> Iterator[Newcomer]:
    """Yield newcomers without end: new people, some who came before, some who leave much out.

    Each has an address that no other run uses.
    """
    known = companies(200, rng)
    run, seen = secrets.token_hex(2), [_who(0, rng.choice(known), "0", rng)]
    for number in range(1, 1_000_000):
        (source,) = rng.choices([*MIX], [*MIX.values()])
        who = rng.choice(seen) if rng.random() < RETURNING else None
        if who is None:
            who = _who(number, rng.choice(known), run, rng)
            seen = [*seen[-50:], who]
        payload = {**who, **(wish(rng) if source == "demo-request" else {})}
        if rng.random() < INCOMPLETE:
            payload = {name: payload[name] for name in ("email", "name")}
            payload["company"] = f"{payload['name']} Studio"
        yield Newcomer(source, f"{payload['name']}, {payload['company']}", payload)


def _who(number: int, company: Company, run: str, rng: Random) -> dict[str, object]:
    name = full_name(company.country, rng)
    return {
        "email": f"visitor{number}.{run}@{company.domain}",
        "name": name,
        "title": rng.choice(TITLES),
        "company": company.name,
        "country": company.country,
        "industry": company.industry,
        "employees": company.employees,
        "attributes": {"segment": company.segment},
        "phone": phone(company.country, rng.randrange(10_000)),
        "consent": True,
    }


def history(rng: Random, now: datetime) -> list[dict[str, object]]:
    """Return what somebody did in the days before `now`, oldest first, for the API."""
    count = rng.randint(0, 5)
    days = sorted((rng.uniform(0.01, 10) for _ in range(count)), reverse=True)
    done: list[Act] = [act(rng.choice(KINDS), now - timedelta(days=day), rng) for day in days]
    return [
        {"kind": each.kind, "occurred_at": each.at.isoformat(), "properties": each.properties}
        for each in done
    ]
