"""What an empty workspace needs before leads can flow, in order, with what is done already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Exists, QuerySet
from django.urls import reverse

from leads.models import (
    Document,
    IntakeToken,
    Lead,
    Organisation,
    Publication,
    Role,
    Submission,
    Team,
    User,
)
from revops.defaults.load import NOTE
from routing.models import RotaMember
from sla.models import RepHours, TeamHours


class Planned(NamedTuple):
    """A step as it is for everybody: the fact that says whether it is done, and on which page."""

    fact: str
    what: str
    why: str
    page: str


PLANNED = (
    Planned(
        "team",
        "Make a team",
        "Its manager sees its leads and hears what is late.",
        "setup:team_add",
    ),
    Planned(
        "reps",
        "Add people",
        "Reps with team, hours and rota in one form; a manager; marketing ops.",
        "setup:person_add",
    ),
    Planned(
        "intake",
        "Give a source its token",
        "With it your site or another system hands in leads. The public form needs none.",
        "setup:sources",
    ),
    Planned(
        "rota",
        "Put reps in a rota",
        "The shipped routing gives new leads to rotas by turns; without members they wait in"
        " review.",
        "routing:rotas",
    ),
    Planned(
        "hours",
        "Say when people work",
        "Promises to reps run in working time: look through the shipped calendar, or give teams"
        " and reps hours of their own.",
        "sla:calendars",
    ),
    Planned(
        "lead",
        "Try a lead",
        "Add one by hand, and watch it being scored, routed and promised.",
        "leads:add",
    ),
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to set up; `why` says what depends on it."""

    what: str
    why: str
    url: str
    is_done: bool


def first_steps() -> list[Step]:
    """Return the first steps while any of them is to be done; none from then on. One query."""
    facts = {
        "team": Exists(Team.objects.all()),
        "reps": Exists(User.objects.with_role(Role.REP)),
        "intake": Exists(IntakeToken.objects.filter(revoked_at=None))
        | Exists(Submission.objects.filter(by=None)),
        "rota": Exists(RotaMember.objects.filter(rep__is_active=True)),
        "hours": Exists(RepHours.objects.all())
        | Exists(TeamHours.objects.all())
        | Exists(_published_calendars()),
        "lead": Exists(Lead.objects.all()),
    }
    done = Organisation.objects.annotate(**facts).values(*facts).get()
    return [] if all(done.values()) else _steps(done)


def _published_calendars() -> QuerySet[Publication]:
    """Calendars that somebody published, after the shipped one or beside it."""
    newer = Publication.objects.filter(version__document__kind=Document.Kind.CALENDAR)
    return newer.exclude(note=NOTE)


def _steps(done: dict[str, bool]) -> list[Step]:
    return [Step(each.what, each.why, reverse(each.page), done[each.fact]) for each in PLANNED]
