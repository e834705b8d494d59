"""What the replay of a version foretold when it was published, beside what came since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from leads.models import Publication, User, Version
from routing.models import Decision

# What the leads behind a number of what came are asked for by.
CAME = {
    "passed": Q(waits_till=None, rep__isnull=False),
    "queued": Q(waits_till=None, rep=None),
    "held": Q(waits_till__isnull=False),
}


@dataclass(frozen=True, slots=True)
class Beside:
    """A number foretold and what it came to. rep: of whom; None: of all."""

    label: str
    which: str
    foretold: int
    came: int
    rep: int | None = None


@dataclass(frozen=True, slots=True)
class Foretold:
    """asked, days: how many handoffs were replayed, of how long. came, till: how many there were
    since it went live, till another version did or as many days were over; None: neither yet.
    """

    asked: int
    days: int
    came: int
    since: datetime
    till: datetime | None
    sums: Sequence[Beside]
    reps: Sequence[Beside]


def foretold_of(version: Version, at: datetime) -> Foretold | None:
    """Return what was foretold of the newest time that `version` was live, beside what came till
    `at`; None if nothing was.
    """
    publication = _publication(version)
    if publication is None or publication.predicted is None:
        return None
    told: Mapping[str, Any] = publication.predicted
    draft = told["draft"]
    sent = came_of(publication, at)
    came = _per_rep(sent)
    queued, reps = came.pop(None, 0), draft["reps"]
    held = _held(publication, at).values("handoff").distinct().count()
    names = dict(User.objects.filter(pk__in={*came, *map(int, reps)}).values_list("pk", "name"))
    rows = [
        Beside(names[pk], "passed", reps.get(str(pk), 0), came.get(pk, 0), pk)
        for pk in sorted(names, key=lambda each: (-reps.get(str(each), 0), names[each]))
    ]
    passed = sum(came.values())
    sums = (
        Beside("Passed to a rep", "passed", sum(reps.values()), passed),
        Beside("To review or a queue", "queued", draft["in_review"], queued),
        Beside("Held for an opening", "held", draft["waited"], held),
    )
    till = _till(publication)
    ended = till if till and till <= at else None
    return Foretold(told["asked"], told["days"], sent.count(), publication.at, ended, sums, rows)


def came_of(publication: Publication, at: datetime) -> QuerySet[Decision]:
    """Return where the table sent each handoff that was opened while it was live: what it decided
    first but to hold it, and that it holds it where that is all so far.
    """
    first = _decisions(publication, at).order_by(
        "handoff", F("waits_till").asc(nulls_first=True), "at", "pk"
    )
    return Decision.objects.filter(pk__in=first.distinct("handoff").values("pk"))


def decisions_behind(version: Version, which: str, at: datetime) -> QuerySet[Decision]:
    """Return the decisions behind a number of what came; none if `version` was never live."""
    publication = _publication(version)
    if publication is None:
        return Decision.objects.none()
    sent = _held(publication, at) if which == "held" else came_of(publication, at)
    return sent.filter(CAME[which])


def _publication(version: Version) -> Publication | None:
    return version.publications.order_by("-at", "-pk").first()


def _till(publication: Publication) -> datetime | None:
    """Return when another version went live, or as many days are over as were replayed: more can't
    be set beside them. None if none has and nothing was foretold.
    """
    later = Publication.objects.filter(
        version__document=publication.version.document_id, at__gt=publication.at
    )
    ends = [*later.order_by("at").values_list("at", flat=True)[:1]]
    if publication.predicted is not None:
        ends.append(publication.at + timedelta(days=publication.predicted["days"]))
    return min(ends, default=None)


def _decisions(publication: Publication, at: datetime) -> QuerySet[Decision]:
    decisions = Decision.objects.filter(
        version=publication.version_id,
        handoff__previous=None,
        handoff__opened_at__gte=publication.at,
        handoff__opened_at__lte=at,
    )
    till = _till(publication)
    return decisions.filter(handoff__opened_at__lt=till) if till else decisions


def _held(publication: Publication, at: datetime) -> QuerySet[Decision]:
    return _decisions(publication, at).filter(CAME["held"])


def _per_rep(sent: QuerySet[Decision]) -> dict[int | None, int]:
    """Return how many went to each rep, by id; None is a queue."""
    counts = sent.filter(waits_till=None).order_by().values("rep").annotate(n=Count("pk"))
    return dict(counts.values_list("rep", "n"))
