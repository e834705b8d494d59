"""The funnel page: of all leads, the same for marketing and sales. The lists behind its numbers
hold those that one may see.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from feedback.filters import CohortFilter
from feedback.funnel import COHORTS, DIMENSIONS, Line, Step, by_cohort, by_dimension, whole
from feedback.rejections import rejections
from leads.csv_cells import inert
from leads.filtering import status_of
from leads.instants import database_now
from leads.models import Lead
from leads.requests import SignedInRequest
from sla.periods import ONE_DAY


@dataclass(frozen=True, slots=True)
class Cell:
    """A number and the address of the leads behind it."""

    step: Step
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    line: Line
    cells: list[Cell]


@login_required
@require_GET
def insights(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    found = CohortFilter(request.GET, at=at, queryset=Lead.objects.live(), request=request)
    if (status := status_of(found)) != HTTPStatus.OK:
        context = {"filter": found, "at": at}
        return render(request, "feedback/insights.html", context, status=status)
    table = _table(found, request.GET.get("by", "source"), request.GET.get("cohort", "month"))
    if request.GET.get("format") == "csv":
        return _as_csv(table)
    return render(request, "feedback/insights.html", table | {"filter": found, "at": at})


def _table(found: CohortFilter, by: str, cohort: str) -> dict[str, Any]:
    """Return the figures of the page: the whole, by dimension, by cohort, and why leads came back.

    An unknown `by` or `cohort` gives the first.
    """
    by = by if by in DIMENSIONS else next(iter(DIMENSIONS))
    cohort = cohort if cohort in COHORTS else next(iter(COHORTS))
    organisation, leads = found.organisation, found.qs
    asked = _asked(found)
    _, _, parameter = DIMENSIONS[by]
    cohorts = by_cohort(
        leads, cohort, zone=organisation.zone, first_weekday=organisation.first_weekday
    )
    kept = {name: value for name, value in found.data.items() if name not in ("by", "cohort")}
    return {
        "all": _row(whole(leads), asked),
        "rows": [
            _row(line, asked | {parameter: _filter_value(line.key)})
            for line in by_dimension(leads, by)
        ],
        "cohorts": [_row(line, _in_cohort(asked, line.key, cohort)) for line in cohorts],
        "rejections": rejections(leads),
        "asked": urlencode(asked),
        "by": by,
        "cohort": cohort,
        "dimensions": _choices(DIMENSIONS, "by", kept | {"cohort": cohort}),
        "cohort_kinds": _choices(COHORTS, "cohort", kept | {"by": by}),
        "by_label": DIMENSIONS[by][0],
        "csv_url": "?" + urlencode(kept | {"by": by, "cohort": cohort, "format": "csv"}),
    }


def _choices(known: dict[str, Any], name: str, kept: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"key": key, "label": about[0], "url": "?" + urlencode(kept | {name: key})}
        for key, about in known.items()
    ]


def _asked(found: CohortFilter) -> dict[str, Any]:
    """Return what is asked for, in the words of the list of leads."""
    asked, period = found.form.cleaned_data, found.asked_period
    zone = ZoneInfo(found.organisation.zone)
    narrowed: dict[str, Any] = {}
    if period.start:
        narrowed["entered_from"] = period.start.astimezone(zone).date()
    if period.end:
        narrowed["entered_to"] = period.end.astimezone(zone).date() - ONE_DAY
    names = {"source": "source", "team": "ever_with"}
    return narrowed | {names[name]: asked[name].pk for name in names if asked[name]}


def _in_cohort(asked: dict[str, Any], first: date, cohort: str) -> dict[str, Any]:
    """Return what is asked for, narrowed to the cohort that begins on `first`."""
    last = first + 6 * ONE_DAY
    if cohort == "month":
        last = first.replace(day=monthrange(first.year, first.month)[1])
    return asked | {
        "entered_from": max(first, asked.get("entered_from", first)),
        "entered_to": min(last, asked.get("entered_to", last)),
    }


def _filter_value(key: Any) -> Any:
    return "-" if key in ("", None) else key


def _row(line: Line, asked: dict[str, Any]) -> Row:
    base = reverse("leads:leads")
    return Row(
        line,
        [Cell(step, f"{base}?{urlencode(asked | {'reached': step.key})}") for step in line.steps],
    )


def _as_csv(table: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="funnel.csv"'
    csv.writer(response).writerows(_csv_rows(table))
    return response


def _csv_rows(table: dict[str, Any]) -> Iterator[list[Any]]:
    yield [table["by_label"], *(step.label for step in table["all"].line.steps)]
    for row in [*table["rows"], table["all"]]:
        yield [
            inert(str(row.line.name or "not recorded")),
            *(step.count for step in row.line.steps),
        ]
