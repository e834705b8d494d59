"""Calendars on pages of their own: read, edited as drafts, checked, published, one by one."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Document, Version
from leads.offered_facts import offered_facts
from leads.version_diff import version_diff
from sla.calendar_check import warnings_of
from sla.calendar_page import bars_of, days_ahead
from sla.calendars import schedule_of
from sla.clock_changes import next_clock_change
from sla.cover import cover_of, served_by
from sla.forms.calendars import CalendarForm
from sla.models import CalendarTerms, RepHours
from sla.opening_hours import read_opening_hours

WEEK = {f"hours-{day}": "9-17" for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture
def office(defaults) -> Document:
    return Document.objects.get(kind=Document.Kind.CALENDAR)


@pytest.fixture
def draft(office, olga) -> Version:
    live = live_version(Document.Kind.CALENDAR, database_now(), name=office.name)
    return start_draft(live, by=olga)


def typed(draft, **fields) -> CalendarForm:
    """The form of a draft's hours, as somebody filled it in."""
    data = {"zone": "Europe/Berlin", **WEEK, **fields}
    row = CalendarTerms.objects.get(version=draft)
    return CalendarForm(data, instance=row, own=offered_facts(), address="/")


def test_a_week_is_typed_as_people_write_it(draft):
    more = {"hours-mon": "9–12:30, 13.00 to 17", "hours-sat": "closed", "hours-sun": "22:00-6"}
    form = typed(draft, **more, overrides="2026-12-24 9-12\n2027-01-02: closed")
    assert form.is_valid(), form.errors
    assert form.instance.hours["mon"] == [["09:00", "12:30"], ["13:00", "17:00"]]
    assert form.instance.hours["sun"] == [["22:00", "06:00"]] and "sat" not in form.instance.hours
    assert form.instance.overrides == {"2026-12-24": [["09:00", "12:00"]], "2027-01-02": []}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"hours-mon": "9-5"}, "Mon: “9-5” may end that day or the next"),
        ({"own_days": "03/04/2026"}, "“03/04/2026” may be 3 April or 4 March"),
        ({"overrides": "31.12.2026 9-12\n2026-12-31 closed"}, "2026-12-31 stands there twice."),
        ({"hours-mon": "9-13, 12-17"}, "Mon: 09:00–13:00 and 12:00–17:00 overlap."),
        ({"hours-mon": "9-9"}, "Mon, 09:00–09:00: it closes when it opens."),
        ({"hours-mon": "9-25"}, "Mon, 09:00–25:00: “25:00” is no time from 00:00 to 24:00."),
        (
            {"hours-mon": "mornings"},
            "Mon: “mornings” is no interval such as 09:00–17:00 or 9am–5pm.",
        ),
        ({"zone": "Mars/Phobos"}, "“Time zone” can't be “Mars/Phobos”: choose from the list."),
        (dict.fromkeys(WEEK, ""), "This calendar is never open."),
        ({"holiday_country": "DE", "holiday_subdivision": "ZZ"}, "can't be “ZZ”"),
        ({"overrides": "2026-02-30 9-12"}, "“2026-02-30” is not a date such as 2026-12-25."),
        ({"overrides": "2026-12-24"}, "2026-12-24: add hours such as 09:00–12:00, or “closed”."),
        (
            {"own_days": "Christmas"},
            "“Christmas” does not begin with a date such as 2026-12-24 or 24 Dec 2026.",
        ),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(draft, fields, says):
    form = typed(draft, **fields)
    assert says in " ".join(str(each) for told in form.errors.values() for each in told)


def test_what_was_typed_is_stored_and_shown_in_the_normal_form(draft):
    days = {"own_days": "12/31/2026\n26.12.2026", "overrides": "Dec 24, 2026 9 am – 12 pm"}
    form = typed(draft, **{"hours-mon": "9am-5:30pm"}, **days)
    assert form.is_valid(), form.errors
    form.save()
    row = CalendarTerms.objects.get(version=draft)
    shown = str(CalendarForm(instance=row, own=offered_facts(), address="/"))
    assert 'value="09:00–17:30"' in shown
    assert "2026-12-26\n2026-12-31" in shown and "2026-12-24 09:00–12:00" in shown


