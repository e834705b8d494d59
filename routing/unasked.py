"""What sends a lead to review before any row of the table is asked. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leads.criteria import criteria_of
from leads.custom_facts import all_attributes, labels_of
from leads.documents import live_version
from leads.evidence import Evidence
from leads.models import Document, Handoff, Lead, Stage
from leads.openings import missing_fields
from leads.stage_rules import refusal_on, unmet


@dataclass(frozen=True, slots=True)
class Before:
    """What is looked at before the rows. why: what keeps the lead from them; "" if nothing does."""

    label: str
    why: str


def before_rows(evidence: Evidence, at: datetime, *, refusal: str) -> list[Before]:
    """Return what is looked at first. refusal: what the stages ask for and the lead lacks."""
    missing = _missing(evidence.facts, at)
    return [Before("A field is missing", missing), Before("It may not become MQL", refusal)]


def refusal_of_lead(
    lead: Lead, evidence: Evidence, at: datetime, *, handoff: Handoff | None
) -> str:
    """Return what keeps a lead from becoming MQL, as a sentence; "" if nothing does."""
    return unmet(lead, _stage(Stage.Key.MQL), at=at, handoff=handoff, evidence=evidence)


def refusal_of_newcomer(evidence: Evidence) -> str:
    """Return the same for a lead that has only come in."""
    present, mql = _stage(Stage.Key.ML), _stage(Stage.Key.MQL)
    return refusal_on(present, mql, evidence, all_attributes())


def _missing(facts: Mapping[str, object], at: datetime) -> str:
    """Return in words what the live criteria require and is not known."""
    criteria = criteria_of(live_version(Document.Kind.CRITERIA, at))
    missing = missing_fields(facts, criteria, str(facts.get("handoff.path", "")))
    return f"Missing: {', '.join(labels_of(missing))}." if missing else ""


def _stage(key: str) -> Stage:
    return Stage.objects.get(pk=key)
