"""Clocks: when they are due, what stops them, and that a late log corrects the record."""

from datetime import UTC, datetime, timedelta

import pytest

from leads import handoffs
from leads.documents import publish
from leads.models import Document, OwnershipChange, Version
from sla import clocks, handoff_clocks, pauses
from sla.calendars import hours_for, office_schedule
from sla.deadlines import deadlines
from sla.models import CalendarTerms, Clock, ClockEvent, RepHours, Target, TeamHours
from sla.sweep import sweep_clocks

Kind = Target.Kind
MINUTE = timedelta(minutes=1)
FRIDAY_EVENING = datetime(2026, 3, 13, 17, 25, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def clock_of(handoff, kind) -> Clock:
    return Clock.objects.get(handoff=handoff, kind=kind)


def events_of(clock) -> list[tuple[str, int]]:
    return list(clock.events.values_list("kind", "level"))


def test_the_prospects_clock_runs_on_the_wall_from_the_hand_raise(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    [clock] = handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=FRIDAY_EVENING, at=at)
    assert (clock.measure, clock.seq, clock.assignment, clock.calendar) == ("wall", 1, None, None)
    assert clock.due_at == FRIDAY_EVENING + minutes(5)


def test_the_reps_clock_pauses_over_the_weekend(make_handoff, alice):
    handoff = make_handoff(rep=alice)
    assignment = handoffs.open_assignment(handoff)
    assignment.passed_at = FRIDAY_EVENING
    accept, touch = handoff_clocks.start_assignment_clocks(assignment, at=FRIDAY_EVENING)
    assert (accept.kind, accept.due_at) == ("accept", datetime(2026, 3, 16, 9, 10, tzinfo=UTC))
    assert (touch.kind, touch.due_at) == ("first_touch", datetime(2026, 3, 16, 9, 25, tzinfo=UTC))


def test_a_reps_clock_within_the_teams_hours_names_both_calendars(make_handoff, alice, north, at):
    office = Document.objects.get(kind="calendar")
    nights = Document.objects.create(kind="calendar", name="Afternoons")
    version = Version.objects.create(document=nights, number=1)
    hours = {"tue": [["15:00", "23:00"]], "wed": [["15:00", "23:00"]]}
    CalendarTerms.objects.create(version=version, zone="UTC", hours=hours)
    publish(version, by=None, note="First", at=at)
    TeamHours.objects.create(team=north, calendar=office)
    RepHours.objects.create(rep=alice, calendar=nights, within_team=True)
    handoff = make_handoff(rep=alice)
    accept, _ = handoff_clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=at)
    assert (accept.calendar.document, accept.within.document) == (nights, office)
    assert accept.due_at == at.replace(hour=15, minute=15)
    evening = at + timedelta(hours=12)  # the office has closed by then
    assert clocks.elapsed(accept, evening) == office_schedule(at).between(
        at.replace(hour=15), evening
    )


@pytest.fixture
def fair(works_one_day, alice):
    """Alice works by the calendar of one day, till five."""
    works_one_day(alice)


def test_what_is_due_after_a_calendar_has_ended_goes_by_the_offices(fair, make_handoff, alice, at):
    assignment = handoffs.open_assignment(make_handoff(rep=alice))
    assignment.passed_at = closing = at.replace(hour=16, minute=50)
    accept, touch = handoff_clocks.start_assignment_clocks(assignment, at=closing)
    assert {accept.calendar.document.name, touch.calendar.document.name} == {"Office hours"}
    assert (accept.due_at, touch.due_at) == (closing + minutes(15), closing + minutes(30))


def test_what_rests_till_after_a_calendar_has_ended_goes_by_the_offices_and_is_not_missed_meanwhile(
    fair, promise, make_handoff, alice, start, at
):
    promise(Kind.FIRST_TOUCH, 60, pauses=["snoozed"])
    handoff = start(make_handoff(rep=alice))
    clock = clock_of(handoff, Kind.FIRST_TOUCH)
    by_the_day = hours_for(alice, at)
    Clock.objects.filter(pk=clock.pk).update(measure="working", calendar=by_the_day.calendar)
    told = {"kind": "snoozed", "until": at + minutes(900), "reason": "Fair", "by": alice}
    pauses.begin(handoffs.open_assignment(handoff), at=at + MINUTE, **told)
    clocks.retime(handoff)
    clock.refresh_from_db()
    [shown] = deadlines([clock], at + 2 * MINUTE)
    opens = at.replace(hour=9) + timedelta(days=1)
    assert (clock.due_at, shown.resumes_at) == (opens + minutes(59), opens)
    sweep_clocks(at + minutes(900))
    assert not ClockEvent.objects.filter(clock=clock, kind="breached").exists()