@pytest.mark.parametrize(
    ("fields", "at_fault", "says"),
    [
        pytest.param(
            {"hours-wed": "9-5"},
            *("hours-wed", "“9-5” may end that day or the next: write 09:00–17:00"),
            id="may be two",
        ),
        pytest.param(
            {"hours-wed": "9-13, 12-17"},
            *("hours-wed", "Wed: 09:00–13:00 and 12:00–17:00 overlap."),
            id="overlap",
        ),
        pytest.param(
            {"hours-sun": "22-10"},
            *("hours-sun", "Sun, 22:00–10:00 and mon, 09:00–17:00 overlap."),
            id="overlap of two days",
        ),
        pytest.param(
            {"hours-wed": "9:00-9:00"}, "hours-wed", "Wed, 09:00–09:00: it closes", id="equal"
        ),
        pytest.param(
            {"overrides": "2026-12-24 9-12, 11-13"},
            *("overrides", "2026-12-24: 09:00–12:00 and 11:00–13:00 overlap."),
            id="of a date",
        ),
    ],
)
def test_a_day_that_is_refused_says_so_at_its_field_which_has_the_focus(
    client, olga, draft, fields, at_fault, says
):
    client.force_login(olga)
    address = f"/sla/calendars/{draft.document_id}/{draft.number}/hours/"
    carried = client.get(address).context["carried"]
    sent = {"draft": carried.draft_id, "seen": carried.seen, "opened": carried.marks}
    answer = client.post(address, {**sent, "zone": "UTC", **WEEK, **fields})
    assert answer.status_code == 422
    shown = answer.content.decode()
    (field,) = re.findall(f'<(?:input|textarea) [^>]*name="{at_fault}"[^>]*>', shown)
    assert 'aria-invalid="true"' in field and " autofocus" in field
    [marks] = re.findall('aria-describedby="([^"]*)"', field)
    assert any(says in shown.split(f'id="{mark}"')[1][:500] for mark in marks.split())
    assert shown.count(" autofocus") == 1


def test_another_country_has_no_part_of_the_first(draft):
    CalendarTerms.objects.filter(version=draft).update(
        holiday_country="DE", holiday_subdivision="BY"
    )
    form = typed(draft, holiday_country="SE")
    assert form.is_valid() and form.instance.holiday_subdivision == ""


def test_a_draft_is_edited_compared_and_published_on_pages(client, rosa, office, draft):
    client.force_login(rosa)
    start = f"/sla/calendars/{office.pk}/{draft.number}/"
    form = client.get(f"{start}hours/").context["carried"]
    sent = {"draft": form.draft_id, "seen": form.seen, "opened": form.marks, "zone": "UTC", **WEEK}
    assert client.post(f"{start}hours/", sent)["Location"] == f"{start}#hours"
    assert "The week is saved to draft v2." in client.get(start).content.decode()
    assert "Mon–Fri 09:00–17:00; Sat, Sun closed" in client.get(f"{start}diff/").content.decode()
    assert client.get(start).status_code == client.get(f"{start}check/").status_code == 200
    draft.refresh_from_db()
    said = {"note": "Shorter", "revision": draft.revision}
    assert client.post(f"{start}publish/", said)["Location"] == f"/sla/calendars/{office.pk}/apply/"
    assert live_version(Document.Kind.CALENDAR, database_now(), name=office.name) == draft


def test_what_forbids_a_calendar_keeps_it_from_being_published(client, rosa, office, draft):
    past = {"2020-01-07": [["09:00", "17:00"]]}
    CalendarTerms.objects.filter(version=draft).update(hours={}, overrides=past)
    client.force_login(rosa)
    address = f"/sla/calendars/{office.pk}/{draft.number}/publish/"
    answer = client.post(address, {"note": "Shut", "revision": draft.revision})
    assert answer.status_code == 422
    assert "no day left on which it is open" in answer.content.decode()


def test_a_new_calendar_begins_with_anothers_hours(client, olga, office):
    client.force_login(olga)
    answer = client.post("/sla/calendars/new/", {"name": "Nights", "like": office.pk})
    nights = Document.objects.get(name="Nights")
    assert answer["Location"] == f"/sla/calendars/{nights.pk}/1/"
    terms = CalendarTerms.objects.get(version__document=nights)
    assert terms.hours == CalendarTerms.objects.get(version__document=office).hours
    answer = client.post("/sla/calendars/new/", {"name": "nights", "like": office.pk})
    assert answer.status_code == 422


