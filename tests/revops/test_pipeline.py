from datetime import UTC, datetime, timedelta

import pytest

from feedback import answers, pausing
from leads import handoffs, inbox, ownership
from leads.fact_history import facts_of
from leads.instants import database_now
from leads.models import (
    Activity,
    CustomFact,
    Handoff,
    Identity,
    IntakeSource,
    Lead,
    Queue,
    ScoreSnapshot,
    Stage,
    Submission,
)
from revops import intake_work, pipeline
from routing.models import Decision
from sla.messages import path_to
from sla.models import AnswerTemplate, Clock, InstantAnswer, Notification, Pause
from sla.staleness import is_still_true

pytestmark = pytest.mark.django_db

CLARA = {
    "email": "clara@lumora.example",
    "name": "Clara Nyström",
    "title": "VP Revenue Operations",
    "company": "Lumora Pay",
    "country": "SE",
    "industry": "fintech",
    "employees": 420,
    "reason": "We route by spreadsheet.",
}


def ago(**length):
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


@pytest.fixture
def hand_in(source):
    def hand_in(slug=source.slug, **fields):
        payload = CLARA | fields
        submission, _ = inbox.receive(
            IntakeSource.objects.get(slug=slug),
            door=Submission.Door.API,
            payload=payload,
            body=inbox.canonical(payload),
            at=database_now(),
        )
        intake_work.process_submission(submission.pk)
        submission.refresh_from_db()
        return submission

    return hand_in


def test_a_demo_request_reaches_a_rep_in_one_go(hand_in, alice):
    submission = hand_in()
    assert submission.state == Submission.State.DONE, submission.error
    handoff = submission.handoff
    assert (handoff.state, handoff.owner, handoff.band) == (Handoff.State.PASSED, alice, "A1")
    assert handoff.lead.stage_id == "mql"
    assert handoff.packet["headline"]["name"] == "Clara Nyström"


def test_the_reps_and_the_prospects_clocks_run_and_the_rep_is_told(hand_in, alice):
    handoff = hand_in().handoff
    kinds = set(Clock.objects.running().filter(handoff=handoff).values_list("kind", flat=True))
    assert kinds == {"accept", "first_touch", "first_response"}
    told = Notification.objects.filter(recipient=alice, kind=Notification.Kind.PASSED)
    assert set(told.values_list("channel", flat=True)) == {"app", "email"}
    why, until = told.earliest("pk").body.split(". ", 1)
    assert until.startswith("The prospect is to be answered by ")
    assert "; accept or reject by " in until and until.endswith(f"({alice.zone}).")


def test_who_asks_for_a_person_is_answered_at_once_and_once(hand_in, alice, source):
    AnswerTemplate.objects.create(is_on=True).sources.add(source)
    hand_in()
    hand_in()
    answer = InstantAnswer.objects.get()
    assert answer.handoff.owner == alice and answer.source == source
    assert answer.expected_text


def test_the_promise_of_a_lead_that_asked_for_nothing_begins_when_it_is_handed_over(hand_in, alice):
    acts = [{"kind": "pricing_view", "occurred_at": ago(days=days)} for days in (9, 8, 7)]
    handoff = hand_in(slug="website", kind="page_view", activities=acts).handoff
    assert (handoff.trigger_key, handoff.opened_by) == ("three-high", "Depth of intent")
    clock = Clock.objects.get(handoff=handoff, kind="first_response")
    assert clock.started_at == handoff.opened_at


def test_an_open_handoff_knows_the_best_band_its_lead_rose_to(hand_in, alice):
    acts = [{"kind": "pricing_view", "occurred_at": ago(days=days)} for days in (9, 8, 7)]
    small = {"title": "Intern", "employees": 20, "industry": "retail"}
    handoff = hand_in(slug="website", kind="page_view", activities=acts, **small).handoff
    assert (handoff.band, handoff.better_band) == ("C2", "")
    again = hand_in(slug="website", kind="page_view").handoff
    assert (again.pk, again.band, again.better_band) == (handoff.pk, "C2", "B2")


def test_the_decision_and_the_score_are_kept(hand_in, alice):
    handoff = hand_in().handoff
    assert Decision.objects.get(handoff=handoff).rep == alice
    kept = ScoreSnapshot.objects.get(handoff=handoff)
    lines = kept.breakdown["lines"]
    assert sum(line["points"] for line in lines) == kept.fit + kept.readiness