def test_the_ladder_stands_from_the_start_and_goes_beyond_the_deadline(handoff, at):
    clock = clock_of(handoff, Kind.ACCEPT)
    assert (clock.levels, clock.due_at) == ([50, 80, 100, 200], at + minutes(15))
    assert clock.level_ats == [at + minutes(each) for each in (7.5, 12, 15, 30)]
    assert clock.actions == ["remind", "remind", "tell_manager", "reassign"]
    assert (clock.next_level, clock.next_at) == (50, at + minutes(7.5))
    assert events_of(clock) == [("started", 0)]


def test_starting_again_starts_nothing(handoff, at):
    assert handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at + MINUTE) == []
    assignment = handoffs.open_assignment(handoff)
    assert handoff_clocks.start_assignment_clocks(assignment, at=at + MINUTE) == []
    assert Clock.objects.count() == 3


def test_each_hand_raise_has_a_clock_and_leaves_the_first_alone(handoff, at):
    [second] = handoff_clocks.start_handoff_clocks(
        handoff, hand_raised_at=at + MINUTE, at=at + MINUTE
    )
    assert second.seq == 2
    first = Clock.objects.get(handoff=handoff, kind=Kind.FIRST_RESPONSE, seq=1)
    assert (first.started_at, first.is_running) == (at, True)


def test_a_reassigned_lead_has_new_rep_clocks_and_the_same_prospect_clock(handoff, carol, at):
    clocks.end(handoffs.open_assignment(handoff), at=at + MINUTE)
    source = OwnershipChange.Source.MANAGER
    passed = handoffs.pass_to(handoff, carol, source=source, reason="Busy", at=at + MINUTE)
    handoff_clocks.start_assignment_clocks(passed, at=at + MINUTE)
    running = Clock.objects.running().values_list("kind", "started_at")
    assert sorted(running) == [
        ("accept", at + MINUTE),
        ("first_response", at),
        ("first_touch", at + MINUTE),
    ]


def test_stopping_records_who_did_what_and_the_time_it_took(handoff, at):
    assert clocks.stop(handoff, [Kind.ACCEPT], at=at + MINUTE, evidence="Accepted") == 1
    clock = clock_of(handoff, Kind.ACCEPT)
    assert (clock.stop_reason, clock.stop_evidence) == ("met", "Accepted")
    assert (clock.elapsed, clock.next_at, clock.next_level) == (MINUTE, None, None)
    assert clock_of(handoff, Kind.FIRST_TOUCH).is_running


def test_elapsed_working_time_leaves_out_the_weekend(make_handoff, alice):
    handoff = make_handoff(rep=alice)
    assignment = handoffs.open_assignment(handoff)
    assignment.passed_at = FRIDAY_EVENING
    handoff_clocks.start_assignment_clocks(assignment, at=FRIDAY_EVENING)
    monday = datetime(2026, 3, 16, 9, 5, tzinfo=UTC)
    clocks.stop(handoff, [Kind.ACCEPT], at=monday, evidence="Accepted")
    assert clock_of(handoff, Kind.ACCEPT).elapsed == minutes(10)


def test_stopping_twice_keeps_the_first_stop(handoff, at):
    clocks.stop(handoff, [Kind.ACCEPT], at=at + MINUTE, evidence="Accepted")
    assert clocks.stop(handoff, [Kind.ACCEPT], at=at + minutes(2), evidence="Again") == 0
    assert clock_of(handoff, Kind.ACCEPT).stopped_at == at + MINUTE


@pytest.mark.parametrize(
    ("after_minutes", "kinds"),
    [
        pytest.param(15, {"started", "skipped", "stopped"}, id="at the closing instant: in time"),
        pytest.param(15.001, {"started", "skipped", "breached", "stopped"}, id="just after it"),
    ],
)
def test_a_stop_is_judged_by_when_it_happened(handoff, at, after_minutes, kinds):
    stopped_at = at + minutes(after_minutes)
    clocks.stop(handoff, [Kind.ACCEPT], at=stopped_at, evidence="Accepted")
    clock = clock_of(handoff, Kind.ACCEPT)
    assert {kind for kind, _ in events_of(clock)} == kinds
    assert (clock.breached_at == clock.due_at) is ("breached" in kinds)


