"""The figures of the SLA pages, each with the address of the leads behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from leads.models import IntakeSource, User
from sla import judging, response_times
from sla.filters import NO_REP_KEY, NO_RESPONSE, ClockFilter, HandoffFilter, compares_reps
from sla.judging import Share, Shares
from sla.models import Target
from sla.response_times import Bar, Times
from sla.whose import NO_REP, with_whose

# The promises that have a column of their own; all of them count as missed.
IN_COLUMNS = (Target.Kind.ACCEPT, Target.Kind.FIRST_TOUCH, Target.Kind.FIRST_RESPONSE)
Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """How many were kept; hasty_url: those that don't count."""

    share: Share
    url: str
    hasty_url: str


@dataclass(frozen=True, slots=True)
class BarLine:
    """A bar of the distribution in both times, with the handoffs behind each."""

    bar: Bar
    working_url: str
    wall_url: str


@dataclass(frozen=True, slots=True)
class Line:
    """One source or rep: how many promises were kept, and how fast prospects were answered."""

    name: str
    cells: list[Cell]
    missed: int
    missed_url: str
    times: Times
    times_url: str


def clocks_url(params: Params, **more: object) -> str:
    return f"{reverse('sla:clocks')}?{urlencode({**params, **more})}"


def handoffs_url(params: Params, **more: object) -> str:
    return f"{reverse('sla:handoffs')}?{urlencode({**params, **more})}"


def lines_by_source(
    clocks: ClockFilter, handoffs: HandoffFilter, params: Params, at: datetime
) -> list[Line]:
    """Return a line for each source that something was promised or answered for."""
    shares = judging.shares_by(clocks.qs, at, by="lead__source")
    times = response_times.times_by(handoffs.qs, by="lead__source")
    names = dict(IntakeSource.objects.values_list("pk", "name"))
    return _lines(shares, times, names, params, "source")


def lines_by_rep(
    clocks: ClockFilter, handoffs: HandoffFilter, params: Params, at: datetime
) -> list[Line]:
    """Return a line for each rep who was promised for or who answered, and one for what no rep had;
    a rep's own only, for a rep who asks.
    """
    promised, answered, viewer = with_whose(clocks.qs), handoffs.qs, clocks.request.user
    if not compares_reps(viewer):
        promised = promised.filter(whose_rep=viewer.pk)
        answered = answered.filter(answered_by=viewer.pk)
    shares = judging.shares_by(promised, at, by="whose_rep")
    times = response_times.times_by(answered, by="answered_by")
    names = dict(User.objects.values_list("pk", "name"))
    return _lines(shares, times, names, params, "rep")


def bars(handoffs: HandoffFilter, params: Params, *, unanswered: int) -> list[BarLine]:
    """Return how many first responses took how long, and last how many there were none of."""
    *took, none = response_times.distribution(handoffs.qs, unanswered=unanswered)
    lines = [
        BarLine(
            bar,
            handoffs_url(params, took=f"working-{bar.number}"),
            handoffs_url(params, took=f"wall-{bar.number}"),
        )
        for bar in took
    ]
    address = handoffs_url(params, took=NO_RESPONSE)
    return [*lines, BarLine(none, address, address)]


def _lines(
    shares: Mapping[int | None, Shares],
    times: Mapping[int | None, Times],
    names: Mapping[int, str],
    params: Params,
    by: str,
) -> list[Line]:
    """Join what was kept and how long it took, by name; what no rep had comes last."""
    named = {pk: names[pk] for pk in {*shares, *times} if pk is not None}
    lines = [
        _line(name, shares.get(pk, Shares()), times.get(pk, Times()), {**params, by: str(pk)})
        for pk, name in sorted(named.items(), key=lambda each: each[1].casefold())
    ]
    if None in shares or None in times:
        of_none = shares.get(None, Shares()), times.get(None, Times())
        lines.append(_line(NO_REP, *of_none, {**params, by: NO_REP_KEY}))
    return lines


def _line(name: str, shares: Shares, times: Times, params: Params) -> Line:
    cells = [
        Cell(
            shares.of(kind),
            clocks_url(params, what="judged", kind=kind.value),
            clocks_url(params, what="hasty", kind=kind.value),
        )
        for kind in IN_COLUMNS
    ]
    return Line(
        name=name,
        cells=cells,
        missed=shares.missed,
        missed_url=clocks_url(params, what="missed"),
        times=times,
        times_url=handoffs_url(params),
    )
