"""Everything that happened with a lead, in one list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback import answers, outcomes
from feedback.timeline import Place, place_from, timeline
from leads import handoffs
from leads.correcting import CorrectedFields, correct
from leads.instants import database_now
from leads.models import Activity, Assignment, Submission
from leads.places import place_text
from revops import pipeline
from sla import clocks
from sla.models import ClockEvent
from sla.outbox import notify
from sla.staleness import clock_key

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOSTILE = "<script>alert(1)</script>"


def whole(lead, size=7):
    """Return the entries of all pages, one after another."""
    entries, place = [], None
    while True:
        page = timeline(lead, before=place, size=size)
        entries += page.entries
        if not page.next:
            return entries
        place = place_from(page.next)


@pytest.fixture
def journey(source, alice):
    """A demo request that came in by the API and was passed, accepted, touched and qualified."""
    submission = Submission.objects.create(
        source=source,
        door="api",
        body_sha256="",
        payload={"email": "jane@lumora.example", "company": "Lumora", "country": "SE"},
        received_at=database_now(),
        next_attempt_at=database_now(),
    )
    pipeline.process(submission.pk)
    submission.refresh_from_db()
    handoff = submission.handoff
    assignment = handoffs.open_assignment(handoff)
    now = handoff.opened_at
    handoffs.receive(assignment, evidence=Assignment.Evidence.OPENED, at=now + MINUTE)
    answers.accept(assignment, by=alice, at=now + 2 * MINUTE)
    touch = {"channel": "call", "outcome": "spoke", "note": "Wants a quote"}
    when = now + 3 * MINUTE
    answers.log_touch(handoff, by=alice, occurred_at=when, at=when, **touch)
    answers.qualify(
        handoff,
        confirmed=["need"],
        by=alice,
        at=now + 4 * MINUTE,
        meeting_at=now + timedelta(days=1),
    )
    outcomes.record_deal(handoff, state="won", amount=900, by=alice, at=now + 5 * MINUTE)
    submission.lead.refresh_from_db()
    return submission.lead


def test_a_whole_journey_is_told(journey):
    entries = timeline(journey, size=200).entries
    told = " | ".join(entry.told.what for entry in entries)
    for expected in (
        "Handed in: Demo request",
        "Demo request",
        "Band is",
        "Handoff opened: Asked for a demo",
        "Marketing lead → Marketing qualified",
        "Now with Alice",
        "Routed to Alice: Asked for a person",
        "Passed to Alice",
        "Accept or reject, in working time: started",
        "Told Alice: lead passed to you",
        "Received: packet opened",
        "Accepted",
        "Call: spoke",
        "First touch, in working time: done in time",
        "Qualified by Alice",
        "Handoff closed as qualified",
        "Meeting for",
        "Deal won, 900.00 EUR",
    ):
        assert expected in told


def test_the_newest_comes_first_effects_above_their_causes_with_who_did_it(journey):
    entries = timeline(journey, size=200).entries
    instants = [entry.at for entry in entries]
    assert instants == sorted(instants, reverse=True)
    told = [entry.told.what for entry in entries]
    assert told.index("Passed to Alice") < told.index("Handoff opened: Asked for a demo")
    who = {entry.told.what: entry.told.who for entry in entries}
    assert (who["Accepted"], who["Call: spoke"], who["Demo request"]) == (
        "Alice",
        "Alice",
        "The lead",
    )


def test_rejections_and_corrections_are_told(pass_lead, alice, olga, code, at):
    handoff = pass_lead(alice)
    answers.reject(
        handoffs.open_assignment(handoff),
        code=code("no-need"),
        note="Has a rival's",
        nurture_until=None,
        by=alice,
        at=at + MINUTE,
    )
    correct(handoff.lead, CorrectedFields(title="CFO"), ["title"], by=olga, at=at + 2 * MINUTE)
    told = {entry.told.what: entry.told for entry in timeline(handoff.lead, size=200).entries}
    assert told["Facts corrected"].who == "Olga"
    (rejected,) = [each for what, each in told.items() if what.startswith("Rejected: No need")]
    assert (rejected.who, rejected.note) == ("Alice", "Has a rival's")


def test_a_missed_promise_says_whose_it_was_and_who_was_told(pass_lead, alice, mona, at):
    handoff = pass_lead(alice)
    clock = handoff.clocks.get(kind="accept")
    ClockEvent.objects.create(
        clock=clock, kind="breached", level=100, due_at=clock.due_at, processed_at=clock.due_at
    )
    for person in (alice, mona):
        key = clock_key(clock, 100)
        notify(person, "breach", key=key, subject="Missed", handoff=handoff, at=clock.due_at)
    (missed,) = [each.told for each in timeline(handoff.lead).entries if each.told.is_bad]
    assert missed.what == "Accept or reject, in working time: missed, Alice"
    assert (missed.who, missed.note) == ("Handoff", "Told Alice and Mona")


def test_a_promise_that_ended_without_an_answer_is_not_said_to_be_done(
    pass_lead, alice, at, client, rosa
):
    handoff = pass_lead(alice)
    clocks.stop(handoff, ["accept"], at=at + MINUTE, evidence="Accepted")
    clocks.stop(handoff, ["first_touch"], at=at + timedelta(days=9), evidence="Call")
    closed = {"closed_as": "rejected", "outcome": "rejected", "reason": "No need"}
    handoffs.close(handoff, **closed, at=at + timedelta(days=9))
    clocks.end(handoff, at=at + timedelta(days=9))
    told = " | ".join(entry.told.what for entry in timeline(handoff.lead).entries)
    assert "Accept or reject, in working time: done in time" in told
    assert "First touch, in working time: done late" in told
    assert "First response to the prospect: ended, not done" in told
    client.force_login(rosa)
    listed = client.get("/sla/clocks/?period=all&kind=first_response").content.decode()
    assert "missed, no answer" in listed and "ended after" in listed
    assert "Alice; then" in client.get(f"/leads/{handoff.lead_id}/").content.decode()


# Pages --------------------------------------------------------------------------------------------
def test_a_touch_right_after_opening_the_lead_stands_out(pass_lead, alice, at):
    handoff = pass_lead(alice)
    answers.open_lead(handoffs.open_assignment(handoff), at=at)
    touch = {"channel": "call", "outcome": "no_answer", "note": ""}
    called_at = at + timedelta(seconds=5)
    answers.log_touch(handoff, by=alice, occurred_at=called_at, at=called_at, **touch)
    told = [entry.told.what for entry in timeline(handoff.lead).entries]
    assert "Call: no answer, less than 20 seconds after opening the lead" in told


def test_pages_hold_everything_once(journey):
    at_once = [entry.place for entry in timeline(journey, size=200).entries]
    assert [entry.place for entry in whole(journey)] == at_once
    assert len(set(at_once)) == len(at_once) > 20


def test_many_things_at_one_instant_do_not_stop_the_pages(make_lead, at):
    lead = make_lead()
    for _ in range(20):
        Activity.objects.create(lead=lead, kind="page_view", occurred_at=at)
    places = [entry.place for entry in whole(lead, size=3)]
    assert len(set(places)) == len(places) == 22  # with its first owner and stage


@pytest.mark.parametrize("text", ["", "x", "MjAyNg", "%00", "é"])
def test_a_place_that_was_never_written_is_none(text):
    assert place_from(text) is None


def test_a_place_is_read_as_it_was_written(at):
    place = Place(at, 3, 14)
    assert place_from(place_text(*place)) == place


@pytest.mark.parametrize("times", [2, 10])
def test_a_long_story_asks_as_much_as_a_short_one(journey, django_assert_num_queries, times):
    for number in range(times):
        Activity.objects.create(
            lead=journey, kind="page_view", occurred_at=journey.entered_at - number * MINUTE
        )
    with django_assert_num_queries(18):
        timeline(journey, size=200)


# The page -----------------------------------------------------------------------------------------
def test_htmx_gets_the_list_alone(client, olga, make_lead):
    lead = make_lead()
    client.force_login(olga)
    part = client.get(f"/leads/{lead.pk}/timeline/", headers={"HX-Request": "true"})
    assert part.content.startswith(b'<ol class="story">')
    assert b"<title>" in client.get(f"/leads/{lead.pk}/timeline/").content


def test_the_next_page_begins_where_this_one_ends(client, olga, make_lead, at):
    lead = make_lead()
    Activity.objects.bulk_create(
        Activity(lead=lead, kind="page_view", occurred_at=at - number * MINUTE)
        for number in range(40)
    )
    client.force_login(olga)
    first = client.get(f"/leads/{lead.pk}/timeline/").context["page"]
    rest = client.get(f"/leads/{lead.pk}/timeline/", {"before": first.next}).context["page"]
    assert (len(first.entries), len(rest.entries), rest.next) == (30, 12, "")
    assert rest.entries[0].place < first.entries[-1].place


def test_what_a_stranger_wrote_is_escaped(client, olga, make_lead, at):
    lead = make_lead(HOSTILE)
    Activity.objects.create(
        lead=lead, kind="page_view", properties={"title": HOSTILE}, occurred_at=at
    )
    client.force_login(olga)
    page = client.get(f"/leads/{lead.pk}/timeline/").content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page


def test_another_reps_lead_has_no_timeline(client, pass_lead, alice, carol):
    lead = pass_lead(alice).lead
    client.force_login(carol)
    assert client.get(f"/leads/{lead.pk}/timeline/").status_code == 404
