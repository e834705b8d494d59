"""Who comes, when, and what they do: the demo's prospects, from a seed. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from revops.demo.companies import BY_CODE, Company, companies, full_name, phone

DAYS = 90
TITLES = (
    "VP Sales", "VP Revenue Operations", "Head of Revenue Operations", "Director of Marketing",
    "Chief Revenue Officer", "Sales Director", "Sales Operations Manager", "Marketing Manager",
    "Demand Generation Manager", "Revenue Operations Manager", "Growth Lead", "CEO", "Founder",
    "Account Executive", "Marketing Specialist", "Business Analyst", "IT Manager",
    "Finance Director", "Office Manager", "Software Engineer", "Working student",
)  # fmt: skip
TITLE_SHARES = [8, 6, 7, 7, 4, 7, 8, 9, 7, 7, 4, 3, 3, 5, 6, 4, 3, 2, 2, 2, 2]
REASONS = (
    "We route leads by hand and lose a day.",
    "Two reps called the same prospect last week.",
    "Our board asks what became of the webinar leads.",
    "We need deadlines that somebody keeps.",
    "Marketing and sales count leads differently here.",
    "Replacing a spreadsheet before the quarter ends.",
)
WINDOWS = ("As soon as possible", "In the morning", "In the afternoon", "Next week")
INTERESTS = ("Routing", "Deadlines", "Lead scoring", "Reports for both teams")
ORIGINS = ("paid_search", "organic_search", "social", "referral", "email", "direct", "event")
CAMPAIGNS = ("speed-to-lead-guide", "revops-benchmark", "routing-comparison", "brand-search", "")
TOPICS = ("Routing without spreadsheets", "What an MQL owes to sales", "Fairness in rotas")
CONTENT = {
    "page_view": ("page", ("/product", "/blog/handoff", "/integrations", "/about", "/security")),
    "pricing_view": ("page", ("/pricing",)),
    "case_study_view": ("title", ("Aldertech halves its response time", "One queue for 40 reps")),
    "content_download": ("title", ("Speed to lead guide", "MQL definition template")),
    "email_click": ("subject", ("Your routing checklist", "Five minutes that decide")),
    "trial_feature_used": ("feature", ("routing table", "calendar", "lead import", "reports")),
    "webinar_attendance": ("topic", TOPICS),
    "webinar_registration": ("topic", TOPICS),
}


@dataclass(frozen=True, slots=True)
class Act:
    kind: str
    properties: dict[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """One submission: by which source, what they did then, and what they had done before."""

    at: datetime
    source: str
    kind: str = ""
    properties: dict[str, object] = field(default_factory=dict)
    before: tuple[Act, ...] = ()
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who comes.

    lacks:    what they leave out at first: "country", or with a mere call also "email", "company".
    is_fresh: came just now, so that no rep has come to them yet.
    """

    number: int
    name: str
    email: str
    phone: str
    title: str
    company: Company
    origin: str
    campaign: str
    visits: tuple[Visit, ...]
    lacks: frozenset[str] = frozenset()
    is_fresh: bool = False


def act(kind: str, at: datetime, rng: Random) -> Act:
    name, choices = CONTENT[kind]
    return Act(kind, {name: rng.choice(choices)}, at)


def _earlier(at: datetime, kinds: list[str], days: float, rng: Random) -> tuple[Act, ...]:
    """Return what somebody did in the days before `at`, oldest first."""
    found = [act(kind, at - timedelta(days=days * rng.random()), rng) for kind in kinds]
    return tuple(sorted(found, key=lambda each: each.at))


def _read(rng: Random, most: int) -> list[str]:
    kinds = ["page_view", "pricing_view", "case_study_view", "content_download", "email_click"]
    return rng.choices(kinds, [40, 22, 16, 12, 10], k=rng.randint(0, most))


def _later(at: datetime, least: float, most: float, rng: Random) -> datetime:
    return at + timedelta(days=rng.uniform(least, most))


