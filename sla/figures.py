"""The figures of the SLA pages, each with the address of the leads behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from sla import judging, response_times
from sla.filters import ClockFilter, HandoffFilter, compares_reps
from sla.judging import Share, Shares
from sla.models import Target
from sla.response_times import Bar, Times

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
    shares = judging.shares_by(
        clocks.qs, at, pk="lead__source", name="lead__source__name", kinds=judging.BY_SOURCE
    )
    times = response_times.times_by(handoffs.qs, "lead__source", "lead__source__name")
    return _lines(shares, times, judging.BY_SOURCE, params, "source")


def lines_by_rep(
    clocks: ClockFilter, handoffs: HandoffFilter, params: Params, at: datetime
) -> list[Line]:
    """Return a line for each rep who was promised for or who answered; a rep's own only, for a
    rep who asks.
    """
    promised, answered, viewer = clocks.qs, handoffs.qs, clocks.request.user
    if not compares_reps(viewer):
        promised = promised.filter(assignment__rep=viewer)
        answered = answered.filter(answered_by=viewer.pk)
    shares = judging.shares_by(
        promised, at, pk="assignment__rep", name="assignment__rep__name", kinds=judging.BY_REP
    )
    times = response_times.times_by(answered, "answered_by", "answered_by_name")
    return _lines(shares, times, judging.BY_REP, params, "rep")


def bars(handoffs: HandoffFilter, params: Params) -> list[BarLine]:
    """Return how many first responses took how long."""
    return [
        BarLine(
            bar,
            handoffs_url(params, took=f"working-{bar.number}"),
            handoffs_url(params, took=f"wall-{bar.number}"),
        )
        for bar in response_times.distribution(handoffs.qs)
    ]


def _lines(
    shares: list[Shares],
    times: dict[tuple[int, str], Times],
    kinds: list[Target.Kind],
    params: Params,
    by: str,
) -> list[Line]:
    """Join what was kept and how long it took, by name."""
    found = {(each.pk, each.name): each for each in shares}
    keys = sorted({*found, *times}, key=lambda key: key[1].casefold())
    return [
        _line(
            found.get(key, Shares(*key)),
            times.get(key, Times()),
            kinds,
            {**params, by: str(key[0])},
        )
        for key in keys
    ]


def _line(shares: Shares, times: Times, kinds: list[Target.Kind], params: Params) -> Line:
    cells = [
        Cell(
            shares.of(kind),
            clocks_url(params, what="judged", kind=kind.value),
            clocks_url(params, what="hasty", kind=kind.value),
        )
        for kind in kinds
    ]
    return Line(
        name=shares.name,
        cells=cells,
        missed=shares.missed,
        missed_url=clocks_url(params, what="missed"),
        times=times,
        times_url=handoffs_url(params),
    )
