"""The backtest's page and part, its lists, and publishing with what was foretold."""

from __future__ import annotations

import pytest
from django.urls import reverse

from feedback import backtest
from feedback.models import Backtest
from leads import documents
from leads.documents import live_version
from leads.instants import database_now
from leads.models import FitRule, Job, Organisation, Publication
from revops import jobs
from tests.feedback.test_backtest import add_hand_raise

pytestmark = pytest.mark.django_db

HX = {"HX-Request": "true"}


def url(name, draft, *more):
    return reverse(f"feedback:{name}", args=[draft.number, *more])


def run(draft, by, months=6):
    backtest.start(draft, months=months, by=by, at=database_now())
    while jobs.run_step():
        pass


@pytest.fixture
def gaining(draft, make_past_lead, at):
    """A draft that would hand over two leads more."""
    add_hand_raise(draft, "webinar_attendance")
    now = database_now()
    days = (now - at).days
    leads = [make_past_lead("webinar_attendance", days_ago=10 - days + each) for each in (0, 1)]
    return draft, leads


def test_a_draft_without_a_backtest_offers_one(client, draft, olga):
    client.force_login(olga)
    page = client.get(url("criteria_backtest", draft)).content.decode()
    assert "Not run yet." in page and ">Run</button>" in page


def test_starting_one_by_form_and_by_htmx(client, draft, olga):
    client.force_login(olga)
    address = url("criteria_backtest", draft)
    assert client.post(address, {"months": 12}).status_code == 302
    assert Backtest.objects.get().months == 12
    part = client.post(address, {"months": 12}, headers=HX).content.decode()
    assert part.startswith("<section") and 'hx-trigger="every 2s, awake from:body"' in part
    assert Backtest.objects.count() == 1


def test_another_length_while_one_runs_is_said(client, draft, olga):
    client.force_login(olga)
    client.post(url("criteria_backtest", draft), {"months": 3})
    answer = client.post(url("criteria_backtest", draft), {"months": 12}, headers=HX)
    assert answer.status_code == 422
    assert "One over 3 months is running" in answer.content.decode()


def test_what_came_out_stays_while_another_runs_and_after_it_is_cancelled(client, gaining, olga):
    draft, _ = gaining
    run(draft, olga)
    backtest.start(draft, months=12, by=olga, at=database_now())
    client.force_login(olga)
    page = client.get(url("criteria_backtest", draft)).content.decode()
    assert "Another, over " in page and "all there is; started" in page and "2 leads gained" in page
    client.post(url("criteria_backtest_cancel", draft))
    page = client.get(url("criteria_backtest", draft)).content.decode()
    assert "Cancelled by Olga." in page and "2 leads gained" in page
    assert client.get(url("criteria_backtest_leads", draft, "gained")).status_code == 200


def polled(client, draft, page):
    """Ask as the page does that holds `page`."""
    mark = page.content.decode().split("progress/?mark=")[1].split('"')[0]
    return client.get(url("criteria_backtest_progress", draft), {"mark": mark}, headers=HX)


def test_the_poll_swaps_the_progress_alone_and_the_whole_at_the_end(
    client, draft, make_past_lead, olga, monkeypatch
):
    monkeypatch.setattr(backtest, "STEP", 1)
    make_past_lead("demo_request")
    client.force_login(olga)
    page = client.post(url("criteria_backtest", draft), {"months": 6}, headers=HX)
    assert polled(client, draft, page).status_code == 204
    jobs.run_step()
    part = polled(client, draft, page)
    assert (
        "1 of 1 leads replayed" in part.content.decode() and "Cancel" not in part.content.decode()
    )
    jobs.run_step()
    whole = polled(client, draft, part)
    assert whole["HX-Retarget"] == "#backtest" and "Handoffs to sales" in whole.content.decode()


def test_a_poll_that_changed_nothing_is_cheap(client, draft, olga, django_assert_num_queries):
    client.force_login(olga)
    page = client.post(url("criteria_backtest", draft), {"months": 6}, headers=HX)
    with django_assert_num_queries(4):
        polled(client, draft, page)


def test_another_length_is_refused(client, draft, olga):
    client.force_login(olga)
    for months in ("", "5", "x"):
        answer = client.post(url("criteria_backtest", draft), {"months": months}, headers=HX)
        assert (months, answer.status_code) == (months, 422)
    assert not Backtest.objects.exists()


def test_a_draft_with_errors_is_refused_in_its_words(client, draft, olga):
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=[])
    client.force_login(olga)
    answer = client.post(url("criteria_backtest", draft), {"months": 6}, headers=HX)
    assert answer.status_code == 422 and "has errors" in answer.content.decode()


@pytest.mark.parametrize("who", ["alice", "mona"])
def test_who_may_not_edit_reads_but_starts_and_cancels_nothing(client, draft, request, who):
    client.force_login(request.getfixturevalue(who))
    page = client.get(url("criteria_backtest", draft))
    assert page.status_code == 200 and ">Run</button>" not in page.content.decode()
    assert client.post(url("criteria_backtest", draft), {"months": 6}).status_code == 403
    assert client.post(url("criteria_backtest_cancel", draft)).status_code == 403


