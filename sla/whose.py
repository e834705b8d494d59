"""Whose a promise is: for tables, lists, filters and the timeline alike.

A rep's promise is that of the turn it began with. What hangs on the handoff, such as the prospect's
first response, is that of the rep whose turn it was at the deadline, or at the stop if that came
first; where no rep had it, of the queue that the lead was in then.
"""

from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Field,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from leads.models import Assignment, OwnershipChange
from sla.models import Target
from sla.models.clocks import INSTANT_ANSWER

NOBODY = "Nobody yet (routing)"
BY_ITSELF = "Handoff, by itself"
# What no rep does: it comes before a turn, or goes by itself.
OF_NO_TURN = (Target.Kind.PASSED, Target.Kind.REVIEW, INSTANT_ANSWER)


def with_whose(clocks: QuerySet[Any]) -> Any:
    """Add to each clock whose it is: `whose_rep` (id; None: no rep's) and `whose`, in words."""
    return clocks.annotate(whose_rep=rep_of(), whose=words_of())


def rep_of(clock: str = "") -> Case:
    """Return an expression for the id of the rep.

    clock: how the rows that are asked lead to their clock ("clock__"); "": they are clocks.
    """
    return _of_turn(clock, "rep_id", BigIntegerField())


def words_of(clock: str = "") -> Case:
    """Return an expression for the name of the rep or the queue, or for who it is otherwise."""
    rep = _of_turn(clock, "rep__name", CharField())
    by_itself = When(**{f"{clock}kind": INSTANT_ANSWER}, then=Value(BY_ITSELF))
    return Case(
        by_itself, default=Coalesce(rep, _queue(clock), Value(NOBODY)), output_field=CharField()
    )


def _of_turn(clock: str, field: str, kind: Field[Any, Any]) -> Case:
    """Return an expression for a field of the turn (Assignment) whose promise it is, or None."""
    of_a_turn = When(**{f"{clock}assignment__isnull": False}, then=f"{clock}assignment__{field}")
    of_none = When(**{f"{clock}kind__in": OF_NO_TURN}, then=None)
    return Case(of_a_turn, of_none, default=_turn_then(clock, field), output_field=kind)


def _turn_then(clock: str, field: str) -> Subquery:
    """Of two turns that meet at the instant, the one that ended had all the time before it. Who
    qualified a lead keeps it.
    """
    then = _instant(clock)
    lasts = Q(ended_at=None) | Q(ended_at__gte=then) | Q(outcome=Assignment.Outcome.QUALIFIED)
    turns = Assignment.objects.filter(lasts, handoff=OuterRef(f"{clock}handoff"))
    return Subquery(turns.filter(passed_at__lte=then).order_by("seq").values(field)[:1])


def _queue(clock: str) -> Subquery:
    changes = OwnershipChange.objects.filter(
        lead=OuterRef(f"{clock}lead"),
        at__gte=OuterRef(f"{clock}handoff__opened_at"),
        at__lt=_instant(clock),
    )
    return Subquery(changes.order_by("-seq").values("to_queue__name")[:1])


def _instant(clock: str) -> Any:
    """The deadline, or the stop if that came first; of one that runs, the deadline."""
    return Least(OuterRef(f"{clock}due_at"), OuterRef(f"{clock}stopped_at"))
