"""Puts the queue's page together: the list, the open lead, the answer pane."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django_htmx.http import push_url, reswap, retarget

from feedback import queue
from feedback.closed_lately import closed_lately
from feedback.forms import AnswerForm
from feedback.models import Disposition
from feedback.my_week import my_week
from feedback.packet_page import choices, opened
from feedback.queue import Show
from leads.merging import may_merge
from leads.models import Handoff, Touch, User
from leads.requests import SignedInRequest, wants_fragment
from leads.same_person import perhaps_same
from sla.notices import show_unseen

LABELS = {
    Show.MINE: "Mine",
    Show.WAITING: "To answer",
    Show.ACCEPTED: "Accepted",
    Show.QUALIFIED: "Qualified",
    Show.DECIDED: "Won, lost",
    Show.CLOSED: "Closed",
}


# Channel, key, icon and label of the buttons that log a touch.
CHANNELS = [
    (Touch.Channel.CALL, "c", "phone", "Call"),
    (Touch.Channel.EMAIL, "e", "mail", "E-mail"),
    (Touch.Channel.MEETING, "", "calendar", "Meeting"),
    (Touch.Channel.SOCIAL, "", "users", "Social"),
]


@dataclass(frozen=True)
class Where:
    """Whose queue is looked at, which part of it, and when."""

    viewer: User
    rep: User
    show: Show
    at: datetime

    @property
    def is_own(self) -> bool:
        return self.rep == self.viewer

    @property
    def query(self) -> str:
        """What addresses of this queue carry along: "?show=waiting", or ""."""
        return self.query_for(self.show)

    def query_for(self, show: Show) -> str:
        told = {} if show == Show.MINE else {"show": show.value}
        if not self.is_own:
            told["rep"] = str(self.rep.pk)
        return f"?{urlencode(told)}" if told else ""

    @property
    def url(self) -> str:
        return reverse("feedback:queue") + self.query

    def lead_url(self, handoff: Handoff) -> str:
        return reverse("feedback:lead", args=[handoff.pk]) + self.query


def where(request: SignedInRequest, at: datetime, *, rep: User | None = None) -> Where:
    """Read from the address which queue is meant, and which part of it. Raises Http404 for one that
    isn't the viewer's to see, and for a part that there is none of.
    """
    found = rep or whose(request.user, request.GET)
    wanted = request.GET.get("show") or Show.MINE
    if wanted not in list(Show):
        raise Http404
    return Where(request.user, found, Show(wanted), at)


def whose(viewer: User, address: QueryDict) -> User:
    wanted = address.get("rep", "")
    if wanted in ("", str(viewer.pk)):
        return viewer
    if not wanted.isdecimal():
        raise Http404
    return get_object_or_404(queue.reps_for(viewer), pk=wanted)


def page_context(
    place: Where, handoff: Handoff | None, *, panel: str = "answer", form: AnswerForm | None = None
) -> dict[str, Any]:
    """Return what the templates of the queue show, with `handoff` open (None: the next lead)."""
    handoffs = queue.queue_of(place.rep, viewer=place.viewer)
    rows = queue.rows(handoffs, place.show, at=place.at)
    chosen = handoff or next_lead(rows)
    counts = counts_of(place)
    return {
        **(lead_context(place, chosen, panel=panel, form=form) if chosen else {"place": place}),
        "at": place.at,
        "is_named": handoff is not None,
        "rows": rows,
        "closed": closed_of(place)[: queue.MOST_ROWS] if place.show == Show.CLOSED else None,
        "chips": chips(place, counts),
        "held": counts[Show.MINE],
        "version": queue.version(place.rep),
        "reps": queue.reps_for(place.viewer),
        "week": None if chosen else my_week(place.rep, place.at),
    }


def lead_context(
    place: Where, handoff: Handoff, *, panel: str, form: AnswerForm | None = None
) -> dict[str, Any]:
    """Return what the packet and the answer pane of `handoff` show."""
    lead = opened(with_lead(handoff), viewer=place.viewer, at=place.at)
    return {
        "place": place,
        "at": place.at,
        "opened": lead,
        "panel": panel,
        "form": form,
        "channels": CHANNELS,
        "outcomes": Touch.Outcome.choices,
        "choices": choices(lead.touches) if panel == "reason" else [],
        "runs_on": lead.what_runs_on(place.at) if panel == "pause" else [],
        "perhaps_same": list(perhaps_same(handoff.lead, place.viewer)),
        "may_merge": may_merge(place.viewer),
    }


def next_lead(rows: list[queue.Row]) -> Handoff | None:
    """Return what to open: the first lead that waits for an answer, else the first."""
    waiting = [row for row in rows if row.handoff.state == Handoff.State.PASSED]
    return next((row.handoff for row in [*waiting, *rows]), None)


def with_lead(handoff: Handoff) -> Handoff:
    """Return `handoff` with all that its packet refers to."""
    related = ("lead__account__owner", "lead__source", "owner", "hop", "criteria", "instant_answer")
    return Handoff.objects.select_related(*related).get(pk=handoff.pk)


def closed_of(place: Where) -> QuerySet[Disposition]:
    said = closed_lately(place.rep, viewer=place.viewer, at=place.at)
    return said.select_related("handoff__lead", "code")


def counts_of(place: Where) -> dict[str, int]:
    """Return how many leads each part of the queue has."""
    counts = queue.counts(queue.queue_of(place.rep, viewer=place.viewer))
    return {**counts, Show.CLOSED: closed_of(place).count()}


def chips(place: Where, counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "label": LABELS[show] if place.is_own or show != Show.MINE else "Open",
            "count": counts[show],
            "url": reverse("feedback:queue") + place.query_for(show),
            "is_current": show == place.show,
        }
        for show in Show
    ]


def full_page(
    request: SignedInRequest, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    return render(request, "feedback/queue.html", context, status=status)


def panes(
    request: SignedInRequest,
    place: Where,
    *,
    handoff: Handoff | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer an action with the list as it is now and `handoff` open, or the next lead."""
    context = page_context(place, handoff)
    if not wants_fragment(request):
        return full_page(request, context, status=status)
    context["unread"] = show_unseen(request.user)
    response = render(request, "feedback/_panes_swap.html", context, status=status)
    response = reswap(retarget(response, "#main"), "outerHTML")
    return push_url(response, place.lead_url(handoff) if handoff else place.url)


def pane(
    request: SignedInRequest,
    place: Where,
    handoff: Handoff,
    *,
    panel: str,
    form: AnswerForm,
    status: int = 200,
) -> HttpResponse:
    """Show a form in the answer pane, beside the lead it is about."""
    if not wants_fragment(request):
        context = page_context(place, handoff, panel=panel, form=form)
        return full_page(request, context, status=status)
    context = lead_context(place, handoff, panel=panel, form=form)
    response = render(request, "feedback/_answer.html", context, status=status)
    return reswap(retarget(response, "#answer"), "outerHTML")
