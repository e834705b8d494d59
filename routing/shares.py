"""Rotas as people see them: who had how many turns, against their share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Q

from leads.models import User
from routing.candidates import Candidate, candidates
from routing.models import Rota, RotaMember, Turn
from routing.needs import ANYBODY, Needs
from routing.rotas import digest, turns_looked_at, weight_in

LATELY = timedelta(days=30)
# The newest turn of who is eligible, unless others were there since.
CURRENT = """
    SELECT DISTINCT ON (asked.rota_id) asked.rota_id, turn.stretch
    FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS asked(rota_id, eligible, looked_at),
    LATERAL (
        SELECT stretch, eligible, number, bool_and(left(eligible, 32) = left(asked.eligible, 32))
            OVER (ORDER BY number DESC) AS none_came
        FROM (SELECT * FROM routing_turn WHERE rota_id = asked.rota_id
            ORDER BY number DESC LIMIT asked.looked_at) recent
    ) turn
    WHERE turn.eligible = asked.eligible AND turn.none_came
    ORDER BY asked.rota_id, turn.number DESC
"""


@dataclass(frozen=True, slots=True)
class MemberShare:
    """turns: in the current stretch. due: the share of it by weight; None: skipped now."""

    rep: User
    weight: int
    turns: int
    turns_lately: int
    due: float | None
    refusal: str


@dataclass(frozen=True, slots=True)
class RotaShares:
    """turns: of the current stretch; 0 also where the next turn begins a new one, because who is
    eligible has changed since the last.
    """

    rota: Rota
    turns: int
    members: Sequence[MemberShare]

    @property
    def turns_lately(self) -> int:
        return sum(member.turns_lately for member in self.members)

    @property
    def eligible(self) -> Sequence[MemberShare]:
        return [member for member in self.members if not member.refusal]


class Stretch(NamedTuple):
    rota_id: int
    first_number: int


def rota_shares(
    at: datetime, rotas: Sequence[Rota] | None = None, *, needs: Needs = ANYBODY
) -> list[RotaShares]:
    """Return these rotas, or every one in use by name, with their members by id.

    needs: what makes somebody eligible beside what always does.
    """
    if rotas is None:
        rotas = list(Rota.objects.filter(is_active=True).order_by("name"))
    weights = _weights(rotas)
    everybody = {rep_id for members in weights.values() for rep_id in members}
    people = {each.rep.pk: each for each in candidates(everybody, None, at=at, needs=needs)}
    current = _current_stretches(weights, people)
    turns = _count_turns(_within(current)) if current else Counter[tuple[int, int]]()
    lately = _count_turns(Q(at__gte=at - LATELY, rota__in=rotas))
    return [_shares(rota, weights.get(rota.pk, {}), people, turns, lately) for rota in rotas]


def _weights(rotas: Iterable[Rota]) -> dict[int, dict[int, int]]:
    """Return the weight of each member, by rota and rep."""
    weights: dict[int, dict[int, int]] = {}
    members = RotaMember.objects.filter(rota__in=rotas).order_by("rep")
    for member in members.select_related("rota"):
        weights.setdefault(member.rota_id, {})[member.rep_id] = weight_in(
            member.rota, member.weight
        )
    return weights


def _eligible(weights: Mapping[int, int], people: Mapping[int, Candidate]) -> dict[int, int]:
    return {each: weight for each, weight in weights.items() if not people[each].refusal}


def _members(weights: Mapping[int, int], people: Mapping[int, Candidate]) -> str:
    there = {each: weight for each, weight in weights.items() if people[each].is_there}
    return digest(_eligible(weights, people), there)


def _current_stretches(
    weights: Mapping[int, Mapping[int, int]], people: Mapping[int, Candidate]
) -> list[Stretch]:
    """Return the stretches that the next turns go on with, found where routing looks for them."""
    eligible = [_members(each, people) for each in weights.values()]
    looked_at = [turns_looked_at(each) for each in weights.values()]
    with connection.cursor() as cursor:
        cursor.execute(CURRENT, [list(weights), eligible, looked_at])
        return [Stretch(*row) for row in cursor.fetchall()]


def _within(stretches: Iterable[Stretch]) -> Q:
    condition = Q()
    for each in stretches:
        condition |= Q(rota=each.rota_id, stretch=each.first_number)
    return condition


def _count_turns(condition: Q) -> Counter[tuple[int, int]]:
    """Return how many turns there were, by rota and rep."""
    rows = Turn.objects.filter(condition).order_by().values("rota", "rep")
    counted = rows.annotate(count=Count("pk")).values_list("rota", "rep", "count")
    return Counter({(rota_id, rep_id): count for rota_id, rep_id, count in counted})


def _shares(
    rota: Rota,
    weights: Mapping[int, int],
    people: Mapping[int, Candidate],
    turns: Counter[tuple[int, int]],
    lately: Counter[tuple[int, int]],
) -> RotaShares:
    whole = sum(_eligible(weights, people).values())
    in_stretch = sum(count for (rota_id, _), count in turns.items() if rota_id == rota.pk)
    members = [
        MemberShare(
            rep=people[rep_id].rep,
            weight=weight,
            turns=turns[rota.pk, rep_id],
            turns_lately=lately[rota.pk, rep_id],
            due=None if people[rep_id].refusal else in_stretch * weight / whole,
            refusal=people[rep_id].refusal,
        )
        for rep_id, weight in weights.items()
    ]
    return RotaShares(rota, in_stretch, members)
