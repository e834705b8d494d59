"""What was known of a lead when: facts from snapshots, behaviour from activities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from leads.activity_series import Series
from leads.bulk_evidence import series_of_all
from leads.evidence import Evidence
from leads.known_facts import newest_facts, newest_own_facts
from leads.models import FactSnapshot, Lead, Submission, User


def facts_of(lead: Lead, at: datetime) -> dict[str, object]:
    """Return the facts about `lead` as they were known at `at`, by dotted name; before anything was
    known of it, those about who was merged into it.
    """
    return newest_facts([lead.pk], at).get(lead.pk, {})


def record_facts(
    lead: Lead,
    facts: Mapping[str, object],
    *,
    known_from: datetime,
    submission: Submission | None = None,
    by: User | None = None,
) -> FactSnapshot | None:
    """Keep what is now known of `lead`. None if it is what was known before."""
    known = {name: value for name, value in facts.items() if value is not None}
    if newest_own_facts([lead.pk], known_from).get(lead.pk, {}) == known:
        return None
    return FactSnapshot.objects.create(
        lead=lead, known_from=known_from, facts=known, submission=submission, by=by
    )


def acts_of(lead: Lead, at: datetime) -> list[Series]:
    """Return what `lead` and its account did up to `at`."""
    return series_of_all({lead.pk: lead.account_id}, at)[lead.pk]


def evidence_for(lead: Lead, at: datetime, extra: Mapping[str, object] | None = None) -> Evidence:
    """Return all that was known of `lead` at `at`, and `extra` facts such as those of its score."""
    return Evidence({**facts_of(lead, at), **(extra or {})}, acts_of(lead, at), at)