def _web(at: datetime, kind: str, rng: Random) -> Visit:
    done = act(kind, at, rng)
    return Visit(at, "website", kind, done.properties, _earlier(at, _read(rng, 3), 0.0002, rng))


def _demo(at: datetime, rng: Random) -> list[Visit]:
    first = Visit(at, "demo-request", "", {}, _earlier(at, _read(rng, 6), 14, rng), asks=True)
    again = Visit(_later(at, 0.3, 4, rng), "demo-request", "", {}, asks=True)
    back = _web(_later(at, 1, 20, rng), "pricing_view", rng)
    chance = rng.random()
    return [first, *([again] if chance < 0.05 else []), *([back] if chance > 0.75 else [])]


def _contact(at: datetime, rng: Random) -> list[Visit]:
    before = _earlier(at, _read(rng, 4), 7, rng)
    return [Visit(at, "website", "contact_form", {"page": "/contact"}, before, asks=True)]


def _call(at: datetime, rng: Random) -> list[Visit]:
    return [Visit(at, "by-hand", "inbound_call", {"subject": "Asked for prices"})]


def _trial(at: datetime, rng: Random) -> list[Visit]:
    start = Visit(at, "trial", "", {"title": "Team plan"}, _earlier(at, _read(rng, 3), 9, rng))
    used = [_used(_later(at, 0.1, 10, rng), rng) for _ in range(rng.randint(0, 4))]
    return [start, *used]


def _used(at: datetime, rng: Random) -> Visit:
    return Visit(at, "trial", "trial_feature_used", act("trial_feature_used", at, rng).properties)


def _webinar(at: datetime, rng: Random) -> list[Visit]:
    booked = act("webinar_registration", at, rng)
    watched = _later(at, 2, 8, rng)
    visits = [Visit(at, "webinar", "", booked.properties, _earlier(at, _read(rng, 2), 10, rng))]
    if rng.random() < 0.55:
        visits.append(Visit(watched, "webinar", "webinar_attendance", booked.properties))
    if rng.random() < 0.4:
        visits.append(_web(_later(watched, 0.5, 12, rng), "case_study_view", rng))
    return visits


def _reader(at: datetime, rng: Random) -> list[Visit]:
    kinds = ["page_view", "content_download", "case_study_view", "pricing_view"]
    times = sorted([at, *(_later(at, 0.2, 30, rng) for _ in range(rng.choice([0, 0, 1, 1, 2])))])
    return [_web(when, rng.choices(kinds, [50, 20, 15, 15])[0], rng) for when in times]


def _partner(at: datetime, rng: Random) -> list[Visit]:
    told = Visit(at, "partner", "", {"subject": "Introduced by our partner"})
    more = _web(_later(at, 1, 10, rng), "pricing_view", rng)
    return [told, *([more] if rng.random() < 0.5 else [])]


def _list(at: datetime, rng: Random) -> list[Visit]:
    click = Visit(_later(at, 1, 25, rng), "list", "email_click", {"subject": "Your checklist"})
    return [Visit(at, "list"), *([click] if rng.random() < 0.3 else [])]


Persona = Callable[[datetime, Random], list[Visit]]
PERSONAS: tuple[Persona, ...] = (
    _demo, _contact, _call, _trial, _webinar, _reader, _partner, _list,
)  # fmt: skip
PERSONA_SHARES = [16, 4, 1, 9, 18, 29, 8, 15]


def attention(at: datetime, zone: str) -> float:
    """Return how likely people there are to be at it, from 0 to 1: most so in office hours."""
    local = at.astimezone(ZoneInfo(zone))
    week = 1.0 if local.weekday() < 5 else 0.25
    hour = 1.0 if 9 <= local.hour < 18 else 0.3 if 7 <= local.hour < 23 else 0.08
    return week * hour


