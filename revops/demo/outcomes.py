"""What drives acceptance, qualifying and winning in the demo: three logistic models. Pure.

The numbers are those of docs/demo.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# How good the leads of a source are, beyond what fit and readiness tell; in log-odds at weight 1.
SOURCE_QUALITY = {
    "demo-request": 0.8,
    "partner": 0.6,
    "by-hand": 0.5,
    "trial": 0.2,
    "website": -0.1,
    "webinar": -0.6,
    "list": -1.0,
}
FEATURES = ("fit", "readiness", "source", "slowness")


@dataclass(frozen=True, slots=True)
class Drivers:
    """What an outcome depends on.

    fit, readiness: points at the handoff.
    response_hours: from what the prospect did to the first human answer; None: not answered yet.
    """

    fit: int
    readiness: int
    source: str
    response_hours: float | None = None

    def values(self) -> dict[str, float]:
        """Return the features, centred near nought and about one wide."""
        return {
            "fit": (self.fit - 50) / 20,
            "readiness": (self.readiness - 40) / 20,
            "source": SOURCE_QUALITY[self.source],
            "slowness": math.log2(1 + (self.response_hours or 0)),
        }


@dataclass(frozen=True, slots=True)
class Model:
    """Log-odds: the intercept and a weight for each feature."""

    intercept: float
    fit: float
    readiness: float
    source: float
    slowness: float = 0.0

    def probability(self, drivers: Drivers) -> float:
        values = drivers.values()
        log_odds = self.intercept + sum(getattr(self, name) * values[name] for name in FEATURES)
        return 1 / (1 + math.exp(-log_odds))


ACCEPTANCE = Model(intercept=0.5, fit=0.9, readiness=0.6, source=0.8)
QUALIFYING = Model(intercept=-1.45, fit=0.7, readiness=0.8, source=1.3, slowness=-0.4)
WINNING = Model(intercept=-2.9, fit=0.9, readiness=1.1, source=1.7, slowness=-0.4)
