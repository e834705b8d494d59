import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string
from django.utils import timezone

from leads.lead_zones import zone_of
from leads.models import BANDS
from leads.templatetags.handoff import (
    BAND_STRENGTH,
    duration_in,
    for_the_lead,
    percent,
    since_text,
    wall_duration,
    working_duration,
)

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


def render(source, **context):
    return Template("{% load handoff %}" + source).render(Context(context))


def test_an_icon_points_into_the_sprite():
    assert '<use href="/static/icons.svg#i-check"/>' in render('{% icon "check" %}')


def test_an_icon_with_a_label_is_an_image_with_a_name():
    html = render('{% icon "alert" label=text %}', text="<Late>")
    assert 'role="img" aria-label="&lt;Late&gt;"' in html


def test_every_icon_a_template_names_is_in_the_sprite():
    drawn = set(re.findall(r'id="i-([\w-]+)"', Path("static/icons.svg").read_text()))
    sources = [path.read_text() for path in settings.TEMPLATES[0]["DIRS"][0].rglob("*.html")]
    named = {name for text in sources for name in re.findall(r'{% icon "([\w-]+)"', text)}
    assert named
    assert named <= drawn


def test_every_band_has_a_strength():
    assert set(BAND_STRENGTH) == set(BANDS)


def test_a_band_is_explained_in_its_title():
    assert render("{% band code %}", code="B1") == (
        '<span class="band band-2" title="Fit B, readiness 1">B1</span>'
    )


def test_a_lead_without_a_band_says_so():
    assert "Not scored yet" in render("{% band code %}", code=None)


def make_clock(**changes):
    times = {"started_at": NOON, "due_at": NOON + timedelta(hours=1), "stopped_at": None}
    return SimpleNamespace(**times | changes)


def render_countdown(tag, *, at=NOON, **changes):
    return render(tag, clock=make_clock(**changes), at=at)


def test_a_running_countdown_hands_the_deadline_to_the_browser():
    html = render_countdown('{% countdown clock at word="to accept" name="Ana" %}')
    assert 'data-due="2026-11-17T13:00:00+00:00"' in html
    assert 'data-whole="3600" data-closed="0" data-word="to accept" data-name="Ana"' in html


def test_a_stopped_countdown_is_left_alone_by_the_browser():
    html = render_countdown('{% countdown clock at word="to accept" %}', stopped_at=NOON)
    assert "cd-met" in html
    assert "data-due" not in html


def test_a_countdown_names_the_deadline_in_both_zones():
    with timezone.override("Europe/Berlin"):
        html = render_countdown('{% countdown clock at word="" lead_zone="America/New_York" %}')
    assert "Due Tue 17 Nov, 14:00 Berlin, Tue 17 Nov, 08:00 New York for the lead" in html


@pytest.mark.parametrize(
    ("phone", "facts", "zone"),
    [
        ("+13125550123", {"person.country": "DE"}, "America/Chicago"),
        ("+18005550123", {"person.country": "DE"}, "Europe/Berlin"),  # of no area
        ("", {"account.country": "JP", "person.country": "SG"}, "Asia/Singapore"),
        ("", {"account.country": "US"}, ""),  # which has several
        ("<b>", {"person.country": ["DE"]}, ""),
        ("+00", {"person.country": "../etc"}, ""),
    ],
)
def test_where_a_lead_is_follows_from_its_phone_number_or_its_country(phone, facts, zone):
    assert zone_of(phone, facts, datetime(2026, 7, 1, tzinfo=UTC)) == zone


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("America/Chicago", " for you · 09:10 in Chicago"),
        ("Asia/Tokyo", " for you · 23:10 in Tokyo"),
        ("Pacific/Auckland", " for you · Thu 02:10 in Auckland"),
        ("Europe/Stockholm", ""),
        ("", ""),
    ],
)
def test_a_deadline_is_told_by_the_wall_of_the_lead_too_where_that_differs(zone, said):
    with timezone.override("Europe/Berlin"):
        assert for_the_lead(datetime(2026, 7, 1, 14, 10, tzinfo=UTC), zone) == said


def test_a_hostile_name_stays_inside_its_attribute():
    html = render('{% countdown clock at word="" name=n %}', clock=make_clock(), at=NOON, n='"><b>')
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=2, minutes=36, seconds=59), "2h 36m"),
        (timedelta(days=3, hours=4), "3d 4h"),
        (720, "12m"),
        (59.9, "59s"),
        (0, "0s"),
        (None, "–"),
    ],
)
def test_wall_duration(value, text):
    assert wall_duration(value) == text


def test_no_line_breaks_within_e_mail():
    html = render_to_string("_toast.html", {"text": "Logged. E-mail: sent by Ann-Marie & Co."})
    assert "E\N{NON-BREAKING HYPHEN}mail: sent by Ann-Marie &amp; Co." in html


def test_working_time_has_no_days():
    value = timedelta(days=5, hours=15)
    assert (working_duration(value), wall_duration(value)) == ("135h", "5d 15h")
    assert (duration_in(value, "working"), duration_in(value, "wall")) == ("135h", "5d 15h")


@pytest.mark.parametrize(
    ("then", "text"),
    [
        pytest.param(NOON, "just now", id="now"),
        pytest.param(NOON - timedelta(seconds=59), "just now", id="seconds"),
        pytest.param(NOON - timedelta(minutes=4), "4 min ago", id="minutes"),
        pytest.param(NOON - timedelta(hours=23, minutes=59), "23 h ago", id="within a day"),
        pytest.param(NOON - timedelta(days=1), "16 Nov", id="a day"),
        pytest.param(NOON - timedelta(days=400), "13 Oct 2025", id="another year"),
        pytest.param(NOON + timedelta(minutes=5), "in 5 min", id="ahead"),
    ],
)
def test_since_is_relative_within_a_day(then, text):
    assert since_text(then, NOON) == text


def test_since_gives_the_exact_instant_too():
    with timezone.override("Europe/London"):
        html = render("{{ then|since:at }}", then=NOON, at=NOON + timedelta(minutes=4))
    assert html == (
        '<time datetime="2026-11-17T12:00:00+00:00" title="Tue 17 Nov, 12:00 London">4 min ago</time>'
    )


def test_a_rate_shows_its_sample():
    assert percent(0.9143, 1312) == '91.4\N{NO-BREAK SPACE}% <span class="faint">n = 1,312</span>'


@pytest.mark.parametrize(
    ("share", "n", "said"), [(5 / 6, 6, "5 of 6"), (None, 0, '<span class="faint">n = 0</span>')]
)
def test_a_small_sample_shows_no_rate(share, n, said):
    assert percent(share, n) == said
