"""What somebody has been told in the app, and whether they have seen it."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now

from leads.models import Handoff, Lead, User
from sla.models import Notification


def notices_of(user: User) -> QuerySet[Notification]:
    """Return what `user` was told in the app."""
    return Notification.objects.visible_to(user).filter(
        channel=Notification.Channel.APP, state=Notification.State.SENT
    )


def show_unseen(user: User) -> int:
    """Return how many messages `user` has not seen. A page shows it: they are delivered now."""
    notices = notices_of(user).filter(seen_at=None)
    new = Q(delivered_at=None)
    found = notices.aggregate(unseen=Count("pk"), new=Count("pk", filter=new))
    if found["new"]:
        notices.filter(new).update(delivered_at=Now())
    return int(found["unseen"])


def unseen_count(user: User) -> int:
    return notices_of(user).filter(seen_at=None).count()


def mark_seen(notices: QuerySet[Notification], *, at: datetime) -> int:
    """Note when these were first seen. Returns how many were not before."""
    shown = Coalesce("delivered_at", Value(at))
    return notices.filter(seen_at=None).update(seen_at=at, delivered_at=shown)


def see_lead(user: User, lead_id: int, *, at: datetime) -> int:
    """Note as seen what `user`, who looks at a lead or works on it, was told of it, or of a lead
    that is part of it by now. Returns how many messages were not before.
    """
    person = Lead.objects.filter(Q(pk=lead_id) | Q(merged_into=lead_id))
    of_it = Q(lead__in=person) | Q(handoff__in=Handoff.objects.filter(lead=lead_id))
    return mark_seen(notices_of(user).filter(of_it), at=at)
