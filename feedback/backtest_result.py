"""What a backtest counts, lead by lead, and how it is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from feedback.past_handoffs import Outcome
from feedback.proportions import Share
from feedback.replay import WouldOpen


@dataclass(slots=True)
class Side:
    """What one version would have done.

    sent:      handoffs that would have gone to sales; held: those that waited in review for a
               required field, or for what the stages ask, till the end.
    leads:     different leads sent.
    known:     of these, those that really were handed over, so that an outcome may be known.
    The rest are counts of leads: of `answered` so many were `accepted`, of `resolved` (no handoff
    open any more) so many `qualified`, of `settled` (won or lost, or never qualified) `won`.
    """

    sent: int = 0
    held: int = 0
    leads: int = 0
    known: int = 0
    answered: int = 0
    accepted: int = 0
    resolved: int = 0
    qualified: int = 0
    settled: int = 0
    won: int = 0

    def add(self, opened: Sequence[WouldOpen], outcome: Outcome) -> None:
        sent = sum(each.sent_at is not None for each in opened)
        self.sent += sent
        self.held += len(opened) - sent
        if sent:
            self._add_outcome(outcome)

    def _add_outcome(self, outcome: Outcome) -> None:
        self.leads += 1
        self.known += outcome.was_sent
        self.answered += outcome.is_answered
        self.accepted += outcome.is_accepted
        self.resolved += outcome.is_resolved
        self.qualified += outcome.is_resolved and outcome.is_qualified
        self.settled += outcome.is_settled
        self.won += outcome.is_settled and outcome.is_won

    @property
    def unknown(self) -> int:
        return self.leads - self.known

    @property
    def acceptance(self) -> Share:
        return Share(self.accepted, self.answered)

    @property
    def sql(self) -> Share:
        return Share(self.qualified, self.resolved)

    @property
    def won_share(self) -> Share:
        return Share(self.won, self.settled)


@dataclass(slots=True)
class Result:
    """Both sides, and the leads that only one of them would have sent.

    gained_unknown: how many of the gained leads were never really handed over.
    """

    live: Side = field(default_factory=Side)
    draft: Side = field(default_factory=Side)
    gained: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    gained_unknown: int = 0
    lost_side: Side = field(default_factory=Side)

    def add(
        self,
        lead_id: int,
        *,
        live: Sequence[WouldOpen],
        draft: Sequence[WouldOpen],
        outcome: Outcome,
    ) -> None:
        self.live.add(live, outcome)
        self.draft.add(draft, outcome)
        is_sent, would_be_sent = _is_sent(live), _is_sent(draft)
        if would_be_sent and not is_sent:
            self.gained.append(lead_id)
            self.gained_unknown += not outcome.was_sent
        if is_sent and not would_be_sent:
            self.lost.append(lead_id)
            self.lost_side.add(live, outcome)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Result:
        """Return the result as it was kept; an empty one from an empty mapping."""
        if not kept:
            return cls()
        sides = {name: Side(**kept[name]) for name in ("live", "draft", "lost_side")}
        return cls(**{**kept, **sides})


def _is_sent(opened: Sequence[WouldOpen]) -> bool:
    return any(each.sent_at is not None for each in opened)
