"""Moving on meets what the stages ask for, or is an override with its reason; stays are timed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import lifecycle
from leads.errors import EntryRefused
from leads.fact_history import record_facts
from leads.models import CustomFact, Stage
from leads.stage_rules import reschedule_stays

pytestmark = pytest.mark.django_db

PHONE = [[{"fact": "person.has_phone", "op": "is_true"}]]
WEEK = timedelta(days=7)


@pytest.fixture
def lead(make_lead):
    return make_lead()


def move(lead, to, at, **how):
    return lifecycle.move(lead, to, at=at, reason="Ready", **how)


def set_stage(key, **settings):
    Stage.objects.filter(key=key).update(**settings)
    return Stage.objects.get(key=key)


def test_a_lead_that_lacks_what_a_stage_asks_for_stays(lead, at):
    set_stage("mql", label="MQL", entry_criteria=PHONE)
    with pytest.raises(EntryRefused, match="MQL asks for: Has a phone number"):
        move(lead, "mql", at)
    lead.refresh_from_db()
    assert lead.stage_id == "ml"


def test_it_moves_once_that_is_known(lead, at):
    set_stage("mql", entry_criteria=PHONE)
    record_facts(lead, {"person.has_phone": True}, known_from=at)
    assert not move(lead, "mql", at).is_override


def test_leaving_a_stage_asks_its_exit_criteria(lead, at):
    set_stage("ml", exit_criteria=PHONE)
    lead.refresh_from_db()
    with pytest.raises(EntryRefused, match="^To leave "):
        move(lead, "mql", at)


def test_an_override_goes_on_record_with_its_reason(lead, at, olga):
    set_stage("mql", entry_criteria=PHONE)
    moved = move(lead, "mql", at, by=olga, override="Met at the fair")
    assert (moved.is_override, moved.reason) == (True, "Ready: Met at the fair")


def test_a_long_reason_does_not_push_out_the_override(lead, at):
    set_stage("mql", entry_criteria=PHONE)
    moved = lifecycle.move(lead, "mql", at=at, reason="r" * 200, override="Met at the fair")
    assert moved.reason.endswith(": Met at the fair")


def test_an_override_that_was_not_needed_is_none(lead, at):
    assert not move(lead, "mql", at, override="Just in case").is_override


@pytest.mark.parametrize("back_to", ["ml", "disqualified"])
def test_moving_back_or_out_asks_nothing(lead, at, back_to):
    move(lead, "mql", at)
    set_stage("mql", exit_criteria=PHONE)
    set_stage(back_to, entry_criteria=PHONE)
    lead.refresh_from_db()
    assert move(lead, back_to, at)


def test_a_disqualified_lead_comes_back_by_the_entry_rule(lead, at):
    move(lead, "disqualified", at)
    set_stage("mql", entry_criteria=PHONE)
    with pytest.raises(EntryRefused):
        move(lead, "mql", at)


def test_a_stage_may_ask_for_the_band_and_for_an_own_attribute(lead, at):
    CustomFact.objects.create(slug="seats", type="number", label="Seats")
    asked = [[{"fact": "score.band", "op": "is_any_of", "value": ["A1"]},
              {"fact": "custom.seats", "op": "at_least", "value": 10}]]  # fmt: skip
    set_stage("mql", entry_criteria=asked)
    record_facts(lead, {"custom.seats": 12}, known_from=at)
    lead.band = "A1"
    assert move(lead, "mql", at)


def test_a_stay_is_timed_from_the_move(lead, at):
    set_stage("mql", longest_stay=WEEK)
    move(lead, "mql", at)
    lead.refresh_from_db()
    assert lead.stay_due_at == at + WEEK


def test_what_moved_in_the_past_is_not_timed(lead, at):
    set_stage("mql", longest_stay=WEEK, entry_criteria=PHONE)
    move(lead, "mql", at, is_historical=True)
    lead.refresh_from_db()
    assert (lead.stage_id, lead.stay_due_at) == ("mql", None)


@pytest.mark.parametrize(
    ("days", "told", "expected"),
    [
        pytest.param(10, False, 10, id="longer"),
        pytest.param(2, False, 2, id="shorter and over: will be told"),
        pytest.param(2, True, None, id="was told"),
        pytest.param(None, False, None, id="no longer timed"),
    ],
)
def test_a_new_longest_stay_counts_for_the_leads_that_are_there(lead, at, days, told, expected):
    set_stage("mql", longest_stay=None)
    move(lead, "mql", at)
    lead.stay_told_seq = lead.stage_seq if told else None
    lead.save(update_fields=["stay_told_seq"])
    reschedule_stays(set_stage("mql", longest_stay=days and timedelta(days=days)))
    lead.refresh_from_db()
    assert lead.stay_due_at == (expected and at + timedelta(days=expected))


def test_a_stay_of_an_imported_past_is_not_timed_later_either(lead, at):
    move(lead, "mql", at, is_historical=True)
    assert reschedule_stays(set_stage("mql", longest_stay=WEEK)) == 0


def test_criteria_that_make_no_sense_any_more_let_nobody_through(lead, at):
    set_stage("mql", entry_criteria=[[{"fact": "no.such", "op": "is", "value": 1}]])
    with pytest.raises(EntryRefused, match="no longer exists"):
        move(lead, "mql", at)
