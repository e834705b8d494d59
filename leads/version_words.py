"""Rows of a versioned document as a person reads them: which row it is, and each of its cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.conditions import Conditions, InvalidConditions, describe
from leads.facts import ACTIVITY_KINDS, FACTS, Fact

Vocabulary = Mapping[str, Fact]

# Said elsewhere: whose row it is, which one, and where it stands.
NOT_CELLS = frozenset({"id", "version", "key", "position"})
NOTHING = "–"
# As the editors call them, where a field's own name is no English.
LABELS = {
    "label": "Name",
    "half_life_days": "Half-life in days",
    "window_days": "Counts for days",
    "where": "Only where",
    "high": "High intent",
    "fit_a": "Fit A from",
    "fit_b": "Fit B from",
    "readiness_1": "Readiness 1 from",
    "readiness_2": "Readiness 2 from",
    "opens_at": "Opens a handoff at",
    "targets": "Promises",
    "zone": "Time zone",
    "hours": "Week",
    "holiday_country": "Holidays of",
    "holiday_subdivision": "Part of the country",
    "own_days": "Own days off",
    "overrides": "Other hours on",
}


class Words(NamedTuple):
    """One cell: the name of its column, and what stands in it."""

    label: str
    text: str


def natural_key(model: type[models.Model], *, within: str = "version") -> list[str]:
    """Return the fields that tell the rows of one version apart, or of what else they are part of;
    none where there is one row.
    """
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and within in constraint.fields:
            return [name for name in constraint.fields if name != within]
    return []


def key_of(row: models.Model) -> str:
    """Return what names `row` within its version, the same from version to version."""
    return ":".join(str(getattr(row, name)) for name in natural_key(type(row)))


def name_of(row: models.Model, own: Vocabulary) -> str:
    """Return what a person calls `row`."""
    if hasattr(row, "label"):
        return str(row.label)
    words = cells_of(row, own)
    named = [words[name].text for name in natural_key(type(row))]
    return ": ".join(named) or str(row._meta.verbose_name_plural).capitalize()


def own_cells(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the fields of `model` that are cells of its rows."""
    return [field for field in model._meta.fields if field.name not in NOT_CELLS]


def cells_of(row: models.Model, own: Vocabulary) -> dict[str, Words]:
    """Return the cells of `row` by name, with one for the rows that belong to it.

    own: the facts that the organisation declared, by name.
    """
    cells = {
        field.name: Words(_label(field), _field_text(row, field, own))
        for field in own_cells(type(row))
    }
    for accessor in belonging(type(row)):
        rows = "; ".join(parts_of(row, accessor).values())
        cells[accessor] = Words(LABELS.get(accessor, accessor.capitalize()), rows or NOTHING)
    return cells


def belonging(model: type[models.Model]) -> list[str]:
    """Return the accessors of the rows that mean nothing without one of `model`."""
    return [
        relation.get_accessor_name() or ""
        for relation in model._meta.related_objects
        if relation.on_delete is models.CASCADE
    ]


def rows_of(row: models.Model, accessor: str) -> Sequence[models.Model]:
    """Return the rows that belong to `row`: as they were typed, where a form has read them into
    `typed_` and the accessor's name, else as they are stored.
    """
    typed: Sequence[models.Model] | None = getattr(row, f"typed_{accessor}", None)
    if typed is not None:
        return typed
    return list(getattr(row, accessor).all()) if row.pk else []


def parts_of(row: models.Model, accessor: str) -> dict[tuple[int, str], str]:
    """Return the rows that belong to `row` in words, by what tells them apart, with its place among
    all that may be chosen, in that order; as they come where anything may be.
    """
    rows = rows_of(row, accessor)
    keys = [_key_within(each, str(row._meta.model_name)) for each in rows]
    found = zip(keys, map(str, rows), strict=True)
    return dict(sorted(found, key=lambda each: each[0][0]))


