"""What becomes of clocks: the table of docs/clocks.md, row by row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback import answers
from feedback.models import ReasonCode
from feedback.taking_back import take_back
from leads import handoffs
from leads.documents import live_version, publish, start_draft
from leads.models import Document
from routing.routing import reassign
from sla import handoff_clocks
from sla.models import CalendarTerms, Clock, Target

MINUTE = timedelta(minutes=1)
RUN_ON = {("accept", 0, ""), ("first_touch", 0, ""), ("first_response", 0, "")}


def stand(at):
    """Each clock: its kind, how many minutes after `at` it started, and how it stopped."""
    rows = Clock.objects.values_list("kind", "started_at", "stop_reason")
    return {(kind, (started_at - at) // MINUTE, reason) for kind, started_at, reason in rows}


def reject(handoff, code, then):
    told = {"note": "Said so", "nurture_until": None, "by": handoff.owner, "at": then}
    turn, code = handoffs.open_assignment(handoff), ReasonCode.objects.get(key=code)
    answers.reject(turn, code=code, **told)


def ask_again(handoff, people, then):
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=then, at=then)


def pass_on(handoff, people, then):
    reassign(handoff, people["carol"], by=people["mona"], at=then)


def send_to_the_next(handoff, people, then):
    reject(handoff, "wrong-person", then)


def send_to_review(handoff, people, then):
    reject(handoff, "bad-contact", then)


def close(handoff, people, then):
    reject(handoff, "wrong-size", then)


def recycle(handoff, people, then):
    reject(handoff, "no-need", then)


def qualify(handoff, people, then):
    answers.accept(handoffs.open_assignment(handoff), by=handoff.owner, at=then)
    answers.qualify(handoff, confirmed=["need"], by=handoff.owner, at=then)


def reopen(handoff, people, then):
    reject(handoff, "wrong-size", then - MINUTE)
    handoff.refresh_from_db()
    take_back(handoff, by=people["alice"], at=then)


def edit_the_calendar(handoff, people, then):
    calendar = Clock.objects.get(kind="accept").calendar
    draft = start_draft(calendar, by=None)
    CalendarTerms.objects.filter(version=draft).update(hours={"sun": [["09:00", "10:00"]]})
    publish(draft, by=None, note="Sundays", at=then)


def edit_the_promises(handoff, people, then):
    draft = start_draft(live_version(Document.Kind.POLICIES, then), by=None)
    Target.objects.filter(policy__version=draft).update(allowed=MINUTE)
    publish(draft, by=None, note="A minute", at=then)


PROSPECTS = {("first_response", 0, "")}
ANSWERED = {("accept", 0, "met"), ("first_touch", 0, "ended")}
OVER = ANSWERED | {("first_response", 0, "ended")}
ANEW = {("accept", 2, ""), ("first_touch", 2, "")}
OF_THE_TURN = {("accept", 0, "ended"), ("first_touch", 0, "ended")}


@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        pytest.param(ask_again, RUN_ON | {("first_response", 2, "")}, id="asked again"),
        pytest.param(pass_on, OF_THE_TURN | ANEW | PROSPECTS, id="to another rep by hand"),
        pytest.param(send_to_the_next, ANSWERED | PROSPECTS, id="rejected for the next rep"),
        pytest.param(send_to_review, ANSWERED | PROSPECTS | {("review", 2, "")}, id="to review"),
        pytest.param(close, OVER, id="disqualified"),
        pytest.param(recycle, OVER, id="recycled"),
        pytest.param(qualify, OVER, id="qualified"),
        pytest.param(reopen, OVER | PROSPECTS | ANEW, id="reopened"),
        pytest.param(edit_the_calendar, RUN_ON, id="calendar edited"),
        pytest.param(edit_the_promises, RUN_ON, id="promises edited"),
    ],
)
def test_each_change_has_its_effect_on_each_clock(
    alice, carol, mona, pass_lead, at, happens, expected
):
    handoff = pass_lead(alice)
    due = dict(Clock.objects.values_list("pk", "due_at"))
    happens(handoff, {"alice": alice, "carol": carol, "mona": mona}, at + 2 * MINUTE)
    assert stand(at) == expected
    assert dict(Clock.objects.filter(pk__in=due).values_list("pk", "due_at")) == due


def test_the_prospects_deadline_is_the_same_after_a_reopening(alice, carol, mona, pass_lead, at):
    handoff = pass_lead(alice)
    reopen(handoff, {"alice": alice}, at + 2 * MINUTE)
    due = Clock.objects.filter(kind="first_response").values_list("due_at", flat=True)
    assert set(due) == {at + 5 * MINUTE}
