"""A lead that was sent back to rest and returns: whoever accepted it before is asked first."""

from __future__ import annotations

from dataclasses import replace

from leads.conditions import compile_conditions
from leads.models import Assignment, Handoff, Lead
from routing.questions import Question
from routing.table import Rule

# What such a rule leads to; no row of a table can.
ACCEPTED_BEFORE = "accepted_before"
# Asked before the table, and named like a rule of it wherever decisions are shown.
RETURNING = Rule(
    key="accepted-before",
    label="Accepted it before",
    conditions=compile_conditions([]),
    outcome=ACCEPTED_BEFORE,
    rota_id=None,
    rep_id=None,
    queue_id=None,
    priority=0,
)


def rules_before_the_table(question: Question) -> list[Rule]:
    """Return what is asked first: for a lead that returns, whoever accepted it last time."""
    if question.lead is None:
        return []
    rep_id = accepted_before(question.lead, question.handoff)
    return [] if rep_id is None else [replace(RETURNING, rep_id=rep_id)]


def accepted_before(lead: Lead, handoff: Handoff | None) -> int | None:
    """Return the id of the rep who accepted `lead` last; None unless it was recycled since.

    handoff: the open one, which doesn't count. None: there is none.
    """
    closed = Handoff.objects.filter(lead=lead, state=Handoff.State.CLOSED).order_by("-closed_at")
    if closed.values_list("closed_as", flat=True).first() != Handoff.ClosedAs.RECYCLED:
        return None
    accepted = Assignment.objects.filter(
        handoff__lead=lead, answer=Assignment.Answer.ACCEPTED
    ).exclude(handoff=handoff)
    return accepted.order_by("-answered_at").values_list("rep", flat=True).first()
