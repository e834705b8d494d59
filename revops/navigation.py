"""What every page shows around itself: the links of one's role, the time, what is unread."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from feedback.queue import held
from leads.countdown import instant_text
from leads.models import Handoff, Role, User
from sla.health import alarms_now
from sla.notices import show_unseen

OPS = (Role.MARKETING_OPS, Role.ADMIN)
EVERYONE = tuple(Role)
# Which pages stand in the bar, in this order: label, the key after G, address, for whom.
PAGES: list[tuple[str, str, str, tuple[Role, ...]]] = [
    ("Queue", "q", "feedback:queue", (Role.REP,)),
    ("SLA", "s", "sla:now", EVERYONE),
    ("Review", "r", "feedback:review", (Role.MANAGER, *OPS)),
    ("Leads", "l", "leads:leads", EVERYONE),
    ("Insights", "i", "feedback:insights", EVERYONE),
    ("Criteria", "c", "leads:criteria", EVERYONE),
    ("Routing", "o", "routing:table", (Role.MANAGER, Role.VIEWER, *OPS)),
    ("Set-up", "u", "setup:index", OPS),
]


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    key: str
    url: str
    is_current: bool
    count: int | None = None


def shell(request: HttpRequest) -> dict[str, object]:
    """Context of the base layout; nothing where nobody is signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or "HX-Request" in request.headers:
        return {}
    is_told = user.has_role(Role.ADMIN)
    return {
        "nav": list(links(user, request.path)),
        "here": instant_text(timezone.now(), user.zone),
        "unread": show_unseen(user),
        "is_ops": user.has_role(*OPS),
        "sees_deliveries": user.has_role(*OPS, Role.MANAGER),
        "is_told_of_alarms": is_told,
        "standing_alarms": alarms_now() if is_told else [],
    }


def links(user: User, path: str) -> list[Link]:
    """Return the links of the bar that `user` has a use for, the page at `path` marked."""
    return [
        Link(label, key, url := reverse(name), path.startswith(url), _count(user, label))
        for label, key, name, roles in PAGES
        if user.has_role(*roles)
    ]


def _count(user: User, label: str) -> int | None:
    if label == "Queue":
        return held(user).count()
    if label == "Review":
        return Handoff.objects.visible_to(user).in_review().count()
    return None
