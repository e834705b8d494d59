"""Lengths of time in words."""

from datetime import timedelta


def length_text(length: timedelta) -> str:
    """Return "5 minutes", "1 hour", "90 minutes": whole hours, else minutes, rounded up."""
    minutes = -(-length // timedelta(minutes=1))
    number, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    return f"{number} {unit}" + ("" if number == 1 else "s")