def persons(count: int, now: datetime, seed: int) -> tuple[list[Company], list[Person]]:
    """Return about a third as many companies as people, and so many people, oldest first.

    Everyone's first visit lies within the 90 days before `now`; later ones may lie after it.
    """
    rng = Random(seed)
    fresh = max(10, count // 60)
    known = companies(max(20, count * 35 // 100) + count // 10, rng)
    unheard_of = known[-(count // 10) :]
    known = known[: -(count // 10)]
    people = [_person(number, known, unheard_of, now, rng) for number in range(count - fresh)]
    people += [
        _fresh(number, known, unheard_of, now, rng) for number in range(count - fresh, count)
    ]
    return known, sorted(people, key=lambda each: each.visits[0].at)


def _person(
    number: int, known: list[Company], unheard_of: list[Company], now: datetime, rng: Random
) -> Person:
    (persona,) = rng.choices(PERSONAS, PERSONA_SHARES)
    lacks = _lacking(persona, rng) if unheard_of else frozenset()
    company = unheard_of.pop() if lacks else rng.choice(known)
    at = _entry(company, now, rng)
    visits = tuple(sorted(persona(at, rng), key=lambda visit: visit.at))
    return _described(number, company, visits, lacks, rng)


def _lacking(persona: Persona, rng: Random) -> frozenset[str]:
    if persona is _call and rng.random() < 0.5:
        return frozenset({"country", "email", "company"})
    asks = persona in (_demo, _contact, _call)
    return frozenset({"country"}) if asks and rng.random() < 0.12 else frozenset()


def _entry(company: Company, now: datetime, rng: Random) -> datetime:
    """Return when somebody of `company` first comes."""
    while True:
        at = now - timedelta(days=DAYS * rng.random())
        if rng.random() < attention(at, BY_CODE[company.country].zone):
            return at


def _warm(at: datetime, rng: Random) -> list[Visit]:
    kinds = ["case_study_view", "case_study_view", "pricing_view", "webinar_attendance"]
    before = _earlier(at, kinds, 6, rng)
    return [Visit(at, "website", "pricing_view", {"page": "/pricing"}, before)]


# Who came of late, in turn: how, and between how many minutes ago.
FRESH: tuple[tuple[Persona, float, float], ...] = (
    (_demo, 0.5, 4),
    (_warm, 10, 150),
    (_trial, 5, 45),
    (_warm, 10, 150),
    (_warm, 30, 200),
    (_trial, 5, 45),
    (_demo, 20, 90),
)
FRESH_LACKING: tuple[tuple[Persona, float, float], ...] = ((_demo, 10, 180),)


def _fresh(
    number: int, known: list[Company], unheard_of: list[Company], now: datetime, rng: Random
) -> Person:
    """Return somebody who came within the last hours and asks for attention now; every fifth
    leaves something out.
    """
    is_lacking = number % 5 == 0
    ways = FRESH_LACKING if is_lacking else FRESH
    persona, least, most = ways[number % len(ways)]
    good = [each for each in known if 180 < each.employees < 2000]
    company = unheard_of.pop() if is_lacking else rng.choice(good)
    visits = persona(now - timedelta(minutes=rng.uniform(least, most)), rng)[:1]
    lacks = frozenset({"country"}) if is_lacking else frozenset()
    return _described(number, company, tuple(visits), lacks, rng, is_fresh=True)


def _described(
    number: int,
    company: Company,
    visits: tuple[Visit, ...],
    lacks: frozenset[str],
    rng: Random,
    *,
    is_fresh: bool = False,
) -> Person:
    name = full_name(company.country, rng)
    has_phone = "email" in lacks or rng.random() < 0.5
    (title,) = rng.choices(TITLES[:10] if is_fresh else TITLES,
                           TITLE_SHARES[:10] if is_fresh else TITLE_SHARES)  # fmt: skip
    return Person(
        number=number,
        name=name,
        email=f"{_ascii(name)}{number}@{company.domain}",
        phone=phone(company.country, number) if has_phone else "",
        title=title,
        company=company,
        origin=rng.choice(ORIGINS),
        campaign=rng.choice(CAMPAIGNS),
        visits=visits,
        lacks=lacks,
        is_fresh=is_fresh,
    )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return ".".join(plain.lower().split())
