"""Touches that came too soon or too fast to be meant: marked where shown, never refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)

from leads.models import Assignment, Touch
from sla.models import ClockEvent, Target

# Sooner after opening the lead nobody has read it and dialled.
TOO_SOON = timedelta(seconds=20)
TOO_MANY, TOO_FAST = 5, timedelta(minutes=1)
KEPT_BY_TOUCH = (
    Target.Kind.RECEIVED,
    Target.Kind.FIRST_TOUCH,
    Target.Kind.FOLLOW_UP,
    Target.Kind.FIRST_RESPONSE,
)


def marked(touches: QuerySet[Touch]) -> QuerySet[Touch]:
    """Annotate what is hasty of a rep's touches.

    is_too_soon: less than 20 seconds after they had opened the lead.
    is_too_fast: one of five or more that they made within a minute, of whatever leads.
    """
    opened_at = F("assignment__received_at")
    soon = Q(
        is_automated=False,
        assignment__evidence=Assignment.Evidence.OPENED,
        occurred_at__gte=opened_at,
        occurred_at__lt=opened_at + TOO_SOON,
    )
    return touches.annotate(
        is_too_soon=ExpressionWrapper(soon, BooleanField()), is_too_fast=Exists(_begins_a_minute())
    )


def is_hasty(touch: Any) -> bool:
    """Whether a touch that is `marked` is hasty."""
    return bool(touch.is_too_soon or touch.is_too_fast)


def stopped_in_haste() -> Q:
    """Return the condition that a hasty touch is what stopped a clock. Few rows are asked the dear
    part of it: those of promises that a touch keeps.
    """
    touch = marked(Touch.objects.filter(pk=OuterRef("touch")))
    hasty = touch.filter(Q(is_too_soon=True) | Q(is_too_fast=True))
    stop = ClockEvent.objects.filter(
        Exists(hasty),
        clock=OuterRef("pk"),
        kind=ClockEvent.Kind.STOPPED,
        due_at=OuterRef("stopped_at"),  # an earlier stop that was corrected has another
        touch__isnull=False,
    )
    return Q(kind__in=KEPT_BY_TOUCH) & Q(Exists(stop))


def _begins_a_minute() -> QuerySet[Touch]:
    """Return the touches of the same rep with which a minute of too many began that the outer one
    lies in.
    """
    in_minute = Touch.objects.filter(
        by=OuterRef("by"),
        occurred_at__gte=OuterRef("occurred_at"),
        occurred_at__lt=OuterRef("occurred_at") + TOO_FAST,
    )
    # To look for the last of them is a third of the work of counting them.
    too_many = in_minute[TOO_MANY - 1 : TOO_MANY]
    same_rep = Touch.objects.filter(
        by=OuterRef("by"),
        occurred_at__lte=OuterRef("occurred_at"),
        occurred_at__gt=OuterRef("occurred_at") - TOO_FAST,
    )
    return same_rep.filter(Exists(too_many))
