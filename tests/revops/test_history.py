"""The past of imported leads: back-dated, marked, and out of the way of what comes next."""

from datetime import UTC, datetime

import pytest

from feedback.models import Disposition
from leads import inbox, ownership
from leads.instants import database_now
from leads.models import (
    Handoff,
    IntakeSource,
    Lead,
    OwnershipChange,
    RefusedOwnership,
    Submission,
)
from revops import intake_work
from sla.models import Clock, Notification

pytestmark = pytest.mark.django_db

OPENED = "2011-10-01T09:46:18+02:00"
TOUCHED = "2011-10-01T10:15:43+02:00"


@pytest.fixture
def hand_in(defaults):
    def hand_in(**history):
        payload = {
            "source_id": "173706",
            "history": {"opened_at": OPENED, "handler": "10912", **history},
        }
        submission, _ = inbox.receive(
            IntakeSource.objects.get(slug="demo-request"),
            door=Submission.Door.IMPORT,
            payload=payload,
            body=inbox.canonical(payload),
            at=database_now(),
            is_historical=True,
        )
        intake_work.process_submission(submission.pk)
        submission.refresh_from_db()
        return submission

    return hand_in


@pytest.fixture
def bring(hand_in):
    def bring(**history):
        submission = hand_in(**history)
        assert submission.state == "done", submission.error
        return submission.handoff

    return bring


def test_response_times_are_taken_from_the_past(bring):
    handoff = bring(first_touch_at=TOUCHED, accepted=True, outcome="won")
    assert handoff.first_response_at == datetime(2011, 10, 1, 8, 15, 43, tzinfo=UTC)
    assert handoff.first_response_wall.total_seconds() == 29 * 60 + 25
    assert handoff.owner.name == "10912" and not handoff.owner.is_active


@pytest.mark.parametrize(
    ("outcome", "closed_as", "stage"),
    [
        ("won", "qualified", "customer"),
        ("declined", "disqualified", "disqualified"),
        ("cancelled", "recycled", "ml"),
        ("open", "withdrawn", "mql"),
    ],
)
def test_it_ends_as_recorded(bring, outcome, closed_as, stage):
    handoff = bring(first_touch_at=TOUCHED, accepted=False, outcome=outcome)
    assert (handoff.state, handoff.closed_as) == (Handoff.State.CLOSED, closed_as)
    assert handoff.lead.stage_id == stage
    assert handoff.is_historical and handoff.lead.is_historical


def test_a_cancelled_one_says_that_nobody_knows_why(bring):
    bring(first_touch_at=TOUCHED, accepted=True, outcome="cancelled")
    assert Disposition.objects.get().code.key == "unknown-imported"


def test_a_lead_that_somebody_was_given_since_stays_theirs(bring, hand_in, alice, at):
    lead = bring(outcome="won").lead
    by_hand = {"source": OwnershipChange.Source.MANAGER, "reason": "Hers now", "by": None}
    ownership.take(lead, to=alice, **by_hand, at=at)
    submission = hand_in(outcome="declined")
    assert (submission.state, Lead.objects.get(pk=lead.pk).owner) == ("failed", alice)
    assert "an import does not take it away" in submission.error
    refused = RefusedOwnership.objects.get()
    assert (refused.source, refused.against.to_owner) == ("import", alice)


def test_no_clock_is_started_and_nothing_is_sent(bring):
    bring(first_touch_at=TOUCHED, accepted=True, outcome="won")
    assert not Clock.objects.exists() and not Notification.objects.exists()


def test_handlers_of_like_names_are_told_apart(bring):
    first = bring(handler="José", outcome="won").owner
    assert first.email != "jose@demo-request.invalid"


def test_an_imported_past_opens_nothing_by_itself(bring):
    handoff = bring(first_touch_at=TOUCHED, accepted=True, outcome="cancelled")
    handoff.lead.__class__.objects.filter(pk=handoff.lead_id).update(reconsider_at=database_now())
    intake_work.work_through(database_now())
    assert Handoff.objects.count() == 1
