"""The exact data beneath a decision, as it is on record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from routing.models import Decision, Turn
from routing.trace import spelled_out


def exact_data(decisions: Sequence[Decision]) -> dict[int, str]:
    """Return for each decision, by its id, what is on record of it as indented JSON: instants in
    UTC, facts as rules compared them, and the rota as it stood after the turn.
    """
    passed = [each.assignment_id for each in decisions if each.assignment_id]
    turns = Turn.objects.filter(assignment__in=passed).select_related("rota")
    by_assignment = {turn.assignment_id: turn for turn in turns}
    return {
        each.pk: _text(_recorded(each, by_assignment.get(each.assignment_id or 0)))
        for each in decisions
    }


def _recorded(decision: Decision, turn: Turn | None) -> Mapping[str, object]:
    version = decision.version
    return {
        "decision": decision.pk,
        "handoff": decision.handoff_id,
        "assignment": decision.assignment_id,
        "at": _instant(decision.at),
        "waits_till": _instant(decision.waits_till),
        "line": decision.line,
        "version": version and {"id": version.pk, "number": version.number},
        "rule": decision.rule_key,
        "rep": decision.rep_id,
        "queue": decision.queue and decision.queue.key,
        "by": decision.by_id,
        "reason": decision.reason,
        "turn": turn and _turn(turn),
        **spelled_out(decision.trace),
    }


def _turn(turn: Turn) -> Mapping[str, object]:
    return {
        "rota": {"id": turn.rota_id, "name": turn.rota.name},
        "number": turn.number,
        "stretch": turn.stretch,
        "kind": turn.kind,
        "eligible": turn.eligible,
        "had_in_round": turn.had_in_round,
        "last_turns": turn.last_turns,
        "at": _instant(turn.at),
    }


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _text(recorded: Mapping[str, object]) -> str:
    return json.dumps(recorded, indent=2, ensure_ascii=False)
