"""Which leads stand behind a number of the criteria page."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import RegexValidator
from django.db.models import QuerySet

from leads.conditions import InvalidConditions
from leads.criteria_counts import Standpoint, Survey, surveys, that_fired
from leads.models import Document, Lead, Signal, Version

# "9:fit:size-core": a rule of version 9 that holds; "9:band:A1", "9:fit-points:20..24".
CRITERION = RegexValidator(
    r"^\d{1,18}:(signals|fit|disqualifiers|modifiers|band):[\w-]+$"
    r"|^\d{1,18}:(fit|readiness)-points:-?\d{1,9}\.\.-?\d{1,9}$",
    "Follow a number on the criteria page; it writes this itself.",
)


def touched_by(leads: QuerySet[Lead], criterion: str, at: datetime) -> QuerySet[Lead]:
    """Return those of `leads` that a valid `criterion` touches; none if it no longer exists, or if
    its version asks what is no longer known.
    """
    number, what, which = criterion.split(":")
    of_criteria = Version.objects.filter(document__kind=Document.Kind.CRITERIA)
    version = of_criteria.filter(number=int(number)).first()
    if version is None:
        return leads.none()
    if what == "signals":
        return _that_fired(leads, version, which, at)
    try:
        (survey,) = surveys([version], at)
    except InvalidConditions:
        return leads.none()
    return leads.filter(pk__in=_surveyed(survey, what, which))


def _that_fired(leads: QuerySet[Lead], version: Version, key: str, at: datetime) -> QuerySet[Lead]:
    signal = Signal.objects.filter(version=version, key=key).first()
    if signal is None:
        return leads.none()
    return leads.filter(pk__in=that_fired(signal, at).values("person"))


def _surveyed(survey: Survey, what: str, which: str) -> list[int]:
    if what == "band":
        return survey.ids(lambda lead: lead.band == which)
    if what in ("fit", "disqualifiers", "modifiers"):
        return survey.held_by(f"{what}:{which}")
    low, high = map(int, which.split(".."))
    return survey.ids(lambda lead: low <= _points(lead, what) <= high)


def _points(lead: Standpoint, what: str) -> int:
    return lead.fit if what == "fit-points" else lead.readiness