def test_a_stop_processed_late_is_no_breach_if_none_had_fired(handoff, at):
    told_at = at + timedelta(hours=1)
    clocks.stop(handoff, [Kind.FIRST_TOUCH], at=at + MINUTE, evidence="Call", recorded_at=told_at)
    assert sweep_clocks(told_at) == 2  # the two other clocks
    clock = clock_of(handoff, Kind.FIRST_TOUCH)
    assert (clock.breached_at, events_of(clock)) == (None, [("started", 0), ("stopped", 0)])
    assert clock.events.get(kind="stopped").processed_at == told_at


def test_a_late_log_corrects_the_stop_and_unfires_nothing(handoff, at):
    late = at + timedelta(hours=1)
    sweep_clocks(late)
    clocks.stop(handoff, [Kind.FIRST_TOUCH], at=at + MINUTE, evidence="Call", recorded_at=late)
    clock = clock_of(handoff, Kind.FIRST_TOUCH)
    assert (clock.stopped_at, clock.elapsed) == (at + MINUTE, MINUTE)
    assert ("breached", 100) in events_of(clock)


def test_a_clock_that_was_ended_is_not_met_by_what_others_log_later(handoff, at):
    clocks.end(handoffs.open_assignment(handoff), at=at + minutes(9))
    assert clocks.stop(handoff, [Kind.FIRST_TOUCH], at=at + minutes(4), evidence="Call") == 0
    assert clock_of(handoff, Kind.FIRST_TOUCH).stop_reason == Clock.StopReason.ENDED


def test_an_earlier_log_moves_a_stop_back_and_is_on_record(handoff, at):
    clocks.stop(handoff, [Kind.FIRST_TOUCH], at=at + minutes(9), evidence="Mail")
    clocks.stop(handoff, [Kind.FIRST_TOUCH], at=at + minutes(4), evidence="Call")
    clock = clock_of(handoff, Kind.FIRST_TOUCH)
    assert (clock.stop_evidence, clock.elapsed) == ("Call", minutes(4))
    assert events_of(clock)[-2:] == [("stopped", 0), ("stopped", 1)]


def test_a_touch_before_the_hand_raise_does_not_meet_its_clock(handoff, at):
    assert clocks.stop(handoff, [Kind.FIRST_RESPONSE], at=at - MINUTE, evidence="Call") == 0
    assert clock_of(handoff, Kind.FIRST_RESPONSE).is_running


def test_ending_a_handoff_ends_all_its_clocks(handoff, at):
    assert clocks.end(handoff, at=at + MINUTE) == 3
    assert clocks.end(handoff, at=at + minutes(2)) == 0
    assert set(Clock.objects.values_list("stop_reason", "elapsed")) == {("ended", MINUTE)}
    assert sweep_clocks(at + timedelta(days=9)) == 0


def test_review_has_one_clock_at_a_time(make_handoff, defaults, at):
    handoff = make_handoff()
    [first] = handoff_clocks.start_review_clock(handoff, at)
    assert handoff_clocks.start_review_clock(handoff, at + MINUTE) == []
    clocks.stop(handoff, [Kind.REVIEW], at=at + MINUTE, evidence="Field filled in")
    [second] = handoff_clocks.start_review_clock(handoff, at + minutes(2))
    assert (first.seq, second.seq, second.measure) == (1, 2, "working")


def test_a_clock_names_the_versions_that_made_it(handoff):
    clock = clock_of(handoff, Kind.ACCEPT)
    assert clock.policies.document.kind == Document.Kind.POLICIES
    assert clock.calendar.document.name == "Office hours"
    assert clock.policy_label == "Demo, contact form or call: 5 minutes"


def test_the_policy_follows_what_opened_the_handoff(make_handoff, defaults, at):
    handoff = make_handoff(path="score", trigger_key="B2", hand_raised_at=None)
    [clock] = handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=None, at=at)
    assert clock.allowed == timedelta(hours=24)


def test_the_sweep_and_the_stop_leave_the_same_events(handoff, at):
    sweep_clocks(at + minutes(16))
    clocks.stop(handoff, [Kind.ACCEPT], at=at + minutes(17), evidence="Accepted")
    kinds = ["started", "skipped", "skipped", "breached", "stopped"]
    assert [kind for kind, _ in events_of(clock_of(handoff, Kind.ACCEPT))] == kinds
    assert ClockEvent.objects.filter(kind="breached").count() == 2