def test_the_page_shows_both_sides_and_what_is_unknown(client, gaining, olga):
    draft, leads = gaining
    run(draft, olga)
    client.force_login(olga)
    page = client.get(url("criteria_backtest", draft)).content.decode()
    assert "2 leads gained" in page and "none lost" in page
    assert "2 of 2 gained leads have no known outcome" in page
    assert "n = 0" in page


def test_the_gained_leads_are_listed_for_who_may_see_them(client, gaining, olga, alice):
    draft, leads = gaining
    run(draft, olga)
    client.force_login(olga)
    page = client.get(url("criteria_backtest_leads", draft, "gained")).content.decode()
    assert all(reverse("leads:lead", args=[lead.pk]) in page for lead in leads)
    client.force_login(alice)
    page = client.get(url("criteria_backtest_leads", draft, "gained")).content.decode()
    assert "No lead that you can see" in page
    assert client.get(url("criteria_backtest_leads", draft, "other")).status_code == 404


def test_a_running_one_can_be_cancelled(client, draft, olga):
    backtest.start(draft, months=6, by=olga, at=database_now())
    client.force_login(olga)
    assert client.post(url("criteria_backtest_cancel", draft)).status_code == 302
    page = client.get(url("criteria_backtest", draft)).content.decode()
    assert "Cancelled by Olga." in page and "Run again" in page


def test_a_failed_one_says_why(client, draft, olga, monkeypatch):
    backtest.start(draft, months=6, by=olga, at=database_now())
    Job.objects.update(state="failed", error="Disk <full>", finished_at=database_now())
    client.force_login(olga)
    assert "Disk &lt;full&gt;" in client.get(url("criteria_backtest", draft)).content.decode()


def note(draft, text="Webinars raise hands", **more):
    return {"note": text, "revision": draft.revision, **more}


def test_publishing_keeps_what_was_foretold(client, gaining, olga):
    draft, _ = gaining
    run(draft, olga)
    client.force_login(olga)
    shown = client.get(url("criteria_publish", draft)).content.decode()
    assert "2 leads gained and 0 lost in the past" in " ".join(shown.split())
    answer = client.post(url("criteria_publish", draft), note(draft))
    assert answer.status_code == 302 and answer["Location"] == reverse("criteria_apply")
    published = Publication.objects.get(version=draft)
    assert published.predicted["gained"] == 2
    assert (published.note, published.by) == ("Webinars raise hands", olga)


def test_publishing_without_a_backtest_foretells_nothing(client, draft, olga):
    client.force_login(olga)
    assert (
        "nothing is expected of it" in client.get(url("criteria_publish", draft)).content.decode()
    )
    client.post(url("criteria_publish", draft), note(draft))
    assert Publication.objects.get(version=draft).predicted is None


def test_a_note_is_asked_for(client, draft, olga):
    client.force_login(olga)
    answer = client.post(url("criteria_publish", draft), note(draft, ""))
    assert answer.status_code == 422 and not Publication.objects.filter(version=draft).exists()


def test_errors_forbid_publishing(client, draft, olga):
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=[])
    client.force_login(olga)
    page = client.get(url("criteria_publish", draft)).content.decode()
    assert "200 to 2,000 employees" in page and "Publish v2</button>" not in page
    assert client.post(url("criteria_publish", draft), note(draft)).status_code == 422
    assert not Publication.objects.filter(version=draft).exists()


def test_an_edit_since_the_page_was_opened_is_not_published_unseen(client, draft, olga, at):
    client.force_login(olga)
    seen = note(draft)
    documents.save_edit(draft, revision=draft.revision, by=olga, at=at)
    answer = client.post(url("criteria_publish", draft), seen)
    assert answer.status_code == 409 and "was changed since you looked" in answer.content.decode()
    assert not Publication.objects.filter(version=draft).exists()


def test_a_revision_that_is_no_number_we_keep_is_refused(client, draft, olga):
    client.force_login(olga)
    answer = client.post(url("criteria_publish", draft), note(draft, revision="9" * 5000))
    assert answer.status_code == 409


def test_a_draft_of_what_is_no_longer_live_is_refused_with_the_way_on(client, draft, live, olga):
    other = documents.start_draft(live, by=olga)
    documents.publish(other, by=olga, note="Another", at=database_now())
    client.force_login(olga)
    answer = client.post(url("criteria_publish", draft), note(draft))
    page = answer.content.decode()
    assert answer.status_code == 409 and "but Criteria v3 is live now" in page
    assert reverse("leads:criteria_start_draft") in page
    assert live_version("criteria", database_now()) == other


def test_only_who_may_publish_does(client, draft, olga, vera):
    client.force_login(vera)
    assert client.get(url("criteria_publish", draft)).status_code == 403
    Organisation.objects.update(publishers="admins")
    client.force_login(olga)
    assert client.post(url("criteria_publish", draft), note(draft)).status_code == 403


def test_pages_want_a_known_version(client, defaults, olga):
    client.force_login(olga)
    for name in ("criteria_backtest", "criteria_backtest_progress", "criteria_publish"):
        answer = client.get(reverse(f"feedback:{name}", args=[99]))
        assert (name, answer.status_code) == (name, 404)
