"""Facts whose values are the keys of other rows: which there are, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import IntegerField, QuerySet, Value

from leads.custom_facts import active_attributes, all_attributes, attributes_for_drafts
from leads.facts import FACTS, Choices, Fact
from leads.models import DepthRule, Document, HandRaise, IntakeSource, Publication

HAND_RAISE, SOURCE = "handoff.hand_raise", "lead.source"


def offered_facts() -> dict[str, Fact]:
    """Return the facts that a new rule may ask beside the registry, by name. What a hand-raise or a
    source is or is not can only be one that there is.
    """
    return {**active_attributes(), **_picked()}


def facts_for_editors() -> dict[str, Fact]:
    """Return what an editor knows of: what it offers, and attributes that are switched off."""
    return {**attributes_for_drafts(), **_picked()}


def facts_of_published() -> dict[str, Fact]:
    """Return the facts beside the registry that a published rule may ask, by name; these name what
    there is of a hand-raise and a source, and are asked whatever became of it.
    """
    listed = {name: replace(FACTS[name], choices=choices) for name, choices in _listed().items()}
    return {**all_attributes(), **listed}


def hand_raises() -> Choices:
    """Return key and label of what opens a handoff by itself, by the criteria that are live."""
    return _listed()[HAND_RAISE]


def _picked() -> dict[str, Fact]:
    return {
        name: replace(FACTS[name], choices=choices, listed=True)
        for name, choices in _listed().items()
    }


def _listed() -> Mapping[str, Choices]:
    """Return the keys and labels of the rows that there are, by the fact that asks for them."""
    newest = Publication.objects.filter(version__document__kind=Document.Kind.CRITERIA)
    live = newest.order_by("-at", "-id").values("version")[:1]
    sources = IntakeSource.objects.annotate(place=Value(0, IntegerField()))
    rows = [
        _rows(HandRaise.objects.filter(version=live), HAND_RAISE, 1, "position", "key", "label"),
        _rows(DepthRule.objects.filter(version=live), HAND_RAISE, 2, "position", "key", "label"),
        _rows(sources, SOURCE, 3, "place", "slug", "name"),
    ]
    found = sorted(rows[0].union(*rows[1:], all=True), key=lambda row: (row[1], row[2], row[4]))
    return {
        name: tuple((key, label) for fact, _, _, key, label in found if fact == name)
        for name in (HAND_RAISE, SOURCE)
    }


def _rows(rows: QuerySet[Any], fact: str, rank: int, *columns: str) -> QuerySet[Any, Any]:
    """Return rows as the fact, a rank and these columns, so that one statement reads them all."""
    return rows.order_by().values_list(Value(fact), Value(rank), *columns)
