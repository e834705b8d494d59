"""The tables that criteria are made of, as addresses and headings name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models

from leads.models import (
    Bands,
    ChecklistItem,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    Signal,
    VersionedRow,
)


@dataclass(frozen=True, slots=True)
class Table:
    """slug: in addresses. one: what a person calls a row of it."""

    slug: str
    model: type[models.Model]
    one: str

    @property
    def has_order(self) -> bool:
        return issubclass(self.model, VersionedRow)


TABLES: Mapping[str, Table] = {
    table.slug: table
    for table in (
        Table("fit", FitRule, "fit rule"),
        Table("disqualifiers", Disqualifier, "disqualifier"),
        Table("signals", Signal, "signal"),
        Table("modifiers", Modifier, "buying signal"),
        Table("caps", GroupCap, "group cap"),
        Table("hand-raises", HandRaise, "hand-raise"),
        Table("depth", DepthRule, "depth rule"),
        Table("required", RequiredField, "required field"),
        Table("checklist", ChecklistItem, "checklist item"),
        Table("bands", Bands, "bands"),
    )
}
SLUGS = {table.model: table.slug for table in TABLES.values()}
