"""Leads that reps have, with their clocks running."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from feedback.merge_pairs import pair_of
from feedback.merging import merge
from feedback.models import ReasonCode
from leads import documents, handoffs
from leads.documents import live_version, publish, start_draft
from leads.fact_history import record_facts
from leads.models import Activity, Document, Lead
from sla import clocks, handoff_clocks
from sla.models import Policy, Target
from sla.models.promises import STAYS

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

# All that the shipped criteria require of a lead.
COMPLETE = {"person.email": "a@b.example", "account.name": "B", "account.country": "se"}


@pytest.fixture
def pass_lead(make_handoff, make_lead, at):
    """Pass a lead to `rep`, or have it accepted, with its clocks started; returns the handoff."""

    @transaction.atomic
    def make(rep, name="Clara Nyström", *, accepted=False, **fields):
        lead = make_lead(name, stage_id="mql")
        handoff = make_handoff(lead, rep=rep, **fields)
        assignment = handoffs.open_assignment(handoff)
        handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)
        handoff_clocks.start_assignment_clocks(assignment, at=at)
        if accepted:
            handoffs.accept(assignment, by=rep, at=at)
            clocks.stop(handoff, ["accept"], at=at, evidence="Accepted")
        handoff.refresh_from_db()
        return handoff

    return make


@pytest.fixture
def join(olga, at):
    """Merge the second lead into the first, as `by` sees them; returns the first, afresh."""

    def merged(keep, gone, *, then=at + 3 * MINUTE, by=olga):
        keep, gone = Lead.objects.get(pk=keep.pk), Lead.objects.get(pk=gone.pk)
        merge(keep, gone, seen=pair_of(keep, gone).mark, by=by, at=then)
        connection.check_constraints()  # what must agree at the end
        return Lead.objects.get(pk=keep.pk)

    return merged


@pytest.fixture
def promise_stays(defaults, at):
    draft = start_draft(live_version(Document.Kind.POLICIES, at), by=None)
    for policy in Policy.objects.filter(version=draft):
        for kind in STAYS.values():
            Target.objects.create(policy=policy, kind=kind, measure="wall", allowed=HOUR)
    publish(draft, by=None, note="Stays too", at=at - HOUR)


@pytest.fixture
def code(defaults):
    """Give a function that finds a shipped reason by its key."""
    return lambda key: ReasonCode.objects.get(key=key)


@pytest.fixture
def live(defaults, at):
    """The shipped criteria."""
    cache.clear()
    return live_version("criteria", at)


@pytest.fixture
def draft(live, olga):
    return documents.start_draft(live, by=olga)


@pytest.fixture
def make_past_lead(make_lead, at):
    """Make a lead that entered some days ago, told `facts`, and did something of `kind` then."""

    def make(kind, *, days_ago=30, facts=COMPLETE, **fields):
        then = at - timedelta(days=days_ago)
        lead = make_lead(f"{kind} {days_ago}", entered_at=then, **fields)
        record_facts(lead, facts, known_from=then)
        Activity.objects.create(lead=lead, kind=kind, occurred_at=then)
        return lead

    return make