def _key_within(part: models.Model, whole: str) -> tuple[int, str]:
    """Return what tells `part` apart from the others of the row that its field `whole` names."""
    fields = {each.name: each for each in type(part)._meta.fields}
    key = [fields[name] for name in natural_key(type(part), within=whole) or ["id"]]
    values = [getattr(part, field.attname) for field in key]
    offered = [value for value, _ in key[0].flatchoices]
    place = offered.index(values[0]) if values[0] in offered else 0
    return place, ":".join(map(str, values))


def fingerprint(row: models.Model | None) -> str:
    """Return what changes with any cell of `row`; "" where there is no row."""
    if row is None:
        return ""
    values = [getattr(row, field.attname) for field in row._meta.fields if field.name != "position"]
    values += [_values_of_rows(row, accessor) for accessor in belonging(type(row))]
    return hashlib.sha256(repr(values).encode()).hexdigest()[:20]


def marks_of(row: models.Model | None) -> dict[str, str]:
    """Return for each cell of `row` what changes with it; nothing where there is no row."""
    if row is None:
        return {}
    cells = {field.name: getattr(row, field.attname) for field in own_cells(type(row))}
    cells |= {accessor: _values_of_rows(row, accessor) for accessor in belonging(type(row))}
    return {name: _mark(value) for name, value in cells.items()}


def _values_of_rows(row: models.Model, accessor: str) -> list[str]:
    """Return what the rows that belong to `row` say, whatever their ids and their order."""
    rows = rows_of(row, accessor)
    cells = [field for field in own_cells(type(rows[0])) if not field.is_relation] if rows else []
    return sorted(repr([getattr(each, field.attname) for field in cells]) for each in rows)


def _mark(value: object) -> str:
    told = json.dumps(value, sort_keys=True, default=str)  # stored conditions have an order of keys
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def conditions_in_words(conditions: Conditions, own: Vocabulary) -> str:
    """Return conditions as a sentence, even where a fact in them no longer exists."""
    try:
        return describe(conditions, extra_facts=own)
    except InvalidConditions:
        groups = [" and ".join(_condition(each, own) for each in group) for group in conditions]
        return ", or ".join(groups)


def properties_in_words(where: Mapping[str, object]) -> str:
    """Return a filter on properties as "page is docs and plan is team"."""
    return " and ".join(f"{name} is {value}" for name, value in where.items()) or NOTHING


def _condition(condition: Mapping[str, Any], own: Vocabulary) -> str:
    try:
        return describe([[condition]], extra_facts=own)
    except InvalidConditions as invalid:
        return f"[{invalid.messages[0].partition(': ')[2]}]"


def _label(field: models.Field[Any, Any]) -> str:
    return LABELS.get(field.name) or str(field.verbose_name).capitalize()


def _field_text(row: models.Model, field: models.Field[Any, Any], own: Vocabulary) -> str:
    value = getattr(row, field.name)
    if not field.choices and (words := getattr(row, f"get_{field.name}_display", None)):
        return str(words())  # a model's own words for what no field tells
    match field.name, value:
        case _, None | "":
            return NOTHING
        case "conditions", list():
            return conditions_in_words(value, own)
        case "fact", str() if value in FACTS or value in own:
            return (FACTS.get(value) or own[value]).label
        case "kind", str() if value in ACTIVITY_KINDS:
            return ACTIVITY_KINDS[value].label
        case _, bool():
            return "yes" if value else "no"
        case _, dict():
            return properties_in_words(value)
    return _typed_text(row, field, value)


def _typed_text(row: models.Model, field: models.Field[Any, Any], value: Any) -> str:
    if field.choices and not isinstance(field, ArrayField):
        return str(getattr(row, f"get_{field.name}_display")())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or NOTHING
    if field.name == "points":
        return signed(value)
    return str(value)


def signed(points: int) -> str:
    """Return points with their sign, as +25 or −10."""
    return f"−{-points}" if points < 0 else f"+{points}"
