"""A backtest counts what each side would have sent, and says what is unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from feedback import backtest
from feedback.backtest_result import Result
from feedback.errors import BacktestRefused
from feedback.models import Backtest
from feedback.past_handoffs import real_pasts
from leads import documents, handoffs, lifecycle
from leads.draft_runs import cancel
from leads.fact_history import record_facts
from leads.models import (
    Activity,
    FitRule,
    Handoff,
    HandRaise,
    Job,
    Lead,
    Opportunity,
    OwnershipChange,
    RequiredField,
    Stage,
)
from revops import jobs, pipeline
from tests.feedback.conftest import COMPLETE

pytestmark = pytest.mark.django_db


@pytest.fixture
def hand_over(make_handoff, alice, at):
    """Give a past lead a real handoff a minute after it asked; `ending` as handoffs close."""

    @transaction.atomic
    def make(lead, *, ending=None):
        then = lead.entered_at + timedelta(minutes=1)
        handoff = make_handoff(lead, at=then, hand_raised_at=then)
        source = OwnershipChange.Source.ROUTING
        assignment = handoffs.pass_to(handoff, alice, source=source, reason="Their turn", at=then)
        handoff = handoffs.accept(assignment, by=alice, at=then)
        if ending:
            handoffs.close(handoff, closed_as=ending, outcome=ending, reason="A test", at=then)
        return handoff

    return make


def add_hand_raise(draft, kind):
    HandRaise.objects.create(version=draft, key=kind.replace("_", "-"), label=kind, kind=kind)


def run(draft, at, by, months=6):
    started = backtest.start(draft, months=months, by=by, at=at)
    while jobs.run_step():
        pass
    started.refresh_from_db()
    return Result.from_json(started.result)


def test_a_new_hand_raise_gains_leads_of_unknown_outcome(draft, make_past_lead, olga, at):
    gained = make_past_lead("webinar_attendance")
    make_past_lead("demo_request")
    add_hand_raise(draft, "webinar_attendance")
    result = run(draft, at, olga)
    assert (result.live.sent, result.draft.sent) == (1, 2)
    assert (result.gained, result.lost, result.gained_unknown) == ([gained.pk], [], 1)


def test_a_removed_hand_raise_loses_leads_and_says_what_became_of_them(
    draft, make_past_lead, hand_over, olga, at
):
    lost = make_past_lead("demo_request")
    hand_over(lost)
    HandRaise.objects.filter(version=draft, key="demo-request").delete()
    result = run(draft, at, olga)
    assert (result.gained, result.lost) == ([], [lost.pk])
    assert (result.lost_side.accepted, result.lost_side.answered) == (1, 1)
    assert (result.live.accepted, result.draft.accepted) == (1, 0)


def test_a_required_field_holds_leads_in_review_until_it_is_known(draft, make_past_lead, olga, at):
    stuck, told = make_past_lead("demo_request"), make_past_lead("demo_request", days_ago=20)
    record_facts(told, {**COMPLETE, "person.phone": "+46"}, known_from=at - timedelta(days=3))
    RequiredField.objects.create(version=draft, path="any", fact="person.phone")
    result = run(draft, at, olga)
    assert (result.draft.sent, result.draft.held, result.lost) == (1, 1, [stuck.pk])


def test_what_mql_asks_holds_leads_in_review_as_the_pipeline_does(draft, make_past_lead, olga, at):
    asked = [[{"fact": "person.has_phone", "op": "is_true"}]]
    Stage.objects.filter(pk=Stage.Key.MQL).update(entry_criteria=asked)
    make_past_lead("demo_request")
    told = make_past_lead("demo_request", days_ago=20)
    record_facts(told, {**COMPLETE, "person.has_phone": True}, known_from=at - timedelta(days=3))
    result = run(draft, at, olga)
    assert (result.live.sent, result.live.held) == (1, 1)
    lead = Lead.objects.select_related("source", "account", "stage").exclude(pk=told.pk).get()
    assert pipeline.judge(lead, at).state == Handoff.State.REVIEW


@pytest.mark.parametrize(
    ("ending", "deal", "expected"),
    [
        (None, None, (True, False, False, False, False)),
        ("recycled", None, (True, True, False, True, False)),
        ("qualified", None, (True, True, True, False, False)),
        ("qualified", "won", (True, True, True, True, True)),
        ("qualified", "lost", (True, True, True, True, False)),
    ],
)
def test_outcomes(make_past_lead, hand_over, at, ending, deal, expected):
    lead = make_past_lead("demo_request")
    hand_over(lead, ending=ending)
    if deal:
        Opportunity.objects.create(lead=lead, state=deal, opened_at=at, closed_at=at)
    outcome = real_pasts([lead.pk], at - timedelta(days=90), at)[lead.pk].outcome
    assert outcome.was_sent and outcome.is_answered
    assert expected == (
        outcome.is_accepted,
        outcome.is_resolved,
        outcome.is_qualified,
        outcome.is_settled,
        outcome.is_won,
    )


def test_a_handoff_outside_the_window_is_no_outcome(make_past_lead, hand_over, at):
    lead = make_past_lead("demo_request", days_ago=100)
    hand_over(lead)
    past = real_pasts([lead.pk], at - timedelta(days=90), at)[lead.pk]
    assert len(past.handoffs) == 1 and not past.outcome.was_sent


def test_a_qualified_lead_is_free_again_when_sales_gives_it_back(make_past_lead, hand_over, at):
    lead = make_past_lead("demo_request")
    hand_over(lead, ending="qualified")
    lead.refresh_from_db()
    (before,) = real_pasts([lead.pk], at, at)[lead.pk].handoffs
    for stage in ("sql", "ml"):
        lifecycle.move(lead, stage, at=at, reason="Made for a test", override="Made for a test")
    (after,) = real_pasts([lead.pk], at, at)[lead.pk].handoffs
    assert (before.free_at, after.free_at) == (None, at)


def test_the_sums_are_the_same_however_small_the_steps(
    draft, make_past_lead, olga, at, monkeypatch
):
    for days_ago in range(5, 12):
        make_past_lead("webinar_attendance", days_ago=days_ago)
        make_past_lead("demo_request", days_ago=days_ago)
    add_hand_raise(draft, "webinar_attendance")
    at_once = run(draft, at, olga)
    monkeypatch.setattr(backtest, "STEP", 3)
    assert run(draft, at, olga) == at_once
    assert Job.objects.latest("id").done_count == 14


def test_a_step_that_is_lost_with_its_worker_is_done_again(
    draft, make_past_lead, olga, at, monkeypatch
):
    for days_ago in range(5, 9):
        make_past_lead("demo_request", days_ago=days_ago)
    monkeypatch.setattr(backtest, "STEP", 2)
    started = backtest.start(draft, months=6, by=olga, at=at)
    jobs.run_step()
    with monkeypatch.context() as killed:
        killed.setattr(Job, "save", _killed)
        with pytest.raises(SystemExit), transaction.atomic():
            jobs.run_step()
    while jobs.run_step():
        pass
    started.refresh_from_db()
    assert started.job.state == Job.State.DONE
    assert Result.from_json(started.result).live.sent == 4


def _killed(*_, **__):
    raise SystemExit


def test_a_draft_that_is_edited_meanwhile_ends_the_backtest(draft, make_past_lead, olga, at):
    started = backtest.start(draft, months=6, by=olga, at=at)
    documents.save_edit(draft, revision=draft.revision, by=olga, at=at)
    jobs.run_step()
    started.refresh_from_db()
    assert started.job.state == Job.State.FAILED
    assert "was changed while this ran" in started.job.error


def test_starting_twice_runs_once(draft, olga, at):
    first = backtest.start(draft, months=6, by=olga, at=at)
    assert backtest.start(draft, months=6, by=olga, at=at) == first
    with pytest.raises(BacktestRefused, match="One over 6 months is running"):
        backtest.start(draft, months=12, by=olga, at=at)
    jobs.run_step()
    assert backtest.start(draft, months=12, by=olga, at=at) != first


def test_an_earlier_version_is_tried_before_one_goes_back(live, draft, olga, at):
    documents.publish(draft, by=olga, note="New", at=at)
    again = backtest.start(live, months=6, by=olga, at=at)
    assert (again.version, again.against) == (live, draft)


def test_what_is_live_or_broken_is_refused(live, draft, olga, at):
    with pytest.raises(BacktestRefused, match="is live"):
        backtest.start(live, months=6, by=olga, at=at)
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=[])
    with pytest.raises(BacktestRefused, match="has errors"):
        backtest.start(draft, months=6, by=olga, at=at)


def test_a_cancelled_backtest_is_ended_once(draft, olga, at):
    started = backtest.start(draft, months=6, by=olga, at=at)
    assert cancel(started, by=olga, at=at)
    assert not cancel(started, by=olga, at=at)
    assert not jobs.run_step()
    assert Job.objects.get(pk=started.job_id).error == "Cancelled by Olga."


def test_a_prediction_is_of_the_draft_as_it_stands(draft, make_past_lead, olga, at):
    make_past_lead("webinar_attendance")
    add_hand_raise(draft, "webinar_attendance")
    assert backtest.prediction_of(draft) is None
    run(draft, at, olga)
    foretold = backtest.prediction_of(draft)
    assert (foretold["gained"], foretold["gained_unknown"]) == (1, 1)
    assert foretold["draft"]["accepted"] == [0, 0]
    documents.save_edit(draft, revision=draft.revision, by=olga, at=at)
    draft.refresh_from_db()
    assert backtest.prediction_of(draft) is None


def test_a_second_backtest_that_runs_or_is_cancelled_hides_no_prediction(draft, olga, at):
    run(draft, at, olga, months=3)
    second = backtest.start(draft, months=12, by=olga, at=at)
    assert backtest.prediction_of(draft)["months"] == 3
    cancel(second, by=olga, at=at)
    assert backtest.prediction_of(draft)["months"] == 3


@pytest.mark.parametrize(
    ("days", "length"),
    [(182, "6 months"), (91, "3 months, all there is"), (30, "1 month, all there is")],
)
def test_it_says_how_long_the_past_really_was(at, days, length):
    found = Backtest(months=6, from_at=at - timedelta(days=days), to_at=at)
    assert found.length == length


def test_a_discarded_draft_leaves_its_backtest_behind(draft, olga, at):
    run(draft, at, olga)
    documents.discard(draft)
    assert Backtest.objects.get().version is None


def test_a_lead_that_nothing_is_known_of_is_no_trouble(draft, make_lead, olga, at):
    Lead.objects.filter(pk=make_lead(entered_at=at - timedelta(days=3)).pk).update(account=None)
    assert run(draft, at, olga) == Result()


def test_what_happened_after_the_window_does_not_count(draft, make_past_lead, olga, at):
    lead = make_past_lead("page_view")
    Activity.objects.create(lead=lead, kind="demo_request", occurred_at=at + timedelta(days=1))
    assert run(draft, at, olga).live.sent == 0