def test_a_page_view_opens_nothing(hand_in, alice):
    submission = hand_in(slug="website", title="Intern", employees=20, industry="retail")
    assert submission.handoff is None
    assert submission.lead.stage_id == "ml"


def test_a_missing_field_sends_it_to_review_with_the_field_named(hand_in, alice, rosa):
    handoff = hand_in(country="").handoff
    assert handoff.state == Handoff.State.REVIEW
    assert handoff.missing == ["account.country"]
    assert handoff.queue.owner == rosa
    assert Notification.objects.filter(recipient=rosa, kind=Notification.Kind.REVIEW).exists()


def test_what_was_missing_releases_the_review(hand_in, alice):
    handoff = hand_in(country="").handoff
    hand_in(slug="website")
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.PASSED and handoff.missing == []
    assert Clock.objects.get(handoff=handoff, kind="review").stop_reason == "met"


def test_nobody_on_the_rota_sends_it_to_review(hand_in, defaults):
    handoff = hand_in().handoff
    assert handoff.state == Handoff.State.REVIEW
    assert handoff.review_reason


def test_a_second_hand_raise_joins_the_open_handoff(hand_in, alice):
    handoff = hand_in(occurred_at=ago(minutes=10)).handoff
    again = hand_in(reason="Still waiting.").handoff
    assert again == handoff and Handoff.objects.count() == 1
    assert again.priority >= 50
    assert Clock.objects.filter(handoff=handoff, kind="first_response").count() == 2
    assert Notification.objects.filter(recipient=alice, kind="hand_raise").exists()


@pytest.mark.parametrize(
    ("kind", "told", "goes_on"),
    [
        ("waiting", {"kind": "page_view"}, False),
        ("waiting", {"kind": "email_open"}, True),
        ("snoozed", {"kind": "page_view"}, True),
        ("snoozed", {"reason": "Still waiting."}, False),
    ],
    ids=["they did something", "a mail was opened", "put off all the same", "they asked again"],
)
def test_what_the_prospect_does_ends_the_wait(hand_in, alice, kind, told, goes_on):
    handoff = hand_in(occurred_at=ago(minutes=10)).handoff
    turn = handoffs.open_assignment(handoff)
    answers.accept(turn, by=turn.rep, at=database_now())
    until = database_now() + timedelta(days=1)
    how = {"kind": kind, "until": until, "reason": "Asked", "by": turn.rep}
    pausing.pause(handoff, at=database_now(), **how)
    hand_in(**told)
    assert Pause.objects.filter(ended_at=None).exists() is goes_on


def test_the_same_person_in_another_spelling_is_the_same_lead(hand_in, alice):
    first = hand_in().lead
    assert hand_in(email="CLARA@Lumora.Example").lead == first
    assert Identity.objects.filter(kind="email").count() == 1


def test_only_newer_evidence_opens_a_handoff_again(hand_in, alice):
    handoff = hand_in(occurred_at=ago(hours=2)).handoff
    an_hour_ago = database_now() - timedelta(hours=1)
    handoffs.close(
        handoffs.locked(handoff.pk),
        closed_as="recycled",
        outcome="recycled",
        at=an_hour_ago,
        reason="Not now",
    )
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert pipeline.judge(lead, database_now()) is None
    hand_in()
    assert Handoff.objects.filter(lead=lead).count() == 2


@pytest.fixture
def woken(hand_in, alice):
    """A lead that asked for a demo two hours ago, was sent back to rest, and has rested enough."""
    handoff = handoffs.locked(hand_in(occurred_at=ago(hours=2)).handoff.pk)
    how = {"closed_as": "recycled", "outcome": "recycled", "reason": "Not now"}
    handoffs.close(handoff, at=database_now() - timedelta(hours=1), **how)
    lead = Lead.objects.get(pk=handoff.lead_id)
    lead.nurture_until, lead.wakes_at = database_now().date(), database_now()
    lead.reconsider_at = lead.wakes_at
    lead.save()
    return lead


def test_a_lead_that_wakes_is_no_fresh_request(woken):
    assert pipeline.reconsider(woken.pk)
    handoff = Handoff.objects.open().get(lead=woken)
    assert (handoff.path, handoff.hand_raised_at) == ("wake", None)
    assert handoff.reason == "Rest is over: Asked for a demo"
    clock = Clock.objects.get(handoff=handoff, kind="first_response")
    assert (clock.started_at, clock.breached_at) == (handoff.opened_at, None)
    assert clock.allowed > timedelta(minutes=5)
    assert not InstantAnswer.objects.filter(handoff=handoff).exists()


