"""The demo's organisation: people, teams, hours, rotas, territories, absences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import F

from leads.documents import live_version, publish, start_draft
from leads.models import (
    Absence,
    Document,
    Organisation,
    Publication,
    Queue,
    Role,
    SalesRole,
    Team,
    User,
    Version,
)
from revops.defaults.definitions import when
from revops.defaults.load import NOTE, load_defaults
from revops.defaults.operations import (
    NAMED_ROTA,
    OFFICE_HOURS,
    ROTA,
    SEGMENT_ROTA,
    SEGMENTS,
    promises,
)
from revops.people import Job, put_to_work
from routing.models import Rota, RotaMember, RoutingRule, Territory
from sla.models import CalendarTerms, Policy, Target

DOMAIN = "brightwater.example"
PASSWORD = "hand-to-hand"
MOST_OPEN = 30


@dataclass(frozen=True, slots=True)
class Region:
    """A team with its hours and the countries of its territory."""

    team: str
    zone: str
    holidays: str
    subdivision: str
    manager: str
    reps: tuple[str, ...]
    countries: tuple[str, ...]


REGIONS = (
    Region("Europe", "Europe/Berlin", "DE", "BE", "Martin Keller",
           ("Dana Hoffmann", "Jonas Weber", "Claire Moreau", "Piotr Zieliński"),
           ("DE", "GB", "FR", "NL", "SE", "ES", "AT", "CH", "IT", "PL", "DK", "NO", "FI", "IE")),
    Region("Americas", "America/New_York", "US", "", "Angela Brooks",
           ("Marcus Hill", "Priya Raman", "Thomas Ortiz", "Hannah Lewis"),
           ("US", "CA", "MX")),
    Region("Asia-Pacific", "Asia/Singapore", "SG", "", "Wei Ling Tan",
           ("Arjun Mehta", "Mei Chen", "Daniel Lim", "Yuki Tanaka"),
           ("SG", "AU", "JP", "IN", "NZ", "HK", "MY")),
)  # fmt: skip
# Who takes turns beside their region's, with their weights.
TEAMS_APART = {
    NAMED_ROTA: {"Dana Hoffmann": 2, "Marcus Hill": 1, "Arjun Mehta": 1},
    SEGMENT_ROTA: {"Jonas Weber": 2, "Priya Raman": 2, "Mei Chen": 1},
}
# The row whose leads are held till somebody opens.
HELD_ROW = "territory"
ADMIN, OPS, VIEWER = "Rosa Lindqvist", "Oliver Grant", "Vera Costa"
HEADQUARTERS = "Europe/Berlin"


def email_of(name: str) -> str:
    plain = name.lower().replace("ń", "n")
    return f"{plain.replace(' ', '.')}@{DOMAIN}"


def booking_link_of(name: str) -> str:
    return f"https://meet.{DOMAIN}/{email_of(name).partition('@')[0]}"


def demo_people() -> list[User]:
    return list(User.objects.filter(email__endswith=f"@{DOMAIN}").order_by("pk"))


def make_people(now: datetime, since: datetime) -> None:
    """Make everybody and what they need to work, with the shipped rules live from `since` on."""
    office = _Office(make_password(PASSWORD), now, since)
    admin = office.add(ADMIN, HEADQUARTERS, Job(Role.ADMIN))
    company = {"name": "Brightwater", "zone": HEADQUARTERS, "currency": "EUR"}
    Organisation.objects.update_or_create(defaults=company)
    load_defaults(since)
    backdate_publications(since)
    ops = office.add(OPS, HEADQUARTERS, Job(Role.MARKETING_OPS), sales_role=SalesRole.MARKETING)
    office.add(VIEWER, HEADQUARTERS, Job(Role.VIEWER))
    Queue.objects.update(owner=ops, backup=admin)
    for number, region in enumerate(REGIONS, start=1):
        office.open_region(region, precedence=number)
    _fill_rotas()
    _hold_what_can_wait(ops, since)
    _promise_enterprises_more(ops, since)
    _keep_table_up_to_date(ops, now)
    _send_away(now)


def backdate_publications(since: datetime) -> None:
    """Have what is live now count as live since `since`, so that the demo's past is judged by it.

    Does nothing for documents that were live then.
    """
    for version in Version.objects.filter(publications__isnull=False).distinct():
        if not Publication.objects.filter(version__document=version.document, at__lte=since):
            Publication.objects.create(version=version, at=since, note=f"{NOTE}, before the demo")


@dataclass(frozen=True, slots=True)
class _Office:
    """Hires people. `password` is the hash that all of them share."""

    password: str
    now: datetime
    since: datetime

    def add(
        self,
        name: str,
        zone: str,
        job: Job,
        *,
        team: Team | None = None,
        sales_role: str = SalesRole.NONE,
    ) -> User:
        user = User(
            email=email_of(name),
            name=name,
            password=self.password,
            zone=zone,
            team=team,
            sales_role=sales_role,
            booking_url=booking_link_of(name) if sales_role == SalesRole.SDR else "",
        )
        put_to_work(user, job)
        return user

    def open_region(self, region: Region, *, precedence: int) -> None:
        """Make a region's team with its manager and reps, calendar, rota and territory."""
        calendar = self._calendar(region)
        manager = self.add(region.manager, region.zone, Job(Role.MANAGER, calendar))
        team = Team.objects.create(name=region.team, manager=manager, zone=region.zone)
        User.objects.filter(pk=manager.pk).update(team=team)
        rota = Rota.objects.create(name=region.team)
        rotas = (Rota.objects.get(name=ROTA), rota)
        job = Job(Role.REP, calendar, rotas, MOST_OPEN)
        for name in region.reps:
            self.add(name, region.zone, job, team=team, sales_role=SalesRole.SDR)
        Territory.objects.create(
            name=region.team, precedence=precedence, countries=list(region.countries), rota=rota
        )

    def _calendar(self, region: Region) -> Document:
        calendar = Document.objects.create(
            kind=Document.Kind.CALENDAR, name=f"{region.team} office hours"
        )
        version = Version.objects.create(document=calendar, number=1)
        CalendarTerms.objects.create(
            version=version,
            zone=region.zone,
            hours=OFFICE_HOURS,
            holiday_country=region.holidays,
            holiday_subdivision=region.subdivision,
        )
        publish(version, by=None, note="Hours of the team", at=self.since)
        return calendar


