"""How long first responses took, by the wall and in working time: medians, tails, distribution."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from leads.models import Assignment, Handoff, Touch
from leads.models.handoffs import HandoffQuerySet
from leads.percentiles import Percentile

MEASURES = {"working": "first_response_working", "wall": "first_response_wall"}
# Upper ends of the bars of the distribution, with their labels; the last has none.
BARS: list[tuple[str, timedelta | None]] = [
    ("up to 5 min", timedelta(minutes=5)),
    ("to 15 min", timedelta(minutes=15)),
    ("to 30 min", timedelta(minutes=30)),
    ("to 1 h", timedelta(hours=1)),
    ("to 4 h", timedelta(hours=4)),
    ("to 8 h", timedelta(hours=8)),
    ("to 24 h", timedelta(hours=24)),
    ("to 3 days", timedelta(days=3)),
    ("longer", None),
]


# One that goes on in another, since its close was undone or it was merged, is answered, or not,
# there. An answer that goes on with it counts once.
_GOES_ON = Handoff.objects.filter(previous=OuterRef("pk"))
_WITH_ITS_ANSWER = _GOES_ON.filter(first_response_at=OuterRef("first_response_at"))
ANSWERED = Q(first_response_at__isnull=False) & ~Exists(_WITH_ITS_ANSWER)
NOT_ANSWERED = Q(first_response_at=None) & ~Q(closed_as=Handoff.ClosedAs.MERGED) & ~Exists(_GOES_ON)
NOBODY_YET = "nobody yet"


@dataclass(frozen=True, slots=True)
class Times:
    """Median and 90th percentile of `n` first responses; None where there were none."""

    n: int = 0
    working_p50: timedelta | None = None
    working_p90: timedelta | None = None
    wall_p50: timedelta | None = None
    wall_p90: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Responses that took so long, and their share of the fullest bar in percent."""

    number: int
    label: str
    working: int
    wall: int
    working_percent: int
    wall_percent: int


def answered(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Handoffs with a first response, and by whom."""
    return with_who_answered(handoffs).filter(ANSWERED)


def with_who_answered(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Add to each handoff `answered_by`: the rep whose touch its first response was, which may have
    been made of a lead that was merged since; where it is known by its instant alone, the one who
    had the handoff then, if one had; where there is none yet, the one who has or had it last.
    """
    answered_at = OuterRef("first_response_at")
    touches = Touch.objects.filter(lead=OuterRef("lead"), occurred_at=answered_at)
    touch = touches.filter(is_automated=False, assignment__isnull=False).order_by("pk")
    turns = Assignment.objects.filter(handoff=OuterRef("pk"), passed_at__lte=answered_at)
    turn = turns.order_by("-seq")
    last = Assignment.objects.filter(handoff=OuterRef("pk")).order_by("-seq")

    def of_rep(field: str) -> Coalesce:
        of_touch = Subquery(touch.values(f"assignment__{field}")[:1])
        of_last = Case(When(first_response_at=None, then=Subquery(last.values(field)[:1])))
        return Coalesce(of_touch, Subquery(turn.values(field)[:1]), of_last)

    return handoffs.annotate(answered_by=of_rep("rep"), answered_by_name=of_rep("rep__name"))


def times(handoffs: HandoffQuerySet) -> Times:
    """Return the response times of all of `handoffs`."""
    return Times(**handoffs.aggregate(**_figures()))


def times_by(handoffs: HandoffQuerySet, *, by: str) -> dict[int | None, Times]:
    """Return the response times of `handoffs` by the field `by`."""
    rows = handoffs.order_by().values(by).annotate(**_figures())
    return {row.pop(by): Times(**row) for row in rows}


def distribution(handoffs: HandoffQuerySet, *, unanswered: int) -> list[Bar]:
    """Return how many responses took how long, and last how many there were none of. One query."""
    counts = handoffs.aggregate(
        **{
            f"{measure}_{number}": Count("pk", filter=in_bar(measure, number))
            for measure in MEASURES
            for number in range(len(BARS))
        }
    )
    fullest = max(unanswered, *counts.values()) or 1
    bars = [_bar(number, label, counts, fullest) for number, (label, _) in enumerate(BARS)]
    percent = unanswered * 100 // fullest
    return [*bars, Bar(len(BARS), NOBODY_YET, unanswered, unanswered, percent, percent)]


def in_bar(measure: str, number: int) -> Q:
    """Whether a response is in a bar: over the end of the one before, up to its own."""
    field, (_, end) = MEASURES[measure], BARS[number]
    over = (
        Q(**{f"{field}__gt": BARS[number - 1][1]}) if number else Q(**{f"{field}__isnull": False})
    )
    return over & Q(**{f"{field}__lte": end}) if end else over


def _bar(number: int, label: str, counts: dict[str, int], fullest: int) -> Bar:
    working, wall = counts[f"working_{number}"], counts[f"wall_{number}"]
    return Bar(number, label, working, wall, working * 100 // fullest, wall * 100 // fullest)


def _figures() -> dict[str, Any]:
    return {
        "n": Count("pk"),
        **{
            f"{measure}_p{percent}": Percentile(field, percent / 100)
            for measure, field in MEASURES.items()
            for percent in (50, 90)
        },
    }
