"""Rotas as people see them: who had how many turns, against their share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from leads.models import User
from routing.candidates import Candidate, candidates
from routing.models import Rota, RotaMember, Turn
from routing.needs import ANYBODY, Needs
from routing.rotas import weight_in
from routing.turns import SoFar, Standing, newest_turns

LATELY = timedelta(days=30)


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
    """stretch: the number of the first turn of the current one; 0 where the next turn begins a new
    one, because who is eligible has changed since the last. turns: of the stretch.
    """

    rota: Rota
    stretch: int
    turns: int
    members: Sequence[MemberShare]

    @property
    def turns_lately(self) -> int:
        return sum(member.turns_lately for member in self.members)

    @property
    def eligible(self) -> Sequence[MemberShare]:
        return [member for member in self.members if not member.refusal]


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
    standing = {rota_id: _standing(each, people, needs) for rota_id, each in weights.items()}
    current = _current_stretches(rotas, standing)
    turns = _count_turns(_within(current)) if current else Counter[tuple[int, int]]()
    lately = _count_turns(Q(at__gte=at - LATELY, rota__in=rotas))
    return [
        _shares(rota, current.get(rota.pk, 0), weights.get(rota.pk, {}), people, turns, lately)
        for rota in rotas
    ]


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


def _standing(
    weights: Mapping[int, int], people: Mapping[int, Candidate], needs: Needs
) -> Standing:
    unsuited = {each for each in weights if people[each].is_unsuited}
    return Standing(_eligible(weights, people), unsuited, by_hours=needs.at_work)


def _current_stretches(rotas: Iterable[Rota], standing: Mapping[int, Standing]) -> dict[int, int]:
    """Return the stretch that the next turn of each rota goes on with, by its first turn."""
    so_far = {rota_id: SoFar() for rota_id in standing}
    for turn in newest_turns([(rota_id, who.kind) for rota_id, who in standing.items()]):
        so_far[turn.rota_id].add(turn)
    with_members = [rota for rota in rotas if rota.pk in standing]
    found = {each.pk: so_far[each.pk].stretch_of(each, standing[each.pk]) for each in with_members}
    return {rota_id: each.first for rota_id, each in found.items() if each}


def _within(stretches: Mapping[int, int]) -> Q:
    condition = Q()
    for rota_id, first in stretches.items():
        condition |= Q(rota=rota_id, stretch=first)
    return condition


def _count_turns(condition: Q) -> Counter[tuple[int, int]]:
    """Return how many turns there were, by rota and rep."""
    rows = Turn.objects.filter(condition).order_by().values("rota", "rep")
    counted = rows.annotate(count=Count("pk")).values_list("rota", "rep", "count")
    return Counter({(rota_id, rep_id): count for rota_id, rep_id, count in counted})


def _shares(
    rota: Rota,
    stretch: int,
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
    return RotaShares(rota, stretch, in_stretch, members)
