"""Everything that happened with a lead, in one list, newest first, a page at a time.

Each kind of event has a rank in the order of cause: of two at the same instant, the higher ranked
came later. Instant, rank and id place an event for good, so that a page begins where the last one
ended however much came in between. One query finds the events of a page, one more for each kind
reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value

from feedback import timeline_words as words
from feedback.models import DealChange, Disposition
from feedback.timeline_words import Told
from leads.models import (
    Activity,
    Assignment,
    FactSnapshot,
    Handoff,
    Lead,
    Meeting,
    Merge,
    Opportunity,
    Organisation,
    OwnershipChange,
    RefusedOwnership,
    ScoreSnapshot,
    StageTransition,
    Submission,
    Touch,
)
from leads.places import place_text, read_place
from routing.models import Decision
from sla.haste import marked
from sla.models import ClockEvent, Notification, Pause
from sla.staleness import clock_key_of_event
from sla.whose import words_of

PAGE_SIZE = 30
# What amounts of deals are in: a subquery, read with them.
CURRENCY = Subquery(Organisation.objects.values("currency")[:1])


class Place(NamedTuple):
    """Where an event stands; the newest has the greatest."""

    at: datetime
    rank: int
    pk: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    place: Place
    told: Told

    @property
    def at(self) -> datetime:
        return self.place.at


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: where the next page begins, as text for an address; "" on the last one."""

    entries: list[Entry]
    next: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its rows, the field with its instant, and how a row is told."""

    rows: Callable[[Lead], QuerySet[Any]]
    instant: str
    tell: Callable[[Any], Told]
    related: tuple[str, ...] = ()


def _of_lead(model: Any, **conditions: Any) -> Callable[[Lead], QuerySet[Any]]:
    return lambda lead: model.objects.filter(lead=lead, **conditions)


def _of_person(model: Any, **conditions: Any) -> Callable[[Lead], QuerySet[Any]]:
    """Rows that stay with the lead they were written of, also once it is merged into another."""

    def rows(lead: Lead) -> QuerySet[Any]:
        one_person = Lead.objects.filter(Q(pk=lead.pk) | Q(merged_into=lead)).values("pk")
        found: QuerySet[Any] = model.objects.filter(lead__in=one_person, **conditions)
        return found

    return rows


def _of_handoffs(model: Any, **conditions: Any) -> Callable[[Lead], QuerySet[Any]]:
    return lambda lead: model.objects.filter(handoff__lead=lead, **conditions)


def _activities(lead: Lead) -> QuerySet[Any]:
    return Activity.objects.known_for(lead.pk, lead.account_id)


def _told_deals(lead: Lead) -> QuerySet[Any]:
    return DealChange.objects.filter(deal__lead=lead).annotate(currency=CURRENCY)


def _deals(lead: Lead) -> QuerySet[Any]:
    """Deals whose opening no rep told of; `is_told`: what became of them a rep did."""
    told = DealChange.objects.filter(deal=OuterRef("pk"))
    deals = Opportunity.objects.filter(~Exists(told.filter(from_state="")), lead=lead)
    return deals.annotate(is_told=Exists(told), currency=CURRENCY)


def _closed_deals(lead: Lead) -> QuerySet[Any]:
    return _deals(lead).filter(is_told=False, closed_at__isnull=False)


def _touches(lead: Lead) -> QuerySet[Any]:
    return marked(Touch.objects.filter(lead=lead))


def _clock_events(lead: Lead) -> QuerySet[Any]:
    """What clocks did; `whose` each promise was, `told_to`: the names of those whom a step told."""
    told = Notification.objects.filter(
        handoff=OuterRef("clock__handoff"), key=clock_key_of_event(), channel="app"
    )
    return ClockEvent.objects.filter(clock__lead=lead).annotate(
        whose=words_of("clock__"),
        told_to=ArraySubquery(told.order_by("pk").values("recipient__name")),
    )


def _pauses(lead: Lead) -> QuerySet[Any]:
    return Pause.objects.filter(assignment__handoff__lead=lead)


def _ended_pauses(lead: Lead) -> QuerySet[Any]:
    return _pauses(lead).filter(ended_at__isnull=False)


# In the order of cause. A change of band is kept without a handoff; a correction has an author.
KINDS: tuple[Kind, ...] = (
    Kind(_of_lead(Submission), "received_at", words.submission, ("source", "by")),
    Kind(_activities, "occurred_at", words.activity, ("source",)),
    Kind(_of_person(FactSnapshot, by__isnull=False), "known_from", words.correction, ("by",)),
    Kind(_of_person(ScoreSnapshot, handoff=None), "at", words.score, ("version__document",)),
    Kind(_of_lead(Handoff), "opened_at", words.opened),
    Kind(_of_person(Merge), "at", words.merged, ("gone", "by")),
    Kind(_of_person(StageTransition), "at", words.stage, ("from_stage", "to_stage", "by")),
    Kind(_of_person(OwnershipChange), "at", words.owner, ("to_owner", "to_queue", "by")),
    Kind(_of_person(RefusedOwnership), "at", words.refused_owner, ("to_owner", "to_queue", "by")),
    Kind(_of_handoffs(Decision), "at", words.decision, ("rep", "queue", "by", "version__document")),
    Kind(_of_handoffs(Assignment), "passed_at", words.passed, ("rep",)),
    Kind(_clock_events, "due_at", words.clock_event, ("clock", "by")),
    Kind(
        _of_handoffs(Notification, state=Notification.State.SENT),
        "sent_at",
        words.notification,
        ("recipient",),
    ),
    Kind(
        _of_handoffs(Assignment, received_at__isnull=False), "received_at", words.received, ("rep",)
    ),
    Kind(
        _of_handoffs(Assignment, answered_at__isnull=False), "answered_at", words.answered, ("rep",)
    ),
    Kind(_touches, "occurred_at", words.touch, ("by",)),
    Kind(_pauses, "since", words.paused, ("by",)),
    Kind(_ended_pauses, "ended_at", words.pause_ended, ("by",)),
    Kind(_of_handoffs(Disposition), "at", words.disposition, ("code", "by")),
    Kind(_of_lead(Meeting), "booked_at", words.meeting, ("source",)),
    Kind(_told_deals, "at", words.deal_told, ("by",)),
    Kind(_deals, "opened_at", words.deal_opened, ("source",)),
    Kind(_closed_deals, "closed_at", words.deal_closed, ("source",)),
    Kind(_of_handoffs(Assignment, ended_at__isnull=False), "ended_at", words.ended, ("rep",)),
    Kind(_of_lead(Handoff, closed_at__isnull=False), "closed_at", words.closed),
)


def timeline(lead: Lead, *, before: Place | None = None, size: int = PAGE_SIZE) -> Page:
    """Return a page of what happened with `lead`, from just `before` a place; None: the newest."""
    places = _places(lead, before, size + 1)
    shown = places[:size]
    told = _tell_all(lead, shown)
    entries = [Entry(place, told[place.rank, place.pk]) for place in shown]
    return Page(entries, place_text(*shown[-1]) if len(places) > size else "")


def _places(lead: Lead, before: Place | None, limit: int) -> list[Place]:
    first, *others = [_placed(rank, kind, lead, before) for rank, kind in enumerate(KINDS)]
    union = first.union(*others, all=True).order_by("-happened_at", "-rank", "-pk")
    return [Place(*row) for row in union[:limit]]


def _placed(rank: int, kind: Kind, lead: Lead, before: Place | None) -> QuerySet[Any]:
    rows = kind.rows(lead).order_by()
    if before is not None:
        rows = rows.filter(_comes_before(kind.instant, rank, before))
    placed = rows.annotate(happened_at=F(kind.instant), rank=Value(rank))
    in_place: QuerySet[Any] = placed.values_list("happened_at", "rank", "pk")
    return in_place


def _comes_before(instant: str, rank: int, place: Place) -> Q:
    earlier = Q(**{f"{instant}__lt": place.at})
    if rank > place.rank:
        return earlier
    same = Q(**{instant: place.at})
    return earlier | same if rank < place.rank else earlier | (same & Q(pk__lt=place.pk))


def _tell_all(lead: Lead, places: Iterable[Place]) -> dict[tuple[int, int], Told]:
    """Read the events at `places`, one query for each kind, and put each into words."""
    wanted: dict[int, list[int]] = {}
    for place in places:
        wanted.setdefault(place.rank, []).append(place.pk)
    return {
        (rank, pk): _told(KINDS[rank], row, lead)
        for rank, pks in wanted.items()
        for pk, row in KINDS[rank]
        .rows(lead)
        .select_related(*KINDS[rank].related)
        .in_bulk(pks)
        .items()
    }


def _told(kind: Kind, row: Any, lead: Lead) -> Told:
    """Put a row into words; of a lead that was merged into `lead`, which it was."""
    told, whose = kind.tell(row), getattr(row, "lead_id", None)
    return told if whose in (None, lead.pk) else replace(told, what=f"Lead {whose}: {told.what}")


def place_from(text: str) -> Place | None:
    """Return the place that `Page.next` names; None for nothing or for what it never wrote."""
    found = read_place(text, numbers=2)
    if found is None:
        return None
    at, (rank, pk) = found
    return Place(at, rank, pk)
