"""Answering from the queue: in the database, for others, twice, with and without htmx."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from feedback import answers
from feedback.models import Disposition
from feedback.story import story
from feedback.taking_back import take_back
from feedback.views.answers import touch_by
from feedback.views.pausing import next_morning
from leads import handoffs
from leads.documents import publish
from leads.instants import database_now
from leads.models import (
    Assignment,
    Document,
    Handoff,
    Meeting,
    Opportunity,
    Organisation,
    OwnershipChange,
    Touch,
    Version,
)
from sla.models import CalendarTerms, Clock, Pause, RepHours
from tests.routing.conftest import routed

HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(client, alice):
    """Send a form about a handoff as Alice."""

    def send(handoff, action, *, htmx=True, **data):
        client.force_login(alice)
        headers = HTMX if htmx else {}
        return client.post(f"/queue/{handoff.pk}/{action}/", data, headers=headers)

    return send


@pytest.fixture
def qualified(alice, pass_lead, at):
    """A handoff that Alice qualified."""
    handoff = pass_lead(alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    handoff.refresh_from_db()
    return handoff


def latest(handoff):
    return Assignment.objects.filter(handoff=handoff).order_by("seq").last()


def pass_on(handoff, rep, at):
    source = OwnershipChange.Source.MANAGER
    handoffs.pass_to(handoffs.locked(handoff.pk), rep, source=source, reason="Help", at=at)


def test_accept_takes_the_lead_and_opens_the_next(post, alice, pass_lead):
    handoff, other = pass_lead(alice, "First"), pass_lead(alice, "Second")
    response = post(handoff, "accept")
    assert latest(handoff).answer == Assignment.Answer.ACCEPTED
    assert (response.status_code, response["HX-Retarget"]) == (200, "#main")
    assert response.context["opened"].handoff == other
    assert b"Accepted First. First touch was due" in response.content
    assert b"Next: Second." in response.content


def test_a_first_touch_that_is_late_was_due(alice, pass_lead, at):
    handoff = pass_lead(alice, "First")
    assert touch_by(handoff, at).startswith(" First touch by ")
    assert touch_by(handoff, at + timedelta(days=30)).startswith(" First touch was due ")


def test_the_last_one_accepted_stays_open_for_its_touch(post, alice, pass_lead):
    pass_lead(alice, "Worked", accepted=True)
    handoff = pass_lead(alice, "Last")
    response = post(handoff, "accept")
    assert response.context["opened"].handoff == handoff
    assert b"Next:" not in response.content


def test_accept_without_htmx_goes_back_to_the_queue(post, alice, pass_lead):
    handoff, _ = pass_lead(alice, "First"), pass_lead(alice, "Second")
    assert post(handoff, "accept", htmx=False).url == "/queue/"
    assert latest(handoff).answer == Assignment.Answer.ACCEPTED


def test_a_second_accept_says_who_was_first(post, alice, pass_lead):
    handoff = pass_lead(alice)
    post(handoff, "accept", htmx=False)
    response = post(handoff, "accept")
    assert response.status_code == 409
    assert b"Alice accepted this 0 s ago." in response.content


@pytest.mark.parametrize("htmx", [True, False])
def test_an_accept_that_comes_too_late_names_the_winner(post, alice, carol, pass_lead, at, htmx):
    handoff = pass_lead(alice)
    pass_on(handoff, carol, at)
    response = post(handoff, "accept", htmx=htmx)
    assert response.status_code == 409
    assert b"This lead went to Carol" in response.content
    assert latest(handoff).answer == ""


def test_anothers_lead_is_not_found(post, carol, pass_lead):
    handoff = pass_lead(carol)
    assert post(handoff, "accept").status_code == 404
    assert latest(handoff).answer == ""


def test_the_manager_does_not_answer_for_the_rep(client, alice, mona, pass_lead):
    handoff = pass_lead(alice)
    client.force_login(mona)
    assert client.post(f"/queue/{handoff.pk}/accept/").status_code == 404


# Reasons -----------------------------------------------------------------------------------------
def test_the_picker_shows_what_still_has_to_be_done(client, alice, pass_lead):
    client.force_login(alice)
    picker = client.get(f"/queue/{pass_lead(alice).pk}/reject/", headers=HTMX)
    assert b"0 of 4 touches logged" in picker.content
    assert [choice.number for choice in picker.context["choices"] if choice.unmet] == [6]


def test_the_picker_is_a_page_without_htmx(client, alice, pass_lead):
    client.force_login(alice)
    page = client.get(f"/queue/{pass_lead(alice).pk}/reject/")
    assert b"<!doctype html>" in page.content and b"Wrong size" in page.content


def test_one_key_rejects_with_a_reason_that_needs_no_more(post, alice, pass_lead):
    response = post(pass_lead(alice), "reject", quick="wrong-size")
    assert response["HX-Retarget"] == "#main"
    assert Disposition.objects.get().code.key == "wrong-size"


def test_reject_takes_note_and_day(post, alice, pass_lead):
    told = {"code": "wrong-timing", "note": "After the merger", "nurture_until": "2027-03-01"}
    assert post(pass_lead(alice), "reject", htmx=False, **told).status_code == 302
    disposition = Disposition.objects.get()
    assert (disposition.note, str(disposition.nurture_until)) == ("After the merger", "2027-03-01")


def test_a_reason_that_lacks_something_is_shown_again(post, alice, pass_lead):
    handoff = pass_lead(alice)
    for told, sentence in (
        ({}, "Choose a reason."),
        ({"code": "nonsense"}, "not one of the available choices"),
        ({"code": "wrong-timing"}, "needs the day on which to ask again"),
        ({"code": "other"}, "Say in a few words"),
        ({"code": "unable-to-reach"}, "asks for more work first"),
    ):
        response = post(handoff, "reject", **told)
        assert response.status_code == 422
        assert sentence in response.content.decode()
    assert latest(handoff).answer == ""


def test_a_reason_that_lacks_something_is_shown_on_a_page_without_htmx(post, alice, pass_lead):
    response = post(pass_lead(alice), "reject", htmx=False, code="other")
    assert response.status_code == 422
    assert b"<!doctype html>" in response.content and b"Say in a few words" in response.content


def test_an_accepted_lead_is_handed_back_by_the_same_picker(post, alice, pass_lead):
    handoff = pass_lead(alice, accepted=True)
    post(handoff, "reject", quick="wrong-person")
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.WAITING
    assert Disposition.objects.get().kind == Disposition.Kind.HANDED_BACK


def test_rejecting_twice_says_so(post, alice, pass_lead):
    handoff = pass_lead(alice)
    post(handoff, "reject", htmx=False, quick="no-need")
    assert post(handoff, "reject", quick="no-need").status_code == 409
    assert Disposition.objects.count() == 1


def test_the_picker_of_a_lead_that_is_gone_says_where_it_went(client, alice, carol, pass_lead, at):
    handoff = pass_lead(alice)
    pass_on(handoff, carol, at)
    client.force_login(alice)
    assert client.get(f"/queue/{handoff.pk}/reject/", headers=HTMX).status_code == 409


def test_a_wrong_form_does_not_show_a_lead_that_is_gone(post, alice, carol, pass_lead, at):
    handoff = pass_lead(alice)
    pass_on(handoff, carol, at)
    for action in ("reject", "touch", "qualify"):
        response = post(handoff, action, code="bogus", channel="bogus", meeting_at="bogus")
        assert (action, response.status_code) == (action, 409)
        assert handoff.lead.email not in response.content.decode()


# Letting it rest ---------------------------------------------------------------------------------
@pytest.mark.parametrize("htmx", [True, False])
def test_a_lead_is_put_off_and_taken_up_again(post, alice, pass_lead, htmx):
    handoff = pass_lead(alice, accepted=True)
    until = timezone.localtime() + timedelta(days=2)
    told = {"kind": "snoozed", "until": f"{until:%Y-%m-%dT%H:%M}", "reason": "On holiday"}
    assert post(handoff, "pause", htmx=htmx, **told).status_code == (200 if htmx else 302)
    pause = Pause.objects.get(ended_at=None)
    assert (pause.assignment, pause.by, pause.reason) == (latest(handoff), alice, "On holiday")
    post(handoff, "resume", htmx=htmx)
    pause.refresh_from_db()
    assert pause.ended_because == "Ended by Alice"


@pytest.mark.parametrize(
    ("days", "accepted", "status"), [(-1, True, 422), (61, True, 422), (1, False, 409)]
)
def test_a_pause_that_makes_no_sense_is_refused(post, alice, pass_lead, days, accepted, status):
    handoff = pass_lead(alice, accepted=accepted)
    until = timezone.localtime() + timedelta(days=days)
    told = {"kind": "waiting", "until": f"{until:%Y-%m-%dT%H:%M}", "reason": "Asked for the budget"}
    assert post(handoff, "pause", **told).status_code == status
    assert not Pause.objects.exists()


def test_the_form_says_what_runs_on_while_a_lead_rests(client, alice, pass_lead):
    handoff = pass_lead(alice, accepted=True)
    now = database_now()
    running = Clock.objects.running().filter(handoff=handoff)
    running.filter(kind="first_response").update(
        due_at=now - timedelta(minutes=125), started_at=now - timedelta(hours=9)
    )
    running.exclude(kind="first_response").update(pauses=["snoozed"])
    client.force_login(alice)
    page = client.get(f"/queue/{handoff.pk}/pause/").content.decode()
    assert "Snoozed: First response is 2h 05m late and runs on.<" in page
    assert "Waiting for the prospect: First touch is " in page
    assert "h late and runs on. First response is 2h 05m late and runs on.<" in page


def test_a_pause_is_offered_till_the_next_morning_of_work(alice, at):
    friday_evening = at.replace(day=13, hour=19)
    assert next_morning(alice, friday_evening) == at.replace(day=16, hour=9)


def test_who_never_works_again_reads_their_queue_and_lets_leads_rest(client, alice, at):
    calendar = Document.objects.create(kind="calendar", name="Trade fair")
    version = Version.objects.create(document=calendar, number=1)
    days = {at.date().isoformat(): [["09:00", "17:00"]]}
    CalendarTerms.objects.create(version=version, zone="UTC", hours={}, overrides=days)
    publish(version, by=None, note="One day", at=at)
    RepHours.objects.create(rep=alice, calendar=calendar)
    client.force_login(alice)
    assert client.get("/queue/").status_code == 200
    alice.zone = "UTC"
    assert next_morning(alice, at) == at.replace(hour=0) + timedelta(days=1)


def test_the_page_of_a_lead_offers_its_rep_to_let_it_rest(client, alice, mona, pass_lead):
    handoff = pass_lead(alice, accepted=True)
    for user, is_offered in ((alice, True), (mona, False)):
        client.force_login(user)
        page = client.get(f"/queue/{handoff.pk}/rest/", headers=HTMX).content.decode()
        assert (f"/queue/{handoff.pk}/pause/" in page) is is_offered


# Touches, qualifying, outcomes -------------------------------------------------------------------
def test_a_touch_is_logged_and_the_lead_stays_open(post, alice, pass_lead):
    handoff = pass_lead(alice)
    response = post(handoff, "touch", channel="call", outcome="no_answer", note="Voicemail")
    touch = Touch.objects.get()
    assert (touch.handoff, touch.by, touch.channel, touch.note) == (
        handoff,
        alice,
        "call",
        "Voicemail",
    )
    assert response.context["opened"].handoff == handoff
    assert b"Call: no answer" in response.content


def test_what_came_of_a_touch_is_said_later_by_who_made_it(client, post, alice, carol, pass_lead):
    handoff = pass_lead(alice)
    page = post(handoff, "touch", channel="call", outcome="later").content.decode()
    assert "What came of it?" in page and "Outcome of the touch to be said" in page
    touch = Touch.objects.get()
    where = f"/queue/touches/{touch.pk}/outcome/"
    assert client.post(where, {"outcome": "later"}).status_code == 404
    page = client.post(where, {"outcome": "spoke"}, headers=HTMX).content.decode()
    assert "Call: spoke" in page and "What came of it?" not in page
    assert client.post(where, {"outcome": "replied"}).status_code == 409
    client.force_login(carol)
    assert client.post(where, {"outcome": "replied"}).status_code == 404
    touch.refresh_from_db()
    assert touch.outcome == "spoke"


def test_what_came_of_a_touch_may_be_said_when_the_lead_is_gone(client, post, alice, pass_lead):
    handoff = pass_lead(alice)
    post(handoff, "touch", channel="call", outcome="later")
    post(handoff, "reject", code="no-need")
    where = f"/queue/touches/{Touch.objects.get().pk}/outcome/"
    page = f"/leads/{handoff.lead_id}/"
    assert where in client.get(f"{page}timeline/").content.decode()
    assert client.post(where, {"outcome": "spoke"}).url == page
    assert where not in client.get(f"{page}timeline/").content.decode()


def test_a_touch_to_come_is_refused_in_its_place(post, alice, pass_lead):
    tomorrow = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    told = {"channel": "call", "outcome": "spoke", "occurred_at": tomorrow}
    response = post(pass_lead(alice), "touch", **told)
    assert response.status_code == 422
    assert "occurred_at" in response.context["form"].errors


def test_the_touch_form_starts_with_its_channel(client, alice, pass_lead):
    client.force_login(alice)
    form = client.get(f"/queue/{pass_lead(alice).pk}/touch/?channel=email", headers=HTMX)
    assert b'<option value="email" selected>' in form.content
    assert b"answered or not" in form.content


def test_qualify_closes_and_keeps_the_meeting(post, alice, pass_lead):
    handoff = pass_lead(alice, accepted=True)
    post(handoff, "qualify", confirmed="need", meeting_at="2026-12-01T10:00", note="Pilot")
    handoff.refresh_from_db()
    assert handoff.closed_as == Handoff.ClosedAs.QUALIFIED
    assert Meeting.objects.get().handoff == handoff


def test_a_won_deal_needs_its_amount(post, qualified):
    assert post(qualified, "deal", state="won").status_code == 422
    assert post(qualified, "deal", state="won", amount="900").status_code == 200
    assert Opportunity.objects.get().state == Opportunity.State.WON


def test_a_meeting_is_recorded_on_a_qualified_lead_only(post, alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    told = {"starts_at": "2026-12-01T10:00", "outcome": "held"}
    assert post(handoff, "meeting", **told).status_code == 404
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    post(handoff, "meeting", **told)
    assert Meeting.objects.get().outcome == Meeting.Outcome.HELD


AGES = ["0001-01-01T00:00", "9999-12-31T23:59"]


def test_a_meeting_in_another_age_is_refused(post, alice, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    for when in AGES:
        assert post(handoff, "qualify", confirmed="need", meeting_at=when).status_code == 422
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    for when in AGES:
        assert post(handoff, "meeting", starts_at=when, outcome="held").status_code == 422
    assert not Meeting.objects.exists()


def test_who_qualified_a_lead_does_not_see_it_as_anothers(
    client, alice, carol, qualified, make_handoff
):
    make_handoff(qualified.lead, rep=carol, at=timezone.now())
    client.force_login(alice)
    for action, status in (("meeting", 404), ("deal", 404), ("reject", 409)):
        for ask in (client.get, client.post):
            response = ask(f"/queue/{qualified.pk}/{action}/", headers=HTMX)
            assert (action, response.status_code) == (action, status)
            assert qualified.lead.email not in response.content.decode()


@pytest.mark.parametrize("htmx", [True, False])
def test_a_lost_deal_opens_the_next_lead(post, qualified, htmx):
    response = post(qualified, "deal", htmx=htmx, state="lost")
    assert qualified.lead.email not in response.content.decode()
    assert response.status_code == 200 if htmx else response.url == "/queue/"


def test_what_came_of_a_touch_is_asked_where_its_lead_is_again(client, post, alice, pass_lead):
    handoff = pass_lead(alice)
    post(handoff, "touch", channel="call", outcome="later")
    touch = Touch.objects.get()
    post(handoff, "reject", htmx=False, quick="wrong-size")
    again = take_back(handoff, by=alice, at=database_now())
    page = client.get(f"/queue/{again.pk}/")
    assert page.context["opened"].to_be_said == [touch]
    assert page.context["rows"][0].handoff.has_outcome_to_come
    said = client.post(f"/queue/touches/{touch.pk}/outcome/", {"outcome": "spoke"}, headers=HTMX)
    assert said.headers["HX-Push-Url"] == f"/queue/{again.pk}/"


def test_the_form_of_a_deal_names_the_currency(client, alice, qualified):
    Organisation.objects.update(currency="SEK")
    client.force_login(alice)
    form = client.get(f"/queue/{qualified.pk}/deal/", headers=HTMX)
    assert "Amount in SEK" in form.content.decode()


def test_who_qualified_a_lead_is_not_told_that_it_left_them(qualified):
    told = [step.text for step in story(qualified)]
    assert "Qualified by Alice" in told and not any("no longer with" in text for text in told)


def test_who_gave_a_lead_back_may_read_it_and_has_it_in_no_list(client, post, alice, pass_lead):
    handoff = pass_lead(alice)
    post(handoff, "reject", htmx=False, quick="wrong-size")
    lead = f"/leads/{handoff.lead_id}/"
    assert "You had it once: read only" in client.get(lead).content.decode()
    assert client.get(f"{lead}timeline/").status_code == 200
    assert client.get("/leads/").context["count"] == 0
    assert client.get(f"/queue/{handoff.pk}/").status_code == 404


def test_who_reads_what_they_gave_back_is_asked_for_no_part_that_is_anothers(
    client, post, alice, carol, pass_lead
):
    handoff = pass_lead(alice)
    post(handoff, "reject", htmx=False, quick="wrong-person")
    now = database_now()
    routed(Handoff.objects.get(), now)
    answers.accept(handoffs.open_assignment(handoff), by=carol, at=now)
    page = client.get(f"/leads/{handoff.lead_id}/").content.decode()
    for part in re.findall(r'hx-get="([^"]+)" hx-trigger="load"', page):
        assert client.get(part, headers=HTMX).status_code == 200, part


@pytest.mark.parametrize("who", ["carol", "mona"])
def test_who_has_the_lead_or_their_manager_is_told_what_is_promised(
    client, carol, pass_lead, request, who
):
    handoff = pass_lead(carol, accepted=True)
    client.force_login(request.getfixturevalue(who))
    page = client.get(f"/leads/{handoff.lead_id}/").content.decode()
    assert f"/handoffs/{handoff.pk}/acknowledge/?promises" in page
    assert f"/queue/{handoff.pk}/rest/" in page