def test_a_lead_that_wakes_and_asks_again_is_one(woken, hand_in):
    handoff = hand_in().handoff
    assert (handoff.path, handoff.reason) == ("hand_raise", "Asked for a demo")
    clock = Clock.objects.get(handoff=handoff, kind="first_response")
    assert clock.started_at == handoff.hand_raised_at


def test_a_resting_lead_is_not_opened_by_its_score(hand_in, alice, at):
    lead = hand_in(slug="website").lead
    lead.wakes_at = datetime.now(UTC) + timedelta(days=30)
    for number in range(4):
        Activity.objects.create(
            lead=lead,
            kind="case_study_view",
            occurred_at=datetime.now(UTC) - timedelta(hours=number),
        )
    assert pipeline.is_resting(lead, datetime.now(UTC))
    assert pipeline.judge(lead, database_now()) is None


def test_a_competitor_is_disqualified_and_never_handed_over(hand_in, alice):
    lead = hand_in(slug="website").lead
    lead.account.status = "competitor"
    lead.account.save()
    submission = hand_in()
    assert submission.handoff is None
    assert Lead.objects.get(pk=lead.pk).stage_id == "disqualified"


def test_processing_twice_does_nothing_more(hand_in, alice):
    submission = hand_in()
    assert pipeline.process(submission.pk) is False
    assert Activity.objects.filter(submission=submission).count() == 1


def test_what_cannot_be_used_stays_in_the_inbox_with_its_error(hand_in, alice):
    submission = hand_in(email="", country="SE")
    assert submission.state == Submission.State.FAILED
    assert "email" in submission.error
    assert Lead.objects.count() == 0


def test_an_unforeseen_error_is_tried_again_later_and_leaves_nothing(
    hand_in, alice, monkeypatch, caplog
):
    def refuse(*args, **kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr(pipeline, "build_packet", refuse)
    submission = hand_in()
    assert (submission.state, submission.attempts) == (Submission.State.PENDING, 1)
    assert submission.next_attempt_at > database_now()
    assert Lead.objects.count() == 0
    assert "clara@" not in caplog.text


def test_a_rejected_lead_goes_to_the_next_rep(hand_in, alice, carol):
    handoff = handoffs.locked(hand_in().handoff.pk)
    first = handoff.owner
    handoffs.back_to_routing(handoff, at=database_now(), reason="Not mine")
    assert intake_work.work_through(database_now()) == 1
    handoff.refresh_from_db()
    assert {first, handoff.owner} == {alice, carol}


def test_a_lead_that_sales_has_is_told_to_its_owner_and_not_handed_over_anew(hand_in, alice):
    handoff = hand_in(occurred_at=ago(hours=2)).handoff
    assignment = handoffs.open_assignment(handoff)
    answers.accept(assignment, by=alice, at=database_now())
    answers.qualify(handoff, confirmed=["need"], by=alice, at=database_now() - timedelta(hours=1))
    assert hand_in().handoff is None
    lead = Lead.objects.get(pk=handoff.lead_id)
    assert (lead.stage_id, lead.owner) == ("sql", alice)
    told = Notification.objects.filter(recipient=alice, kind=Notification.Kind.HAND_RAISE)
    assert told.filter(channel="app").count() == 1


def test_a_wake_date_outlives_another_reason_to_look(hand_in, alice):
    lead = hand_in(slug="website", title="Intern", employees=20).lead
    wakes_at = database_now() + timedelta(days=30)
    Lead.objects.filter(pk=lead.pk).update(
        reconsider_at=wakes_at, band_changes_on=database_now().date()
    )
    assert pipeline.reconsider(lead.pk)
    assert Lead.objects.get(pk=lead.pk).reconsider_at == wakes_at


def test_a_late_submission_loses_nothing(hand_in, alice):
    hand_in(slug="website", country="", company="", employees=None, reason="Later words.")
    lead = hand_in(occurred_at=ago(minutes=30), reason="Earlier words.").lead
    facts = facts_of(lead, database_now())
    assert facts["person.reason"] == "Later words."
    assert (facts["account.country"], facts["person.country"]) == ("SE", "SE")


def test_a_mail_about_a_hand_raise_reaches_who_has_a_lead_that_was_never_handed_over(
    hand_in, make_lead, alice
):
    lead = make_lead(email=CLARA["email"], owner=alice, queue=None, stage_id="sql")
    assert hand_in().lead == lead
    mail = Notification.objects.get(recipient=alice, kind="hand_raise", channel="email")
    assert is_still_true(mail, database_now())
    assert path_to(mail) == f"/leads/{lead.pk}/"


def test_a_mail_about_a_hand_raise_reaches_the_owner_in_sales(hand_in, alice):
    handoff = hand_in(occurred_at=ago(hours=2)).handoff
    answers.accept(handoffs.open_assignment(handoff), by=alice, at=database_now())
    answers.qualify(handoff, confirmed=["need"], by=alice, at=database_now() - timedelta(hours=1))
    hand_in()
    mail = Notification.objects.get(recipient=alice, kind="hand_raise", channel="email")
    assert is_still_true(mail, database_now())


def test_a_lead_in_sales_that_nobody_holds_is_handed_over_again(hand_in, alice, rosa):
    handoff = hand_in(occurred_at=ago(hours=2)).handoff
    answers.accept(handoffs.open_assignment(handoff), by=alice, at=database_now())
    answers.qualify(handoff, confirmed=["need"], by=alice, at=database_now() - timedelta(hours=1))
    lead = Lead.objects.get(pk=handoff.lead_id)
    queue = Queue.objects.get(key="nurture")
    ownership.take(lead, to=queue, source="manager", reason="Left", by=rosa, at=database_now())
    assert hand_in().handoff is not None


def test_the_day_of_a_reps_zone_wakes_a_lead(hand_in, alice):
    lead = hand_in(slug="website").lead
    lead.nurture_until = database_now().date() + timedelta(days=1)
    lead.wakes_at = database_now() - timedelta(minutes=1)
    assert not pipeline.is_resting(lead, database_now())


def test_a_fact_that_a_rule_asked_for_keeps_it_in_review(hand_in, alice):
    handoff = hand_in().handoff
    handoffs.send_to_review(
        handoffs.locked(handoff.pk), missing=["account.state"], at=database_now()
    )
    hand_in(slug="website")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.missing) == ("review", ["account.state"])


