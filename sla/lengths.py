"""Lengths of time in words, and how a cadence divides one."""

from datetime import timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def length_text(length: timedelta, *, in_days: bool = False) -> str:
    """Return "5 minutes", "1 hour", "90 minutes", "17 hours 9 minutes", rounded up to minutes.

    in_days: from two of them on, whole days are told as such: of wall time only.
    """
    if in_days and length >= 2 * DAY and not length % DAY:
        return _told(length // DAY, "day")
    minutes = -(-length // MINUTE)
    if minutes % 60 and minutes > 120:
        return f"{_told(minutes // 60, 'hour')} {_told(minutes % 60, 'minute')}"
    return _told(minutes, "minute") if minutes % 60 else _told(minutes // 60, "hour")


def between_touches(touches: int, over: timedelta) -> timedelta:
    """Return how long after each touch the next is due, for `touches` to be made over so long."""
    return over / (touches - 1)


def over_touches(touches: int, each: timedelta) -> timedelta:
    """Return over how long `touches` are made, if the next is due so long after `each`: to the
    minute, since the microsecond that a division lost shows in the sum.
    """
    return round((touches - 1) * each / MINUTE) * MINUTE


def _told(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")
