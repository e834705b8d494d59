"""Whose turn the next ones in a rota would be, if nothing but leads came in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from leads.models import User
from routing.candidates import Candidate, caps_of
from routing.caps import Lately, over_cap, passed_lately
from routing.models import Rota
from routing.needs import ANYBODY, Needs
from routing.questions import Question
from routing.rotas import Line, line_of
from routing.turns import Standing, next_turn

COMING = 10


@dataclass(frozen=True, slots=True)
class Coming:
    """A turn that would follow. then: the cap that it would bring the rep to; "" if none."""

    number: int
    rep: User
    then: str = ""


def coming_turns(
    rota: Rota, at: datetime, *, needs: Needs = ANYBODY, count: int = COMING
) -> list[Coming]:
    """Return the next `count` turns as they would fall to those who are eligible at `at` for what
    needs that; fewer if all of them come to a cap before. Reads only, and locks nothing.
    """
    if not rota.is_active:
        return []
    line = line_of(rota, Question(None, {}, at), needs)
    people = [line.people[rep_id] for rep_id in line.eligible]
    lately = passed_lately([(each.rep.pk, caps_of(each.rep)) for each in people], at)
    return _simulated(line, lately, at, count)


def _simulated(line: Line, lately: Lately, at: datetime, count: int) -> list[Coming]:
    eligible, unsuited = dict(line.eligible), line.unsuited
    loads, given = Counter(line.standing.loads), Counter[int]()
    coming: list[Coming] = []
    while eligible and len(coming) < count:
        turn = next_turn(line.rota, line.turns, Standing(eligible, unsuited, loads, line.by_hours))
        line.turns.add(turn)
        loads[turn.rep_id] += 1
        given[turn.rep_id] += 1
        then = _cap_reached(line.people[turn.rep_id], given[turn.rep_id], lately, at)
        if then:
            del eligible[turn.rep_id]
        coming.append(Coming(turn.number, line.people[turn.rep_id].rep, then))
    return coming


def _cap_reached(person: Candidate, given: int, lately: Lately, at: datetime) -> str:
    """Return which cap keeps somebody from more once they were given so many more at `at`."""
    rep = person.rep
    passed = {rep.pk: [*lately.passed.get(rep.pk, []), *[at] * given]}
    then = Lately(passed, lately.first_weekday)
    return over_cap(caps_of(rep), rep, open_count=person.open_count + given, lately=then, at=at)
