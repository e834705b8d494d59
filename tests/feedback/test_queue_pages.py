"""The queue's page: what it shows, to whom, and what looking at it leaves behind."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from feedback import answers
from feedback.taking_back import take_back
from leads import handoffs, ownership
from leads.fact_history import record_facts
from leads.instants import database_now
from leads.models import Assignment, Lead
from sla.models import Clock, InstantAnswer
from sla.notices import unseen_count
from sla.outbox import notify

HTMX = {"HX-Request": "true"}
MINUTE = timedelta(minutes=1)
CHICAGO = "America/Chicago"


@pytest.fixture
def signed_in(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def url(handoff, action=""):
    return f"/queue/{handoff.pk}/{action}"


def test_the_queue_opens_with_the_most_urgent_lead(signed_in, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    page = signed_in(alice).get("/queue/")
    assert page.status_code == 200
    assert page.context["opened"].handoff.lead.name == "Clara Nyström"
    assert b"<title>Clara" in page.content


def test_the_queue_alone_does_not_count_as_opening(signed_in, alice, pass_lead):
    handoff = pass_lead(alice)
    signed_in(alice).get("/queue/")
    assert handoffs.open_assignment(handoff).received_at is None


def test_opening_a_lead_is_noted_once(signed_in, alice, pass_lead):
    handoff = pass_lead(alice)
    client = signed_in(alice)
    client.get(url(handoff))
    first = handoffs.open_assignment(handoff)
    client.get(url(handoff))
    again = handoffs.open_assignment(handoff)
    assert first.evidence == Assignment.Evidence.OPENED
    assert first.received_at == again.received_at is not None


def told(alice, handoff, at, key):
    notify(alice, "passed", key=key, subject="New lead", handoff=handoff, at=at)


def test_what_was_told_of_a_lead_is_seen_by_opening_it_and_by_working_on_it(
    signed_in, alice, pass_lead, at
):
    handoff, other, client = pass_lead(alice), pass_lead(alice), signed_in(alice)
    for key, each in (("one", handoff), ("other", other)):
        told(alice, each, at, key)
    assert b"<title>(2) " in client.get("/queue/").content
    client.get(url(handoff))
    assert unseen_count(alice) == 1
    told(alice, handoff, at, "while it is open")
    accepted = client.post(url(handoff, "accept/"), headers=HTMX).content.decode()
    assert unseen_count(alice) == 1
    assert "<title>(1) " in accepted and 'data-unread="1"' in accepted
    client.get(f"/leads/{other.lead_id}/timeline/")
    assert unseen_count(alice) == 0


def test_a_prefetch_opens_nothing(signed_in, alice, pass_lead):
    handoff, client = pass_lead(alice), signed_in(alice)
    client.get(url(handoff), headers={"Sec-Purpose": "prefetch"})
    client.get(url(handoff), headers={"Purpose": "prefetch"})
    client.head(url(handoff))
    assert handoffs.open_assignment(handoff).received_at is None


def test_a_manager_looks_without_opening_or_answering(signed_in, alice, mona, pass_lead):
    handoff = pass_lead(alice)
    page = signed_in(mona).get(url(handoff))
    assert b"Read only" in page.content and b"/accept/" not in page.content
    assert handoffs.open_assignment(handoff).received_at is None


def test_who_sees_the_team_may_choose_a_rep(signed_in, alice, mona, vera, olga, rosa, pass_lead):
    pass_lead(alice, "Clara Nyström")
    for user in (mona, vera, olga, rosa):
        page = signed_in(user).get(f"/queue/?rep={alice.pk}")
        assert [row.handoff.lead.name for row in page.context["rows"]] == ["Clara Nyström"]


def test_a_rep_sees_no_other_queue(signed_in, alice, carol):
    client = signed_in(carol)
    for address in (f"/queue/?rep={alice.pk}", f"/queue/poll/?newest=0&rep={alice.pk}"):
        assert (address, client.get(address).status_code) == (address, 404)


def test_a_queue_of_nobody_is_not_found(signed_in, mona, defaults):
    client = signed_in(mona)
    for rep in ("x", "0", "-1", "99999999999999999999"):
        assert (rep, client.get(f"/queue/?rep={rep}").status_code) == (rep, 404)


def test_anothers_lead_is_not_found(signed_in, alice, carol, pass_lead):
    assert signed_in(carol).get(url(pass_lead(alice))).status_code == 404


def test_a_lead_in_no_queue_is_not_found(signed_in, mona, defaults, make_handoff):
    assert signed_in(mona).get(url(make_handoff())).status_code == 404


def test_pages_are_only_read(signed_in, alice):
    client = signed_in(alice)
    for address in ("/queue/", "/queue/1/", "/queue/poll/"):
        assert (address, client.post(address).status_code) == (address, 405)


def test_what_we_promise_ourselves_stands_apart_from_what_the_prospect_was_told(
    signed_in, alice, pass_lead, source, at
):
    handoff, client = pass_lead(alice), signed_in(alice)
    page = client.get(url(handoff)).content.decode()
    assert "<h2>The prospect waits <span>day and night</span></h2>" in page
    assert "They were told" not in page
    InstantAnswer.objects.create(
        handoff=handoff,
        source=source,
        created_at=at,
        asked_at=at,
        state="sent",
        sent_at=at,
        subject="Thank you",
        body="Soon.",
        send_after=at,
        expected_by=at,
        expected_text="on Monday by 09:10",
    )
    page = client.get(url(handoff)).content.decode()
    assert "<dt>They were told</dt><dd>On Monday by 09:10</dd>" in page


def test_each_deadline_is_told_in_the_zone_of_the_rep_and_in_the_leads(signed_in, alice, pass_lead):
    handoff = pass_lead(alice)
    Lead.objects.update(phone="+13125550123")
    shown = signed_in(alice).get(url(handoff)).content.decode()
    for clock in Clock.objects.filter(handoff=handoff).exclude(kind="first_response"):
        ours, theirs = (clock.due_at.astimezone(ZoneInfo(each)) for each in (alice.zone, CHICAGO))
        day = "" if ours.date() == theirs.date() else f"{theirs:%a} "
        told = f"by {ours:%a} {ours.day} {ours:%b, %H:%M} for you · {day}{theirs:%H:%M} in Chicago"
        assert told in shown


def test_not_mine_promises_no_more_than_that_it_is_no_rejection(signed_in, alice, pass_lead):
    page = signed_in(alice).get(url(pass_lead(alice), "reject/")).content.decode()
    assert "next rep, not in your rejection rate" in page and "against" not in page


def test_an_empty_queue_says_when_work_goes_on(signed_in, alice):
    page = signed_in(alice).get("/queue/")
    assert b"Nothing waits for you" in page.content
    assert b"Office hours" in page.content


def test_what_a_lead_wrote_is_shown_as_text(signed_in, alice, pass_lead):
    handoff = pass_lead(alice, "<script>alert(1)</script>")
    handoff.packet = {"words": {"text": "<img src=x>", "lines": [["Wants", "<b>now</b>"]]}}
    handoff.save()
    page = signed_in(alice).get(url(handoff)).content
    assert b"<script>alert" not in page and b"<img src=x" not in page and b"<b>now" not in page
    assert b"&lt;img src=x&gt;" in page


def test_the_page_takes_as_many_queries_with_5_leads_as_with_2(
    signed_in, alice, pass_lead, at, django_assert_max_num_queries
):
    client = signed_in(alice)
    for n in range(2):
        record_facts(pass_lead(alice, f"Lead {n}").lead, {"account.name": "B"}, known_from=at)
    with django_assert_max_num_queries(27) as few:
        client.get("/queue/")
    for n in range(3):
        pass_lead(alice, f"More {n}")
    with django_assert_max_num_queries(len(few)):
        client.get("/queue/")


# Closed ------------------------------------------------------------------------------------------
def give_back(handoff, code, at):
    turn = handoffs.open_assignment(handoff)
    answers.reject(turn, code=code, note="", nurture_until=None, by=turn.rep, at=at)


def names(page):
    return [said.handoff.lead.name for said in page.context["closed"]]


@pytest.fixture
def now():
    return database_now()


def test_what_a_rep_closed_or_gave_back_lately_is_listed_newest_first(
    signed_in, alice, carol, pass_lead, code, now
):
    for days, name, key in (
        (2, "Old", "wrong-size"),
        (1, "New", "wrong-person"),
        (8, "Past", "wrong-size"),
    ):
        give_back(pass_lead(alice, name), code(key), now - timedelta(days=days))
    give_back(pass_lead(carol, "Hers"), code("wrong-size"), now)
    page = signed_in(alice).get("/queue/?show=closed")
    assert names(page) == ["New", "Old"]
    assert [chip["count"] for chip in page.context["chips"] if chip["label"] == "Closed"] == [2]
    lead = page.context["closed"][1].handoff.lead
    assert f"/leads/{lead.pk}/#h-handoffs" in page.content.decode()
    assert b"Nothing waits" not in page.content


def test_what_is_back_with_its_rep_is_closed_no_more(signed_in, alice, pass_lead, code, now):
    handoff = pass_lead(alice)
    give_back(handoff, code("wrong-size"), now)
    client = signed_in(alice)
    assert len(names(client.get("/queue/?show=closed"))) == 1
    client.post(url(handoff, "undo-close/"))
    handoff.refresh_from_db()
    page = client.get("/queue/?show=closed")
    assert page.context["closed"] is not None and names(page) == []


def test_a_lead_that_was_closed_anew_is_listed_once_and_one_that_was_qualified_not_at_all(
    signed_in, alice, pass_lead, code, now
):
    twice, sold = pass_lead(alice, "Twice"), pass_lead(alice, "Sold")
    for handoff in (twice, sold):
        give_back(handoff, code("wrong-size"), now - MINUTE)
    again, sold_again = (take_back(each, by=alice, at=now) for each in (twice, sold))
    give_back(again, code("no-need"), now)
    answers.accept(handoffs.open_assignment(sold_again), by=alice, at=now)
    answers.qualify(sold_again, confirmed=["need"], by=alice, at=now)
    page = signed_in(alice).get("/queue/?show=closed")
    assert [(str(said.handoff.lead), said.code.key) for said in page.context["closed"]] == [
        ("Twice", "no-need")
    ]


def test_a_manager_sees_what_their_rep_closed_and_a_rep_nobody_elses(
    signed_in, alice, carol, mona, pass_lead, code, now
):
    give_back(pass_lead(alice, "Clara Nyström"), code("wrong-size"), now)
    address = f"/queue/?show=closed&rep={alice.pk}"
    assert names(signed_in(mona).get(address)) == ["Clara Nyström"]
    assert signed_in(carol).get(address).status_code == 404


def test_the_closed_take_as_many_queries_with_4_as_with_1(
    signed_in, alice, pass_lead, code, now, django_assert_max_num_queries
):
    client = signed_in(alice)
    give_back(pass_lead(alice), code("wrong-size"), now)
    with django_assert_max_num_queries(25) as few:
        client.get("/queue/?show=closed")
    for n in range(3):
        give_back(pass_lead(alice, f"Lead {n}"), code("wrong-size"), now)
    with django_assert_max_num_queries(len(few)):
        client.get("/queue/?show=closed")


# Polling -----------------------------------------------------------------------------------------
def test_a_poll_is_silent_until_something_changes(signed_in, alice, pass_lead):
    client = signed_in(alice)
    version = client.get("/queue/").context["version"]
    address = f"/queue/poll/?newest={version.newest}&mark={version.mark}"
    assert client.get(address, headers=HTMX).status_code == 204
    pass_lead(alice)
    news = client.get(address, headers=HTMX).content.decode()
    assert "1 new" in news and "<title>" not in news


def test_the_bar_and_the_list_say_one_number(signed_in, alice, pass_lead):
    client = signed_in(alice)
    pass_lead(alice)
    page, news = client.get("/queue/"), client.get("/queue/poll/?newest=0", headers=HTMX)
    for answer in (page, news):
        text = answer.content.decode()
        in_bar = re.search(r"data-count=.?Queue.?\]?.*?>(\d+)</span>", text)
        assert (in_bar[1], "Mine <b>1</b>" in text) == ("1", True)


def test_a_poll_that_found_news_is_silent_afterwards(signed_in, alice, pass_lead):
    client = signed_in(alice)
    pass_lead(alice)
    mark = client.get("/queue/poll/?newest=0", headers=HTMX).context["version"].mark
    assert client.get(f"/queue/poll/?newest=0&mark={mark}", headers=HTMX).status_code == 204


def test_a_part_of_the_queue_that_there_is_none_of_is_not_found(signed_in, alice):
    client = signed_in(alice)
    for address in ("/queue/?show=foo", "/queue/poll/?newest=0&show=foo", "/queue/poll/?newest=x"):
        assert (address, client.get(address).status_code) == (address, 404)


def test_a_silent_poll_takes_three_queries(signed_in, alice, django_assert_max_num_queries):
    client = signed_in(alice)
    mark = client.get("/queue/poll/?newest=0", headers=HTMX).context["version"].mark
    with django_assert_max_num_queries(4):  # session, user, now, version
        client.get(f"/queue/poll/?newest=0&mark={mark}")


def test_a_lead_that_moved_on_is_no_longer_its_former_reps_to_open(
    client, alice, carol, make_handoff, at
):
    handoff = make_handoff(rep=alice, accepted=True)
    answers.qualify(handoff, confirmed=["need"], by=alice, at=at)
    lead = Lead.objects.get(pk=handoff.lead_id)
    ownership.take(lead, to=carol, source="manager", reason="Moved", by=None, at=at)
    client.force_login(alice)
    assert client.get(f"/queue/{handoff.pk}/").status_code == 404
