"""A score and the lines it is the sum of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leads.conditions import Truth

Section = Literal["fit", "readiness"]
Source = Literal["fit_rule", "signal", "modifier"]


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule gave. `earned` less the three losses is `points`.

    truth:      whether a rule's conditions held; None for a signal, which has none.
    unknown:    names of the facts whose absence left the rule unanswered.
    activities: how many activities counted; last_at is the latest of them, None without any.
    """

    key: str
    label: str
    section: Section
    source: Source
    points: int
    lost_to_decay: int = 0
    lost_to_cap: int = 0
    lost_to_group_cap: int = 0
    truth: Truth | None = None
    unknown: tuple[str, ...] = ()
    activities: int = 0
    last_at: datetime | None = None

    @property
    def earned(self) -> int:
        return self.points + self.lost_to_decay + self.lost_to_cap + self.lost_to_group_cap

    def to_json(self) -> dict[str, object]:
        return {
            "key": self.key,
            "label": self.label,
            "section": self.section,
            "source": self.source,
            "points": self.points,
            "lost_to_decay": self.lost_to_decay,
            "lost_to_cap": self.lost_to_cap,
            "lost_to_group_cap": self.lost_to_group_cap,
            "truth": self.truth.value if self.truth else None,
            "unknown": list(self.unknown),
            "activities": self.activities,
            "last_at": self.last_at.isoformat() if self.last_at else None,
        }


@dataclass(frozen=True, slots=True)
class Score:
    """Fit and readiness, never blended, with the lines they are the sums of.

    disqualified_by:       keys of the disqualifiers that hold.
    undecided:             keys of the disqualifiers that can't be told for want of a fact.
    missing_requirements:  keys of the required fit rules not known to hold; any keeps fit at C.
    breakdown:             a line for every fit rule and modifier, and for each signal that fired.
    """

    fit: int
    readiness: int
    fit_grade: str
    readiness_grade: str
    disqualified_by: tuple[str, ...]
    undecided: tuple[str, ...]
    missing_requirements: tuple[str, ...]
    breakdown: tuple[Line, ...]

    @property
    def band(self) -> str:
        return self.fit_grade + self.readiness_grade

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of all facts that a line could not be answered without."""
        return tuple(dict.fromkeys(name for line in self.breakdown for name in line.unknown))

    def to_json(self) -> dict[str, object]:
        """Return the score as plain values, for a snapshot."""
        return {
            "fit": self.fit,
            "readiness": self.readiness,
            "band": self.band,
            "disqualified_by": list(self.disqualified_by),
            "undecided": list(self.undecided),
            "missing_requirements": list(self.missing_requirements),
            "lines": [line.to_json() for line in self.breakdown],
        }
