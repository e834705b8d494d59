"""How much of a signal's points is left as whole UTC days pass, and where points are rounded."""

import math
from functools import lru_cache

# Shares are whole millionths, so that sums are exact and the same on every machine.
WHOLE = 1_000_000


def remaining(
    decay: str, age_days: int, *, half_life_days: int | None, window_days: int | None
) -> int:
    """Return the share left, in millionths, of points that are `age_days` old.

    decay:       "none", "linear" (to zero at the window's end) or "half_life".
    window_days: after so many days nothing is left; None is for ever.
    Raises ValueError for linear without a window, or a half-life below a day.
    """
    if window_days is not None and age_days > window_days:
        return 0
    if decay == "none":
        return WHOLE
    if decay == "linear":
        return _linear(age_days, window_days)
    return _halved(age_days, half_life_days)


def _linear(age_days: int, window_days: int | None) -> int:
    if not window_days:
        raise ValueError("Linear decay needs a window of at least a day.")
    return WHOLE * (window_days - age_days) // window_days


@lru_cache(maxsize=8_192)
def _halved(age_days: int, half_life_days: int | None) -> int:
    if not half_life_days or half_life_days < 1:
        raise ValueError("A half-life is at least a day.")
    return round(WHOLE * math.exp2(-age_days / half_life_days))


def whole_points(millionths: int) -> int:
    """Return points from millionths, halves away from zero. No other place rounds points."""
    points = (abs(millionths) + WHOLE // 2) // WHOLE
    return points if millionths >= 0 else -points
