"""Rotas: whose turn it is, exactly, however many workers ask at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from leads.models import Handoff
from routing.candidates import candidates, claim
from routing.errors import NobodyAvailable, Refused, Skip
from routing.models import Rota, RotaMember, Turn
from routing.quota import Taken, next_member, turns_of_round


def next_turn(rota_id: int, handoff: Handoff, *, at: datetime) -> tuple[Turn, list[Skip]]:
    """Return the next turn of a rota, not saved yet: it lacks its assignment; and who was skipped.

    Locks the rota and then the rep, until the end of the transaction. A turn counts when it is
    committed, so a transaction that fails costs nobody theirs.
    Raises NobodyAvailable if there is no member to whom `handoff` can go.
    """
    rota = Rota.objects.select_for_update(no_key=True).get(pk=rota_id)
    if not rota.is_active:
        raise NobodyAvailable(f"Rota {rota} is switched off.")
    weights = dict(RotaMember.objects.filter(rota=rota).values_list("rep", "weight"))
    people = candidates(weights, handoff, at=at)
    skips = [each.skip for each in people if each.refusal]
    eligible = {each.rep.pk: weights[each.rep.pk] for each in people if not each.refusal}
    recent = _recent_turns(rota, 2 * turns_of_round(weights)) if eligible else []
    while eligible:
        turn = _turn(recent, eligible)
        turn.rota, turn.at = rota, at
        try:
            turn.rep = claim(turn.rep_id, handoff, at=at)
        except Refused as refused:
            skips.append(refused.skip)
            del eligible[turn.rep_id]
        else:
            return turn, skips
    raise NobodyAvailable(_nobody(rota, skips), skips=skips)


def digest(weights: Mapping[int, int]) -> str:
    """Return a name for a set of eligible members with their weights."""
    text = ",".join(f"{rep_id}:{weight}" for rep_id, weight in sorted(weights.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _turn(recent: Sequence[Turn], eligible: Mapping[int, int]) -> Turn:
    """Return the turn after `recent`. A stretch is named by the number of its first turn."""
    members = digest(eligible)
    last = recent[-1] if recent else None
    number = last.number + 1 if last else 1
    stretch = last.stretch if last and last.eligible == members else number
    # Shares are met exactly at the end of each round, so only the round begun since then counts.
    round_start = number - (number - stretch) % turns_of_round(eligible)
    taken = [Taken(each.number, each.rep_id) for each in recent]
    rep_id = next_member(
        eligible,
        [each for each in taken if each.number >= round_start],
        [each for each in taken if each.number < round_start],
    )
    return Turn(number=number, stretch=stretch, eligible=members, rep_id=rep_id)


def _recent_turns(rota: Rota, count: int) -> list[Turn]:
    """Return the last turns of `rota`, oldest first."""
    return list(Turn.objects.filter(rota=rota).order_by("-number")[:count])[::-1]


def _nobody(rota: Rota, skips: Sequence[Skip]) -> str:
    if not skips:
        return f"Rota {rota} has no members."
    return f"Everybody in rota {rota} is skipped: " + "; ".join(map(str, skips)) + "."
