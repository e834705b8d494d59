"""What hangs on somebody who leaves, or has left, and how far their leads have moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.urls import reverse

from leads.models import Absence, Account, Document, Job, Lead, Queue, Team, User
from revops.departures import newest_departure
from revops.jobs import is_at_work
from routing.models import Rota
from routing.naming import names_person

SHOWN_ACCOUNTS = 20


@dataclass(frozen=True, slots=True)
class Tie:
    """Something that names the person, with where to change it; "" where nobody can here."""

    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """job: the newest that moved, or moves, their leads; None: they were never let go.

    accounts: the first of those that they own, each with `leads_count`.
    """

    person: User
    job: Job | None
    open_count: int
    accounts: Sequence[Account]
    accounts_count: int
    ties: Sequence[Tie]
    at: datetime

    @property
    def heir(self) -> User | None:
        """Who got their accounts; None: nobody did."""
        heir_id = self.job.parameters.get("accounts_to") if self.job else None
        return User.objects.filter(pk=heir_id).first() if heir_id else None

    @property
    def uncovered(self) -> list[Absence]:
        """The absences that they were to cover, are not over, and nobody covers since."""
        ids = self.job.parameters.get("uncovered", []) if self.job else []
        still = Absence.objects.filter(pk__in=ids, cover=None, ends_at__gt=self.at)
        return list(still.select_related("user").order_by("starts_at"))

    @property
    def is_moving(self) -> bool:
        return is_at_work(self.job)

    @property
    def mark(self) -> str:
        return mark_of(self.job)


def departure_of(person: User, at: datetime) -> Departure:
    accounts = Account.objects.filter(owner=person)
    with_leads = accounts.annotate(leads_count=Count("leads")).order_by("-leads_count", "name")
    return Departure(
        person=person,
        job=newest_departure(person),
        open_count=Lead.objects.filter(owner=person).count(),
        accounts=list(with_leads[:SHOWN_ACCOUNTS]),
        accounts_count=accounts.count(),
        ties=list(_ties(person, at)),
        at=at,
    )


def mark_of(job: Job | None) -> str:
    """Return what changes whenever a departure begins, goes on or ends; "" if there is none."""
    return f"{job.pk}.{job.state}.{job.done_count}" if job else ""


def _ties(person: User, at: datetime) -> Iterator[Tie]:
    named_by = names_person(person, at)
    table = reverse("routing:table")
    for row in named_by.rows:
        yield Tie(f"The row “{row.label}” of the routing table", f"{table}#rows-{row.key}")
    for territory in named_by.territories:
        url = reverse("routing:territory_edit", args=[territory.pk])
        yield Tie(f"The territory {territory}", url)
    for rota in Rota.objects.filter(members__rep=person).order_by("name"):
        yield Tie(f"The rota {rota}", reverse("routing:rota_edit", args=[rota.pk]))
    for team in Team.objects.filter(manager=person).order_by("name"):
        yield Tie(f"Manager of the team {team}", reverse("setup:team", args=[team.pk]))
    for queue in Queue.objects.filter(owner=person) | Queue.objects.filter(backup=person):
        what = "Owner" if queue.owner_id == person.pk else "Backup"
        yield Tie(
            f"{what} of the queue {queue}", reverse("admin:leads_queue_change", args=[queue.pk])
        )
    for document in Document.objects.filter(owner=person):
        is_table = document.kind == Document.Kind.ROUTING
        yield Tie(f"Keeper of {document}", reverse("routing:table_upkeep") if is_table else "")
    for absence in Absence.objects.filter(cover=person, ends_at__gt=at).select_related("user"):
        url = reverse("routing:absence_edit", args=[absence.pk])
        yield Tie(f"Covers for {absence.user} till {absence.ends_at:%-d %b}", url)
