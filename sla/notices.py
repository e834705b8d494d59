"""What somebody has been told in the app, and whether they have seen it."""

from datetime import datetime

from django.db.models import QuerySet

from leads.models import User
from sla.models import Notification


def notices_of(user: User) -> QuerySet[Notification]:
    """Return what `user` was told in the app."""
    return Notification.objects.visible_to(user).filter(
        channel=Notification.Channel.APP, state=Notification.State.SENT
    )


def unseen_count(user: User) -> int:
    return notices_of(user).filter(seen_at=None).count()


def mark_seen(notices: QuerySet[Notification], *, at: datetime) -> int:
    """Note when these were first seen. Returns how many were not before."""
    return notices.filter(seen_at=None).update(seen_at=at)
