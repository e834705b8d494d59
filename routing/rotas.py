"""Rotas: whose turn it is, exactly, however many workers ask at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from leads.models import User
from leads.rows import Columns
from routing.candidates import Candidate, line_up, off_hours
from routing.claiming import claim_for
from routing.errors import NobodyAvailable, Skip
from routing.lines import line_of_rota
from routing.models import Rota, Turn
from routing.needs import Needs
from routing.questions import Question
from routing.turns import Carried, OnRecord, SoFar, Standing, next_turn

Method = Rota.Method
ROTA = Columns(Rota, "rota")
LOCK = f"SELECT {ROTA.sql} FROM routing_rota rota WHERE id = %s FOR NO KEY UPDATE"


@dataclass
class Line:
    """Who stands in a rota for one handoff.

    eligible: the weight of each member who can take it, by id.
    later:    those whom only their hours, an absence or a cap keep from it now.
    unsuited: the members for whom it is not, by id, whether they are there or not.
    by_hours: whether only those at work can take it.
    """

    rota: Rota
    people: Mapping[int, Candidate]
    eligible: dict[int, int]
    skips: list[Skip]
    later: list[Candidate]
    unsuited: Set[int]
    by_hours: bool
    turns: SoFar

    def next(self, at: datetime) -> Carried:
        """Return the next turn. Raises HasToWait or NobodyAvailable if there is none."""
        if self.eligible:
            return next_turn(self.rota, self.turns, self.standing)
        if any(each.opens_at for each in self.later):
            raise off_hours(self.later, self.skips, line=line_of_rota(self.rota.pk), at=at)
        raise NobodyAvailable(_nobody(self.rota, self.skips), skips=self.skips)

    @property
    def standing(self) -> Standing:
        loads = {rep_id: self.people[rep_id].open_count for rep_id in self.eligible}
        return Standing(self.eligible, self.unsuited, loads, self.by_hours)

    def leave_out(self, skip: Skip) -> None:
        if self.eligible.pop(skip.rep.pk, None) is not None:
            self.skips.append(skip)


def look(rota_id: int, question: Question, needs: Needs) -> tuple[User, Line]:
    """Return who would be next in a rota, with no lock held.

    Raises NobodyAvailable if there is no member to whom the lead can go, HasToWait if there only
    will be.
    """
    past = question.past
    rota = past.rota(rota_id) if past else Rota.objects.get(pk=rota_id)
    line = line_of(rota, question, needs)
    return line.people[line.next(question.at).rep_id].rep, line


def take_turn(
    rota_id: int, question: Question, needs: Needs, refused: Sequence[Skip]
) -> tuple[Turn, Line]:
    """Return the next turn of a rota, not saved yet: it lacks its assignment; and who stood in it.

    Locks the rota and then the rep, until the end of the transaction. A turn counts when it is
    committed, so a transaction that fails costs nobody theirs.
    refused: who could not take it when they were locked before.
    Raises as `look`, and Refused, with both locks held, if the rep can't take it after all.
    """
    line = line_of(locked_rota(rota_id), question, needs)
    for skip in refused:
        line.leave_out(skip)
    turn = line.next(question.at)
    rep = claim_for(question, line.people[turn.rep_id], needs)
    return turn.taken(rep, question.at), line


def locked_rota(rota_id: int) -> Rota:
    """Lock a rota until the end of the transaction and return it fresh."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [rota_id])
        return ROTA.made(cursor.fetchone())


def line_of(rota: Rota, question: Question, needs: Needs) -> Line:
    """Return who stands in `rota` for what is asked. Raises NobodyAvailable if it is off."""
    if not rota.is_active:
        raise NobodyAvailable(f"Rota {rota} is switched off.")
    people = {each.rep.pk: each for each in line_up(question, rota, needs)}
    return Line(
        rota,
        people,
        eligible={
            pk: weight_in(rota, each.weight) for pk, each in people.items() if not each.refusal
        },
        skips=[each.skip for each in people.values() if each.refusal],
        later=[each for each in people.values() if each.limits],
        unsuited={pk for pk, each in people.items() if each.is_unsuited},
        by_hours=needs.at_work,
        turns=question.past.turns(rota) if question.past else OnRecord(rota.pk),
    )


def weight_in(rota: Rota, weight: int) -> int:
    return 1 if rota.method == Method.IN_TURN else weight


def _nobody(rota: Rota, skips: Sequence[Skip]) -> str:
    if not skips:
        return f"Rota {rota} has no members."
    return f"Everybody in rota {rota} is skipped: " + "; ".join(map(str, skips)) + "."
