"""Whose a promise is: for tables, lists, filters and the timeline alike.

A rep's promise is that of the turn it began with. What hangs on the handoff, such as the prospect's
first response, is that of the rep whose turn it was at the deadline, or at the stop if that came
first, in the handoff that it ran in then; where no rep had it, of the queue that the lead was in.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    F,
    Field,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from leads.models import Assignment, Handoff, OwnershipChange
from sla.models import Target
from sla.models.clocks import INSTANT_ANSWER

NO_REP = "No rep had it"
BY_ITSELF = "Handoff, by itself"
# What no rep does: it comes before a turn, or goes by itself.
OF_NO_TURN = (Target.Kind.PASSED, Target.Kind.REVIEW, INSTANT_ANSWER)


class _IsOneOf(Func):
    """Whether an id is in an array: what an index finds, unlike the lookups of arrays."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


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
        by_itself, default=Coalesce(rep, _queue(clock), Value(NO_REP)), output_field=CharField()
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
    then = _instant(clock, OuterRef)
    lasts = Q(ended_at=None) | Q(ended_at__gte=then) | Q(outcome=Assignment.Outcome.QUALIFIED)
    turns = Assignment.objects.filter(lasts, handoff=_handoff_then(clock, "pk", "handoff"))
    return Subquery(turns.filter(passed_at__lte=then).order_by("seq").values(field)[:1])


def _queue(clock: str) -> Coalesce:
    """Of a handoff that came with a lead which is part of this one since, by what the ledger of
    that lead says.
    """
    handoff = Func(_handoff_then(clock, "pk", "handoff"), function="to_jsonb")
    came_with = {
        "lead__merged_into": OuterRef(f"{clock}lead"),
        "lead__merged_by__at__gt": _instant(clock, OuterRef),
        "lead__merged_by__moved__handoff__contains": handoff,
    }
    before = _changes(clock).filter(**came_with).order_by("lead__merged_by__at", "-seq")
    own = _changes(clock).filter(lead=OuterRef(f"{clock}lead")).order_by("-seq")
    return Coalesce(*(Subquery(each.values("to_queue__name")[:1]) for each in (before, own)))


def _changes(clock: str) -> QuerySet[OwnershipChange]:
    """Return the changes of owner in the course of the handoff, up to the instant."""
    opened_at = _handoff_then(clock, "opened_at", "handoff__opened_at")
    return OwnershipChange.objects.filter(at__gte=opened_at, at__lt=_instant(clock, OuterRef))


def _handoff_then(clock: str, field: str, own: str) -> Coalesce:
    """Return an expression for a field of the handoff that a clock, of the query around, ran in at
    the instant; `own` leads to that of the one that it is in by now.
    """
    ran_in = _IsOneOf(F("pk"), _outer(f"{clock}ran_in"))
    earlier = Handoff.objects.filter(ran_in, closed_at__gte=_instant(clock, _outer))
    found = Subquery(earlier.order_by("closed_at").values(field)[:1])
    return Coalesce(found, OuterRef(f"{clock}{own}"))


def _outer(name: str) -> OuterRef:
    """Return a field of the query around the one that a subquery is asked for."""
    return OuterRef(OuterRef(name))


def _instant(clock: str, outer: Callable[[str], Any]) -> Least:
    """The deadline, or the stop if that came first; of one that runs, the deadline."""
    return Least(outer(f"{clock}due_at"), outer(f"{clock}stopped_at"))
