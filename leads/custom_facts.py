"""Declared attributes as facts that rules may ask, and their values as the types they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from django.core.exceptions import ValidationError
from django.db import connection

from leads.facts import FACTS, Fact, FactType
from leads.models import CustomFact, Version

CUSTOM = "custom."
YES = frozenset({"yes", "y", "true", "1", "on"})
NO = frozenset({"no", "n", "false", "0", "off"})
# Every change leaves a row that stays.
COUNT_CHANGES = "SELECT count(*) FROM leads_customfactevent"


def active_attributes() -> dict[str, Fact]:
    """Return the attributes that a new rule may ask, by their names."""
    return _facts(active_only=True)


def all_attributes() -> dict[str, Fact]:
    """Return every attribute ever declared: published rules may ask those switched off since."""
    return _facts(active_only=False)


def attributes_for_drafts() -> dict[str, Fact]:
    """Return every attribute ever declared, marked where it is switched off: a draft that asks for
    such a one is told so by its name.
    """
    return {
        row.name: replace(_fact(row), is_off=not row.is_active) for row in CustomFact.objects.all()
    }


def _facts(*, active_only: bool) -> dict[str, Fact]:
    rows = CustomFact.objects.filter(is_active=True) if active_only else CustomFact.objects.all()
    return {row.name: _fact(row) for row in rows}


def _fact(row: CustomFact) -> Fact:
    return Fact(
        row.name,
        FactType(row.type),
        row.label,
        row.help,
        unit=row.unit,
        choices=tuple((choice, choice) for choice in row.choices),
        ordered=row.is_ordered,
    )


def fact_changes(version: Version) -> int:
    """Return how often attributes were declared or changed: what is kept of the rules of `version`
    holds till there is another change. It came with a version that was read as the live one.
    """
    if version.fact_changes is not None:
        return version.fact_changes
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CHANGES)
        return int(cursor.fetchone()[0])


def check_choices(attribute: CustomFact, choices: Iterable[str]) -> list[str]:
    """Return the choices that `attribute` shall have, each once. Raises ValidationError if one is
    taken away.
    """
    wanted = list(dict.fromkeys(each.strip() for each in choices))
    gone = sorted(set(attribute.choices) - set(wanted)) if attribute.pk else []
    if gone:
        raise ValidationError(
            f"{', '.join(gone)} must stay: rules may ask for it. New ones can be added."
        )
    return wanted


def labels_of(names: Iterable[str], own: Mapping[str, Fact] | None = None) -> list[str]:
    """Return what the facts `names` are called on screens; a name that nothing has is kept.

    own: the declared attributes, for who asks often; None reads them if they are needed.
    """
    names = list(names)
    if own is None:
        own = all_attributes() if has_custom(names) else {}
    known = {**FACTS, **own}
    return [known[name].label if name in known else name for name in names]


def has_custom(names: Iterable[str]) -> bool:
    return any(name.startswith(CUSTOM) for name in names)


def typed(facts: Mapping[str, object], declared: Mapping[str, Fact]) -> dict[str, object]:
    """Return `facts` with texts of declared attributes read as their type: files know only text.

    What can't be read stays as it came, a number that is no percentage as text: rules take it for
    unknown.
    """
    return {
        name: _read(value, declared[name]) if name in declared else value
        for name, value in facts.items()
    }


def _read(value: object, fact: Fact) -> object:
    found = _read_text(value, fact) if isinstance(value, str) else value
    if fact.unit == "%" and isinstance(found, int | float) and not 0 <= found <= 100:
        return str(value)
    return found


def _read_text(text: str, fact: Fact) -> object:
    match fact.type:
        case FactType.NUMBER:
            return _number(text)
        case FactType.BOOLEAN:
            word = text.strip().casefold()
            return word in YES if word in YES | NO else text
        case FactType.LIST:
            return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
        case FactType.CHOICE:
            same = [
                value for value, _ in fact.choices if value.casefold() == text.strip().casefold()
            ]
            return same[0] if same else text
        case FactType.DATE:
            return _day(text)
    return text


def _number(text: str) -> object:
    try:
        number = float(text.replace(" ", ""))
    except ValueError:
        return text
    if number in (float("inf"), float("-inf")) or number != number:
        return text
    return int(number) if number.is_integer() else number


def _day(text: str) -> object:
    try:
        return date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError:
        return text