@pytest.fixture
def mql_asks_for_a_phone(defaults):
    asked = [[{"fact": "person.has_phone", "op": "is_true"}]]
    Stage.objects.filter(pk="mql").update(entry_criteria=asked)


def test_a_lead_that_the_stage_refuses_is_reviewed_and_not_lost(
    hand_in, alice, mql_asks_for_a_phone
):
    handoff = hand_in().handoff
    assert (handoff.state, handoff.lead.stage_id) == (Handoff.State.REVIEW, "ml")
    assert "Has a phone number" in handoff.review_reason


def test_it_goes_on_by_itself_once_the_stage_has_what_it_asks_for(
    hand_in, alice, mql_asks_for_a_phone
):
    handoff = hand_in().handoff
    hand_in(phone="+46 70 123 45 67")
    handoff.refresh_from_db()
    assert (handoff.state, handoff.lead.stage_id) == (Handoff.State.PASSED, "mql")


def test_it_waits_on_while_the_stage_still_refuses(hand_in, alice, mql_asks_for_a_phone):
    handoff = hand_in().handoff
    hand_in(title="CEO")
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.REVIEW


def test_an_attribute_that_came_as_text_is_asked_as_its_type(hand_in, alice):
    CustomFact.objects.create(slug="seats", type="number", label="Seats")
    lead = hand_in(attributes={"seats": "40", "other": "40"}).lead
    known = facts_of(lead, database_now())
    assert (known["custom.seats"], known["custom.other"]) == (40, "40")


def test_what_one_lead_tells_of_its_company_is_known_of_the_others(hand_in, alice):
    first = hand_in(employees=None).lead
    hand_in(email="joe@lumora.example", name="Joe", employees=900, campaign="Fair")
    assert facts_of(first, database_now())["account.employees"] == 900
    first.refresh_from_db()
    assert first.reconsider_at is not None
    assert facts_of(first, database_now())["person.title"] == CLARA["title"]


def test_a_lead_that_is_corrected_while_it_rests_rests_on(hand_in, alice):
    lead = hand_in(slug="website", title="Intern", employees=20).lead
    wakes_at = database_now() + timedelta(days=30)
    Lead.objects.filter(pk=lead.pk).update(
        nurture_until=wakes_at.date(), wakes_at=wakes_at, reconsider_at=database_now()
    )
    assert pipeline.reconsider(lead.pk)
    lead.refresh_from_db()
    assert (lead.reconsider_at, pipeline.is_resting(lead, database_now())) == (wakes_at, True)
