"""Template tags for the parts that every page shares."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from leads import filtering
from leads.countdown import Deadline, State, countdown, instant_text, minutes_text, place
from leads.percents import PERCENT

register = template.Library()

# Below this many a rate says more about chance than about people.
SMALL_SAMPLE = 10

WORKING = "working"
ONE_LETTER_AND_HYPHEN = re.compile(r"\b([^\W\d_])-(?=\w)")

BAND_STRENGTH = {
    "A1": 1, "A2": 2, "B1": 2, "A3": 3, "B2": 3, "C1": 3, "B3": 4, "C2": 4, "C3": 4,
}  # fmt: skip
NO_BAND = mark_safe(
    '<span class="band band-4" title="Not scored yet"><span aria-hidden="true">–</span>'
    '<span class="visually-hidden">Not scored yet</span></span>'
)


@register.filter
def unbroken(text: object) -> str:
    """Return `text` with no line to be broken after a single letter's hyphen, as in “E-mail”."""
    return ONE_LETTER_AND_HYPHEN.sub("\\1\N{NON-BREAKING HYPHEN}", str(text))


@register.filter
def counted(number: int) -> str:
    """Return a number that `count_up_to_most` gave in words."""
    most = filtering.MOST_COUNTED
    return f"more than {most:,}" if number > most else f"{number:,}"


@register.simple_tag
def icon(name: str, *, size: str = "", label: str = "") -> SafeString:
    """Return one icon of static/icons.svg. Without a label it says nothing to a screen reader."""
    css = f"icon icon-{size}" if size else "icon"
    href = f"{static('icons.svg')}#i-{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, href)


@register.simple_tag
def band(code: str | None) -> SafeString:
    """Return the badge of a band such as A1; without one, a dash that says so."""
    if not code:
        return NO_BAND
    return format_html(
        '<span class="band band-{}" title="Fit {}, readiness {}">{}</span>',
        BAND_STRENGTH[code], code[0], code[1], code,
    )  # fmt: skip


@register.inclusion_tag("_countdown.html", name="countdown")
def countdown_tag(
    clock: Deadline,
    at: datetime,
    *,
    word: str,
    late: str = "missed",
    answered: str = "met",
    closed: timedelta | None = None,
    target: timedelta | None = None,
    resumes_at: datetime | None = None,
    measure: str = "wall",
    name: str = "",
    lead_zone: str = "",
) -> dict[str, object]:
    """Show `clock` at `at`; the browser counts on from there.

    word and the next five: see `leads.countdown.countdown`.
    measure:   "working" or "wall": which time counts.
    name:      whom the clock is about, said aloud when its state changes.
    lead_zone: where the lead is, for the second half of the deadline; "": not known.
    """
    shown = countdown(
        clock,
        at,
        waits_for=word,
        late=late,
        answered=answered,
        closed=closed or timedelta(),
        target=target or None,
        resumes_at=timezone.localtime(resumes_at) if resumes_at else None,
        is_working=measure == WORKING,
    )
    whole = target or clock.due_at - clock.started_at
    return {
        "clock": clock,
        "shown": shown,
        "word": word,
        "late": late,
        "is_late": shown.state == State.MISSED,
        "is_working": measure == WORKING,
        "name": name,
        "closed_seconds": int((closed or timedelta()).total_seconds()),
        "whole_seconds": int(whole.total_seconds()),
        "deadline": deadline_text(clock.due_at, lead_zone),
    }


def deadline_text(due_at: datetime, lead_zone: str) -> str:
    """Return the deadline in the reader's zone, and in the lead's where that is another."""
    zone = timezone.get_current_timezone_name()
    text = f"Due {instant_text(due_at, zone)}"
    if for_the_lead(due_at, lead_zone):
        text += f", {instant_text(due_at, lead_zone)} for the lead"
    return text


@register.filter
def for_the_lead(at: datetime, lead_zone: str) -> str:
    """Return what to say after an instant in the reader's zone, where the lead's wall differs:
    " for you · 09:10 in Chicago"; "" where it does not, or its zone is not known.
    """
    if not lead_zone:
        return ""
    theirs, ours = at.astimezone(ZoneInfo(lead_zone)), timezone.localtime(at)
    if theirs.utcoffset() == ours.utcoffset():
        return ""
    day = "" if theirs.date() == ours.date() else f"{theirs:%a} "
    return f" for you · {day}{theirs:%H:%M} in {place(lead_zone)}"


@register.filter
def clock_of_the_lead(at: datetime, lead_zone: str) -> str:
    """Return what time of day it is where the lead is: "09:10 in Chicago"; "" as above."""
    return for_the_lead(at, lead_zone).removeprefix(" for you · ")


@register.filter
def wall_duration(value: timedelta | float | None) -> str:
    """Return a length of time (a timedelta, or seconds) as 52s, 12m, 2h 36m or 3d 4h."""
    return _duration(value)


@register.filter
def working_duration(value: timedelta | float | None) -> str:
    """Return a length of working time, of which no day has 24 hours: 76h instead of 3d 4h."""
    return _duration(value, is_working=True)


@register.filter
def duration_in(value: timedelta | float | None, measure: str) -> str:
    """Return a length of time in its measure: "working" or "wall"."""
    return _duration(value, is_working=measure == WORKING)


def _duration(value: timedelta | float | None, *, is_working: bool = False) -> str:
    if value is None:
        return "–"
    seconds = int(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 60:
        return f"{seconds}s"
    return minutes_text(seconds // 60, is_working=is_working)


@register.filter
def since(then: datetime | None, at: datetime) -> SafeString | str:
    """Return when `then` was, seen from `at`: relative within a day, a date before that.

    The exact instant is in the title, in the reader's zone. None gives a dash.
    """
    if then is None:
        return "–"
    exact = instant_text(then, timezone.get_current_timezone_name())
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', then.isoformat(), exact, since_text(then, at)
    )


def since_text(then: datetime, at: datetime) -> str:
    """Return "just now", "4 min ago", "in 3 h", and from a day on "17 Nov" (with another year)."""
    seconds = int((at - then).total_seconds())
    minutes = abs(seconds) // 60
    if minutes >= 24 * 60:
        day, today = timezone.localtime(then), timezone.localtime(at)
        return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")
    if not minutes:
        return "just now"
    length = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
    return f"{length} ago" if seconds > 0 else f"in {length}"


@register.filter
def percent(share: float | None, n: int) -> SafeString:
    """Return a share of 0 to 1 as "91.4 %, n = 312"; of too small a sample "5 of 6"."""
    if share is not None and n < SMALL_SAMPLE:
        return format_html("{} of {}", round(share * n), n)
    if share is None:
        return format_html('<span class="faint">n = {}</span>', n)
    return format_html(
        '{}{} <span class="faint">n = {}</span>', f"{share * 100:.1f}", PERCENT, f"{n:,}"
    )