def _fill_rotas() -> None:
    people = {user.name: user for user in demo_people()}
    for name, weights in TEAMS_APART.items():
        rota = Rota.objects.get(name=name)
        RotaMember.objects.bulk_create(
            RotaMember(rota=rota, rep=people[each], weight=weight)
            for each, weight in weights.items()
        )


def _hold_what_can_wait(ops: User, since: datetime) -> None:
    """Publish a table that holds what goes to a territory by night."""
    draft = start_draft(live_version(Document.Kind.ROUTING, since), by=ops)
    held = RoutingRule.objects.filter(version=draft, key=HELD_ROW)
    held.update(off_hours=RoutingRule.OffHours.HOLD)
    _publish(draft, ops, "Hold till somebody opens what did not ask for us", since)


def _promise_enterprises_more(ops: User, since: datetime) -> None:
    """Publish promises that have who is sold to as an enterprise answered sooner by their score."""
    draft = start_draft(live_version(Document.Kind.POLICIES, since), by=ops)
    rest = Policy.objects.filter(version=draft, key__in=["high-intent", "nurture"])
    place = rest.order_by("position")[0].position
    rest.update(position=F("position") + 1)
    sooner = Policy.objects.create(
        version=draft,
        position=place,
        key="enterprise",
        label="Enterprise: 2 hours",
        conditions=when("custom.segment", "is", SEGMENTS[-1]),
    )
    targets = promises(timedelta(hours=2), timedelta(hours=1))
    Target.objects.bulk_create(Target(policy=sooner, **each) for each in targets)
    _publish(draft, ops, "Enterprises are answered sooner", since)


def _publish(draft: Version, ops: User, note: str, since: datetime) -> None:
    """Make `draft` live since `since`, also where what ships was made live later than that."""
    if publish(draft, by=ops, note=note, at=since).at > since:
        Publication.objects.create(version=draft, at=since, note=note, by=ops)


def _keep_table_up_to_date(ops: User, now: datetime) -> None:
    tables = Document.objects.filter(kind=Document.Kind.ROUTING)
    tables.update(owner=ops, review_on=now.date() + timedelta(days=14))


def _send_away(now: datetime) -> None:
    """One rep is away now, with a cover; one was, one will be."""
    people = {user.name: user for user in demo_people()}
    away = (
        ("Claire Moreau", -3, 5, "Jonas Weber"),
        ("Thomas Ortiz", -40, -33, "Marcus Hill"),
        ("Mei Chen", 12, 20, "Daniel Lim"),
    )
    for name, starts, ends, cover in away:
        Absence.objects.create(
            user=people[name],
            starts_at=now + timedelta(days=starts),
            ends_at=now + timedelta(days=ends),
            cover=people[cover],
            note="Holiday",
        )
