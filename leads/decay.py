"""How much of a signal's points is left as whole UTC days pass, and where points are rounded."""

import math
from functools import lru_cache

# Shares are whole millionths, so that sums are exact and the same on every machine.
WHOLE = 1_000_000
LONGEST_WINDOW_DAYS = 3_650


@lru_cache(maxsize=1_024)
def shares(decay: str, half_life_days: int | None, window_days: int | None) -> tuple[int, ...]:
    """Return what is left, in millionths, of points 0, 1, 2 … days old, to the window's last day.

    decay:       "none", "linear" (to zero on the window's last day) or "half_life".
    window_days: None is ten years.
    Raises ValueError for linear decay without a window, or a half-life below a day.
    """
    ages = range((window_days or LONGEST_WINDOW_DAYS) + 1)
    if decay == "none":
        return tuple(WHOLE for _ in ages)
    if decay == "linear":
        if not window_days:
            raise ValueError("Linear decay needs a window of at least a day.")
        return tuple(WHOLE * (window_days - age) // window_days for age in ages)
    if not half_life_days or half_life_days < 1:
        raise ValueError("A half-life is at least a day.")
    return tuple(round(WHOLE * math.exp2(-age / half_life_days)) for age in ages)


def whole_points(millionths: int) -> int:
    """Return points from millionths, halves away from zero. No other place rounds points."""
    points = (abs(millionths) + WHOLE // 2) // WHOLE
    return points if millionths >= 0 else -points
