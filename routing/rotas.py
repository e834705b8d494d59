"""Rotas: whose turn it is, exactly, however many workers ask at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile

from django.db import connection

from leads.models import User
from routing.candidates import Candidate, line_up, off_hours
from routing.claiming import claim_for
from routing.errors import NobodyAvailable, Skip
from routing.lines import line_of_rota
from routing.models import Rota, Turn
from routing.needs import Needs
from routing.questions import Question
from routing.quota import Taken, next_member, turns_of_round

Method = Rota.Method
LOCK = "SELECT * FROM routing_rota WHERE id = %s FOR NO KEY UPDATE"
# So many more turns are looked at for those of a stretch that has others in between.
BETWEEN = 64
RECENT = """
    SELECT number, stretch, eligible, rep_id, place FROM routing_turn
    WHERE rota_id = %s ORDER BY number DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """A turn in the rota, as far as it is needed for the next."""

    number: int
    stretch: int
    eligible: str
    rep_id: int
    place: int = 0


@dataclass
class Line:
    """Who stands in a rota for one handoff.

    eligible: the weight of each member who can take it, by id.
    later:    those whom only their hours or an absence keep from it now.
    there:    the weight of each member who could take another one now, by id.
    """

    rota: Rota
    people: Mapping[int, Candidate]
    eligible: dict[int, int]
    skips: list[Skip]
    later: list[Candidate]
    there: dict[int, int]
    recent: Sequence[TurnTaken] = field(default_factory=list)

    def next(self, at: datetime) -> Turn:
        """Return the next turn, not saved. Raises HasToWait or NobodyAvailable if there is none."""
        if self.eligible:
            return next_turn(self.rota, self.recent, self.eligible, self.loads, there=self.there)
        if self.later:
            raise off_hours(self.later, self.skips, line=line_of_rota(self.rota.pk), at=at)
        raise NobodyAvailable(_nobody(self.rota, self.skips), skips=self.skips)

    @property
    def weights(self) -> dict[int, int]:
        """Return the weight of every member, whether they can take it or not, by id."""
        return {rep_id: weight_in(self.rota, each.weight) for rep_id, each in self.people.items()}

    @property
    def loads(self) -> dict[int, int]:
        return {rep_id: self.people[rep_id].open_count for rep_id in self.eligible}

    def leave_out(self, skip: Skip) -> None:
        self.there.pop(skip.rep.pk, None)
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
    turn.at = question.at
    turn.rep = claim_for(question, line.people[turn.rep_id], needs)
    return turn, line


def locked_rota(rota_id: int) -> Rota:
    """Lock a rota until the end of the transaction and return it fresh."""
    return Rota.objects.raw(LOCK, [rota_id])[0]


def line_of(rota: Rota, question: Question, needs: Needs) -> Line:
    """Return who stands in `rota` for what is asked. Raises NobodyAvailable if it is off."""
    if not rota.is_active:
        raise NobodyAvailable(f"Rota {rota} is switched off.")
    found = line_up(question, rota, needs)
    line = Line(
        rota,
        people={each.rep.pk: each for each in found},
        eligible={each.rep.pk: weight_in(rota, each.weight) for each in found if not each.refusal},
        skips=[each.skip for each in found if each.refusal],
        later=[each for each in found if each.opens_at],
        there={each.rep.pk: weight_in(rota, each.weight) for each in found if each.is_there},
    )
    if line.eligible:
        turns = question.past.turns if question.past else recent_turns
        line.recent = turns(rota, turns_looked_at(line.weights))
    return line


def weight_in(rota: Rota, weight: int) -> int:
    return 1 if rota.method == Method.IN_TURN else weight


def turns_looked_at(weights: Mapping[int, int]) -> int:
    """Return how many turns the next one depends on, given the weight of every member."""
    return 2 * turns_of_round(weights) + BETWEEN


def digest(eligible: Mapping[int, int], there: Mapping[int, int]) -> str:
    """Return a name for who is there, and after it for who of them is eligible, with weights."""
    return _name(there) + _name(eligible)


def _name(weights: Mapping[int, int]) -> str:
    text = ",".join(f"{rep_id}:{weight}" for rep_id, weight in sorted(weights.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def next_turn(
    rota: Rota,
    recent: Sequence[TurnTaken | Turn],
    eligible: Mapping[int, int],
    loads: Mapping[int, int],
    *,
    there: Mapping[int, int] | None = None,
) -> Turn:
    """Return the turn after the `recent` ones, oldest first, by the method of `rota`.

    A stretch is named by the number of its first turn. loads: how much open work each of the
    eligible has. there: the weight of everybody who could take another lead; None: of the eligible.
    """
    members = digest(eligible, eligible if there is None else there)
    number = recent[-1].number + 1 if recent else 1
    # Shares are met exactly at the end of each round, so only the round begun since then counts.
    stretch, place, begun = _goes_on(members, recent, turns_of_round(eligible)) or (number, 1, [])
    asked = eligible
    if rota.method == Method.LEAST_WORK:
        least = min(loads[each] for each in eligible)
        asked = {each: weight for each, weight in eligible.items() if loads[each] == least}
    in_round = {each.number for each in begun}
    taken = [Taken(each.number, each.rep_id) for each in recent if each.rep_id in asked]
    rep_id = next_member(
        asked,
        [each for each in taken if each.number in in_round],
        [each for each in taken if each.number not in in_round],
    )
    return Turn(
        rota=rota, number=number, stretch=stretch, place=place, eligible=members, rep_id=rep_id
    )


def _goes_on(
    members: str, recent: Sequence[TurnTaken | Turn], turns_in_round: int
) -> tuple[int, int, Sequence[TurnTaken | Turn]] | None:
    """Return the stretch of `members` that goes on, the place of the next turn in it, and the turns
    of the round that is begun. None: it has to start anew, because others were there meanwhile or
    too much lies in between.
    """
    there = members[:32]
    since = takewhile(lambda each: each.eligible.startswith(there), reversed(recent))
    own = list(islice((each for each in since if each.eligible == members), turns_in_round))
    if not own:
        return None
    last = own[0]
    begun = last.place % turns_in_round
    return (last.stretch, last.place + 1, own[:begun]) if begun <= len(own) else None


def recent_turns(rota: Rota, count: int) -> list[TurnTaken]:
    """Return the last turns of `rota`, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(RECENT, [rota.pk, count])
        return [TurnTaken(*row) for row in reversed(cursor.fetchall())]


def _nobody(rota: Rota, skips: Sequence[Skip]) -> str:
    if not skips:
        return f"Rota {rota} has no members."
    return f"Everybody in rota {rota} is skipped: " + "; ".join(map(str, skips)) + "."
