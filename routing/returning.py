"""A lead that was sent back to rest and returns: whoever accepted it before is asked first."""

from __future__ import annotations

from dataclasses import replace

from leads.conditions import compile_conditions
from routing.questions import Question
from routing.table import Rule

# What such a rule leads to; no row of a table can.
ACCEPTED_BEFORE = "accepted_before"
# Asked before the table, and named like a rule of it wherever decisions are shown.
RETURNING = Rule(
    key=":accepted-before",  # a key that no row's label can become
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
    rep_id = question.accepted_by
    return [] if rep_id is None else [replace(RETURNING, rep_id=rep_id)]
