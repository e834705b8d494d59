"""Leads, one lead, corrections, the review queue and the profile, as people meet them."""

from datetime import timedelta

import pytest
from django.db import transaction

from feedback import answers
from leads import handoffs
from leads.fact_history import evidence_for, record_facts
from leads.instants import database_now
from leads.models import Absence, Account, Activity, Handoff, Submission
from leads.rescoring import rescore
from revops import pipeline
from sla import handoff_clocks

HOSTILE = '<img src=x onerror="alert(1)">"\'>'
PERSON = {
    "email": "clara@lumora.example",
    "name": "Clara Nyström",
    "title": "VP Revenue Operations",
    "company": "Lumora Pay",
    "country": "SE",
    "employees": 420,
    "industry": "fintech",
    "reason": "We lose leads between marketing and sales.",
}


@pytest.fixture
def add_lead(make_lead):
    """Make a lead, committed at once as a page needs it."""
    return transaction.atomic(make_lead)


@pytest.fixture
def worked(source, alice):
    """Clara: came in by the demo form, passed to Alice, accepted and called."""
    now = database_now()
    submission = Submission.objects.create(
        source=source, door="form", body_sha256="", payload=PERSON, received_at=now,
        next_attempt_at=now,
    )  # fmt: skip
    pipeline.process(submission.pk)
    handoff = Handoff.objects.get()
    lead, at = handoff.lead, handoff.opened_at
    for ago in (1, 2, 9):
        Activity.objects.create(
            lead=lead, kind="pricing_view", occurred_at=at - timedelta(days=ago)
        )
    answers.accept(handoffs.open_assignment(handoff), by=alice, at=at + timedelta(minutes=2))
    when = at + timedelta(minutes=5)
    touch = {"channel": "call", "outcome": "spoke", "note": "Wants to see the routing."}
    answers.log_touch(handoff, by=alice, occurred_at=when, at=when, **touch)
    rescore(lead, evidence_for(lead, at))
    return handoff


@pytest.fixture
def waiting(make_lead, make_handoff, at):
    """Three in review: a country is missing, a strange one can't be routed, a title is missing."""

    @transaction.atomic
    def make(name, missing, reason=""):
        account = Account.objects.create(name="Lumora Pay", name_key="lumora pay")
        lead = make_lead(name, account=account, title="Director of Sales")
        facts = {"person.email": lead.email, "account.name": "Lumora Pay", "lead.motion": "inbound"}
        record_facts(lead, facts, known_from=at)
        now = database_now()
        handoff = make_handoff(lead, at=now, hand_raised_at=now)
        handoffs.send_to_review(handoff, missing=missing, reason=reason, at=now)
        handoff_clocks.start_review_clock(handoff, now)
        return handoff

    return [
        make("Clara Nyström", ["account.country"]),
        make(HOSTILE, [], "Nobody in the rota Inbound is there."),
        make("Jonas Berg", ["person.title", "account.employees"]),
    ]


def test_the_list_of_leads(make_screen, olga, worked, add_lead):
    add_lead(HOSTILE, company=HOSTILE, title=HOSTILE)
    for number in range(8):
        add_lead(f"Lead {number}", title="Head of Marketing")
    screen = make_screen(olga)
    screen.open("/leads/")
    screen.assert_clean()


def test_choosing_a_filter_changes_the_rows_in_place(make_screen, olga, worked, add_lead):
    add_lead("Bea Untouched")
    screen = make_screen(olga)
    screen.open("/leads/")
    screen.page.get_by_label("Stage", exact=True).select_option("sal")
    screen.page.get_by_text("Bea Untouched").wait_for(state="detached")
    assert screen.page.get_by_role("link", name="Clara Nyström").is_visible()
    assert "stage=sal" in screen.page.url


def test_one_lead(make_screen, olga, worked):
    screen = make_screen(olga)
    screen.open(f"/leads/{worked.lead_id}/")
    screen.page.get_by_text("Call: spoke").first.wait_for()
    screen.page.get_by_role("link", name="Why this way").click()
    screen.page.get_by_label("Routing").wait_for()
    screen.assert_clean()


def test_a_hostile_lead(make_screen, olga, add_lead):
    lead = add_lead(HOSTILE, company=HOSTILE, title=HOSTILE, phone="javascript:alert(1)")
    Activity.objects.create(
        lead=lead, kind="page_view", properties={"title": HOSTILE}, occurred_at=database_now()
    )
    screen = make_screen(olga)
    screen.open(f"/leads/{lead.pk}/")
    screen.page.get_by_text("Page view").wait_for()
    screen.assert_clean()


def test_correcting_a_fact(make_screen, olga, worked):
    screen = make_screen(olga)
    screen.open(f"/leads/{worked.lead_id}/correct/")
    screen.assert_clean()
    screen.page.get_by_label("Employees").fill("1500")
    screen.page.get_by_role("button", name="Save").click()
    screen.page.get_by_text("1,500").wait_for()


def test_the_review_queue(make_screen, olga, waiting):
    screen = make_screen(olga)
    screen.open("/review/")
    screen.assert_clean()


def test_filling_in_what_is_missing(make_screen, olga, alice, waiting):
    screen = make_screen(olga)
    screen.open("/review/")
    item = screen.page.locator(f"#item-{waiting[0].pk}")
    item.get_by_label("Country").fill("Atlantis")
    item.get_by_role("button", name="Save").click()
    item.get_by_text("Write a country as").wait_for()
    item.get_by_label("Country").fill("Sweden")
    item.get_by_role("button", name="Save").click()
    item.get_by_text("is being routed").wait_for()
    screen.errors.clear()  # Chromium notes the 422
    assert pipeline.reroute(waiting[0].pk)
    assert Handoff.objects.get(pk=waiting[0].pk).owner == alice


def test_the_second_of_two_reviewers_sees_who_was_first(make_screen, olga, mona, alice, waiting):
    first, second = make_screen(mona), make_screen(olga)
    first.open("/review/")
    second.open("/review/")
    for screen in (first, second):
        item = screen.page.locator(f"#item-{waiting[0].pk}")
        item.get_by_label("Assign to").select_option(label="Alice")
        item.get_by_role("button", name="Assign").click()
        item.get_by_role("link", name="Open the lead").wait_for()
    assert "is with Alice now. Mona was first" in item.inner_text()
    second.errors.clear()  # Chromium notes the 409


def test_the_inbox_of_what_failed(make_screen, olga, source, at):
    Submission.objects.create(
        source=source, door="api", body_sha256="", payload={"name": HOSTILE}, received_at=at,
        next_attempt_at=at, state="failed", error="email: Give an email, a phone or a source_id.",
    )  # fmt: skip
    screen = make_screen(olga)
    screen.open("/review/inbox/")
    screen.page.get_by_text("As received").click()
    screen.assert_clean()


def test_the_profile(make_screen, alice, carol):
    now = database_now()
    Absence.objects.create(
        user=alice, starts_at=now, ends_at=now + timedelta(days=3), cover=carol, note="Lisbon"
    )
    screen = make_screen(alice)
    screen.open("/me/")
    screen.assert_clean()