def test_a_new_calendar_says_that_nobody_works_by_it_till_it_is_published_and_chosen(
    client, rosa, office
):
    client.force_login(rosa)
    begun = client.post("/sla/calendars/new/", {"name": "Nights", "like": office.pk})["Location"]
    draft = Version.objects.get(document__name="Nights")
    page = client.get(begun).content.decode()
    assert "Draft v1 of a new calendar" in page and "no change yet" not in page
    assert "Nobody works by it yet. Once it is published, it can be chosen in Set-up" in page
    asked = client.get(f"{begun}publish/").content.decode()
    assert "It can be chosen now" in asked and "Clocks that" not in asked
    said = {"note": "Nights too", "revision": draft.revision}
    answer = client.post(f"{begun}publish/", said, follow=True)
    assert answer.redirect_chain == [(f"/sla/calendars/{draft.document_id}/", 302)]
    assert "v1 is live. It can be chosen now, in Set-up" in answer.content.decode()


def test_a_draft_that_changes_nothing_yet_says_so(client, olga, office, draft):
    client.force_login(olga)
    page = client.get(f"/sla/calendars/{office.pk}/{draft.number}/").content.decode()
    assert "Draft v2, no change yet" in page and "On v1." in page


@pytest.mark.parametrize("count", [2, 20])
def test_the_list_takes_as_many_queries_for_many(
    client, olga, office, alice, count, django_assert_num_queries
):
    for number in range(count):
        document = Document.objects.create(kind=Document.Kind.CALENDAR, name=f"Nights {number}")
        version = Version.objects.create(document=document, number=1)
        CalendarTerms.objects.create(version=version, zone="UTC", hours={"mon": [["9", "10"]]})
    RepHours.objects.create(rep=alice, calendar=document)
    client.force_login(olga)
    client.get("/sla/calendars/")  # which reads what is live once
    with django_assert_num_queries(11):
        assert "Alice" in client.get("/sla/calendars/").content.decode()


def test_a_version_of_another_calendar_is_none_of_this(client, olga, office, draft):
    client.force_login(olga)
    client.post("/sla/calendars/new/", {"name": "Nights", "like": office.pk})
    nights = Document.objects.get(name="Nights")
    assert client.get(f"/sla/calendars/{nights.pk}/{draft.number}/").status_code == 404
    assert client.get(f"/sla/calendars/{office.pk}/{draft.number}/").status_code == 200
    stolen = {"draft": draft.pk, "seen": "", "zone": "UTC", **WEEK}
    answer = client.post(f"/sla/calendars/{nights.pk}/{draft.number}/hours/", stolen)
    assert answer.status_code == 409


def test_the_diff_tells_the_week_in_words(draft):
    CalendarTerms.objects.filter(version=draft).update(hours={"mon": [["09:00", "12:00"]]})
    assert draft.base is not None
    cells = version_diff(draft.base, draft, own={}).changes[0].cells
    assert [(cell.label, cell.before, cell.after) for cell in cells] == [
        ("Week", "Mon–Fri 09:00–17:30; Sat, Sun closed", "Mon 09:00–12:00; Tue–Sun closed")
    ]


def test_a_night_is_drawn_on_both_of_its_days():
    document = {"tz": "UTC", "hours": {"sun": [["18:00", "06:00"]]}}
    hours = read_opening_hours(document)
    assert [(bar.start, bar.width) for bar in bars_of(hours, 6)] == [(75, 25)]
    assert [(bar.start, bar.width) for bar in bars_of(hours, 0)] == [(0, 25)]


def test_days_ahead_tell_holidays_own_days_and_other_hours():
    terms = CalendarTerms(
        holiday_country="DE",
        holiday_subdivision="BY",
        own_days=["2026-01-02"],
        overrides={"2026-01-06": [["10:00", "12:00"]], "2026-01-07": []},
    )
    told = [(each.name, each.words) for each in days_ahead(terms, date(2026, 1, 2))[:3]]
    assert told == [
        ("Own day off", "closed"),
        ("Epiphany", "10:00–12:00"),
        ("Other hours", "closed"),
    ]


