"""Leads that reps have, with their clocks running."""

from __future__ import annotations

import pytest
from django.db import transaction

from feedback.models import ReasonCode
from leads import handoffs
from sla import clocks


@pytest.fixture
def pass_lead(make_handoff, make_lead, at):
    """Pass a lead to `rep`, or have it accepted, with its clocks started; returns the handoff."""

    @transaction.atomic
    def make(rep, name="Clara Nyström", *, accepted=False, **fields):
        lead = make_lead(name, stage_id="mql")
        handoff = make_handoff(lead, rep=rep, **fields)
        assignment = handoffs.open_assignment(handoff)
        clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)
        clocks.start_assignment_clocks(assignment, at=at)
        if accepted:
            handoffs.accept(assignment, by=rep, at=at)
            clocks.stop(handoff, ["accept"], at=at, evidence="Accepted")
        handoff.refresh_from_db()
        return handoff

    return make


@pytest.fixture
def code(defaults):
    """Give a function that finds a shipped reason by its key."""
    return lambda key: ReasonCode.objects.get(key=key)
