"""The handoffs behind the numbers of a rota's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from leads.models import Handoff, User
from routing.models import Rota, Turn
from routing.needs import ANYBODY
from routing.rota_needs import needs_of
from routing.shares import LATELY, rota_shares

# What the leads behind a number are asked for by, and what they are.
WHICH = {
    "stretch": "Turns since the same reps are eligible",
    "lately": "Turns of the last 30 days",
    "open": "Open handoffs of its members, however they came",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which handoffs of a rota are asked for. rep: None for those of everybody."""

    rota: Rota
    which: str
    rep: User | None

    @property
    def said(self) -> str:
        return WHICH[self.which]


def handoffs_behind(asked: Asked, *, user: User, at: datetime) -> QuerySet[Handoff]:
    """Return the handoffs behind a number that `user` sees, newest first; each with `taken_at` and,
    as far as the rota passed it, the `number` of the turn and `taken_by`, a name.
    """
    seen = Handoff.objects.visible_to(user).select_related("lead", "owner")
    if asked.which == "open":
        members = asked.rota.members.values_list("rep", flat=True)
        owners = [asked.rep.pk] if asked.rep else list(members)
        found = seen.open().filter(owner__in=owners).order_by("-opened_at", "-pk")
        return found.annotate(taken_at=F("passed_at"), taken_by=F("owner__name"))
    turns = _turns(asked, at)
    taken = seen.filter(assignments__turn__in=turns).order_by("-assignments__turn__number")
    return taken.annotate(
        taken_at=F("assignments__turn__at"),
        taken_by=F("assignments__turn__rep__name"),
        number=F("assignments__turn__number"),
    )


def _turns(asked: Asked, at: datetime) -> QuerySet[Turn]:
    turns = Turn.objects.filter(rota=asked.rota)
    if asked.which == "lately":
        found = turns.filter(at__gte=at - LATELY)
    else:
        (shares,) = rota_shares(at, [asked.rota], needs=needs_of(asked.rota, at) or ANYBODY)
        found = turns.filter(stretch=shares.stretch)
    return found.filter(rep=asked.rep) if asked.rep else found
