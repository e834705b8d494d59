"""What every page shows around itself: the links of one's role, the time, what is unread."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from leads.countdown import instant_text
from leads.models import Handoff, Role, User
from sla.health import alarms
from sla.notices import unseen_count

OPS = (Role.MARKETING_OPS, Role.ADMIN)
EVERYONE = tuple(Role)
# Which pages stand in the bar, for whom, in this order.
PAGES: list[tuple[str, str, tuple[Role, ...]]] = [
    ("Queue", "feedback:queue", (Role.REP,)),
    ("SLA", "sla:now", EVERYONE),
    ("Review", "feedback:review", (Role.MANAGER, *OPS)),
    ("Leads", "leads:leads", EVERYONE),
    ("Insights", "feedback:insights", (Role.MANAGER, Role.VIEWER, *OPS)),
    ("Routing", "routing:table", (Role.MANAGER, Role.VIEWER, *OPS)),
    ("Set-up", "setup:index", OPS),
]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    is_current: bool
    count: int | None = None


def shell(request: HttpRequest) -> dict[str, object]:
    """Context of the base layout; nothing where nobody is signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or "HX-Request" in request.headers:
        return {}
    at = timezone.now()
    return {
        "nav": list(links(user, request.path)),
        "here": instant_text(at, user.zone),
        "unread": unseen_count(user),
        "alarms": alarms(at) if user.has_role(Role.ADMIN) else [],
    }


def links(user: User, path: str) -> list[Link]:
    """Return the links of the bar that `user` has a use for, the page at `path` marked."""
    shown = [(label, reverse(name)) for label, name, roles in PAGES if user.has_role(*roles)]
    return [Link(label, url, path.startswith(url), _count(user, label)) for label, url in shown]


def _count(user: User, label: str) -> int | None:
    if label == "Queue":
        return Handoff.objects.with_reps().filter(owner=user).count()
    if label == "Review":
        return Handoff.objects.visible_to(user).in_review().count()
    return None
