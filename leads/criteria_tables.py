"""The tables that criteria are made of, as addresses and headings name them."""

from __future__ import annotations

from collections.abc import Mapping

from leads.document_pages import Table
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
)

TABLES: Mapping[str, Table] = {
    table.slug: table
    for table in (
        Table("fit", FitRule, "fit rule"),
        Table("disqualifiers", Disqualifier, "disqualifier"),
        Table("signals", Signal, "signal", among="group"),
        Table("modifiers", Modifier, "buying signal"),
        Table("caps", GroupCap, "group cap"),
        Table("hand-raises", HandRaise, "hand-raise"),
        Table("depth", DepthRule, "depth rule"),
        Table("required", RequiredField, "required field"),
        Table("checklist", ChecklistItem, "checklist item"),
        Table("bands", Bands, "grid of bands"),
    )
}
SLUGS = {table.model: table.slug for table in TABLES.values()}