@pytest.mark.parametrize(
    ("zone", "becomes", "hours"),
    [
        pytest.param("Europe/Berlin", "2026-03-29T03:00", 1, id="forward"),
        pytest.param("Australia/Lord_Howe", "2026-04-05T01:30", -0.5, id="half an hour"),
        pytest.param("Asia/Tokyo", None, None, id="never"),
    ],
)
def test_the_next_clock_change_is_known(zone, becomes, hours):
    change = next_clock_change(ZoneInfo(zone), datetime(2026, 3, 10, tzinfo=UTC))
    if becomes is None:
        assert change is None
    else:
        assert (f"{change.becomes:%Y-%m-%dT%H:%M}", change.by) == (becomes, timedelta(hours=hours))


def test_cover_counts_who_came_while_it_was_closed(office, alice, make_handoff, at):
    schedule = schedule_of(live_version(Document.Kind.CALENDAR, at, name=office.name))
    make_handoff(rep=alice)  # Tuesday at 10
    make_handoff(hand_raised_at=at - timedelta(hours=12))  # Monday at 22
    cover = cover_of(schedule, office, at + timedelta(hours=1))
    assert (cover.arrived, cover.missed) == (2, 1)
    monday, tuesday = (cells for _, cells in cover.rows[:2])
    assert (monday[22].missed, monday[22].step, tuesday[10].step) == (1, "b6", "k6")
    assert (monday[10].step, monday[23].step) == ("k1", "off")


def test_a_calendar_that_is_not_the_default_is_measured_by_its_own_people(
    office, alice, make_handoff, at
):
    nights = Document.objects.create(kind=Document.Kind.CALENDAR, name="Nights")
    make_handoff()
    schedule = schedule_of(live_version(Document.Kind.CALENDAR, at, name=office.name))
    later = at + timedelta(hours=1)
    assert served_by(nights).is_nobody and cover_of(schedule, nights, later).arrived == 0
    RepHours.objects.create(rep=alice, calendar=nights)
    make_handoff(rep=alice)
    assert served_by(nights).reps == [alice]
    assert cover_of(schedule, nights, later).arrived == 1


def test_the_check_warns_of_what_can_hardly_be_meant(draft, alice, at):
    CalendarTerms.objects.filter(version=draft).update(own_days=["2020-01-01"])
    RepHours.objects.create(rep=alice, calendar=draft.document)
    type(alice).objects.filter(pk=alice.pk).update(zone="Asia/Tokyo")
    assert warnings_of(draft, at) == [
        "No country’s public holidays are taken into account.",
        "1 of the days listed is past.",
        "Alice works by it, and their own zone is Asia/Tokyo.",
    ]
    RepHours.objects.all().delete()
    document = Document.objects.create(kind=Document.Kind.CALENDAR, name="Nights")
    Version.objects.filter(pk=draft.pk).update(document=document)
    draft.refresh_from_db()
    assert warnings_of(draft, at)[-1] == "Nobody works by it: no person, no team."


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ([["17:00", "09:00"]], "Mon, Tue: 17:00–09:00 is 16 hours of work on end."),
        ([["06:00", "20:01"]], "Mon, Tue: 06:00–20:01 is 14 hours 1 minute of work on end."),
        ([["06:00", "20:00"]], None),
        ([["22:00", "06:00"]], None),
        ([["00:00", "24:00"]], None),
    ],
)
def test_the_check_warns_of_shifts_that_nobody_works(draft, at, hours, says):
    CalendarTerms.objects.filter(version=draft).update(hours={"mon": hours, "tue": hours})
    assert [each for each in warnings_of(draft, at) if "on end" in each] == ([says] if says else [])


def test_the_check_warns_of_a_week_that_never_opens(draft, at):
    opens = {"2026-12-24": [["09:00", "12:00"]], "2026-12-28": [["17:00", "09:00"]]}
    CalendarTerms.objects.filter(version=draft).update(hours={}, overrides=opens)
    told = warnings_of(draft, at)
    assert "It opens on no weekday: only on the days listed with other hours." in told
    assert "2026-12-28: 17:00–09:00 is 16 hours of work on end." in told
