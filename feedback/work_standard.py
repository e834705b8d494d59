"""What must have been done before a lead may be given back, and what an answer must say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from feedback.models import ReasonCode

LONGEST_REST = timedelta(days=730)


class Attempts(NamedTuple):
    """How many touches people logged of a handoff: those that count as attempts, those of which
    nobody said yet what came of them, and those that came too soon or too fast to be meant.
    """

    counted: int = 0
    unsaid: int = 0
    hasty: int = 0

    @property
    def logged(self) -> int:
        return sum(self)


def unmet_work(code: ReasonCode, attempts: Attempts) -> str:
    """Return what is still to be done before `code` may be given; "" if nothing is."""
    if attempts.counted >= code.min_touches:
        return ""
    how = "logged" if attempts.logged == attempts.counted else "that count"
    unmet = [f"{attempts.counted} of {code.min_touches} touches {how}"]
    if attempts.unsaid:
        has = _touches(attempts.unsaid, "has", "have")
        unmet.append(f"{has} no outcome yet: say what came of it")
    if attempts.hasty:
        does = _touches(attempts.hasty, "doesn’t", "don’t")
        unmet.append(f"{does} count: within 20 s of opening the lead, or five in a minute")
    return "; ".join(unmet)


def _touches(number: int, one: str, many: str) -> str:
    return f"1 touch {one}" if number == 1 else f"{number} touches {many}"


def problems(
    code: ReasonCode, *, note: str, nurture_until: date | None, touches: Attempts, today: date
) -> Mapping[str, str]:
    """Return what keeps an answer with `code` from being taken: a sentence by form field.

    today: the day where the rep is.
    """
    found = {}
    if not code.is_active:
        found["code"] = f"“{code}” is no longer offered. Choose another reason."
    elif unmet := unmet_work(code, touches):
        found["code"] = f"“{code}” asks for more work first: {unmet}."
    if code.needs_note and not note.strip():
        found["note"] = f"Say in a few words what you mean by “{code}”."
    if date_problem := _date_problem(code, nurture_until, today):
        found["nurture_until"] = date_problem
    return found


def _date_problem(code: ReasonCode, nurture_until: date | None, today: date) -> str:
    if code.consequence != ReasonCode.Consequence.RECYCLE:
        return ""
    if nurture_until is None:
        return f"“{code}” needs the day on which to ask again." if code.needs_date else ""
    if nurture_until <= today:
        return "Choose a day after today."
    if nurture_until > today + LONGEST_REST:
        return "Choose a day within the next two years."
    return ""


def rest_until(code: ReasonCode, nurture_until: date | None, today: date) -> date | None:
    """Return the day on which a lead given back with `code` is looked at again; None: never."""
    if code.consequence != ReasonCode.Consequence.RECYCLE:
        return None
    return nurture_until or today + timedelta(days=code.nurture_days or 0)
