"""Shares of small and large samples, honestly. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959964
# Below this many, a share says nothing and is not shown.
TOO_FEW = 10


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `n`, with its 95 % interval by Wilson; shares lie between 0 and 1."""

    count: int
    n: int

    @property
    def is_too_small(self) -> bool:
        return self.n < TOO_FEW

    @property
    def rate(self) -> float:
        return self.count / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The lower and upper end; (0, 1) of nothing.

        Source: Wilson, E. B. (1927), Probable inference, JASA 22, 209–212.
        """
        if not self.n:
            return 0.0, 1.0
        shrink = 1 + Z_95**2 / self.n
        middle = (self.rate + Z_95**2 / (2 * self.n)) / shrink
        spread = self.rate * (1 - self.rate) / self.n + Z_95**2 / (4 * self.n**2)
        half = Z_95 * math.sqrt(spread) / shrink
        return max(0.0, middle - half), min(1.0, middle + half)

    @property
    def percent(self) -> float:
        return 100 * self.rate

    @property
    def low_percent(self) -> float:
        return 100 * self.interval[0]

    @property
    def high_percent(self) -> float:
        return 100 * self.interval[1]
