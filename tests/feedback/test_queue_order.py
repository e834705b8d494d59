"""Which leads a queue has, in which order, and how a change shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from feedback import queue
from feedback.queue import Show
from leads import handoffs
from leads.models import Handoff, OwnershipChange
from routing.routing import reassign
from sla import handoff_clocks, pauses
from sla.clocks import schedule_of
from sla.deadlines import deadlines
from sla.models import Clock, Pause


def shown(rep, at, show=Show.MINE):
    rows = queue.rows(queue.queue_of(rep, viewer=rep), show, at=at)
    return [row.handoff.lead.name for row in rows]


def due(handoff, at, minutes):
    """Move every deadline of a handoff to so many minutes after `at`."""
    Clock.objects.filter(handoff=handoff).update(
        started_at=at - timedelta(days=1),
        due_at=at + timedelta(minutes=minutes),
        reroute_at=None,
    )


def test_missed_leads_come_first_then_what_is_due_first(alice, pass_lead, at):
    for name, minutes in (("Later", 90), ("Missed", -5), ("Soon", 3)):
        due(pass_lead(alice, name), at, minutes)
    assert shown(alice, at) == ["Missed", "Soon", "Later"]


def test_off_hours_a_row_says_that_the_prospect_waits_and_the_reps_time_stands(
    alice, make_handoff, at
):
    sunday = at - timedelta(days=2)
    handoff = make_handoff(rep=alice, at=sunday, hand_raised_at=sunday)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=sunday, at=sunday)
    handoff_clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=sunday)
    later = sunday + timedelta(hours=1)
    [row] = queue.rows(queue.queue_of(alice, viewer=alice), Show.MINE, at=later)
    assert (row.deadline.late, row.deadline.resumes_at) == ("prospect waits", None)
    assert row.paused.resumes_at > later
    assert [row.paused for row in queue.rows(Handoff.objects.all(), Show.MINE, at=at)] == [None]


def test_no_reps_time_is_said_to_stand_while_a_promise_of_theirs_runs_by_the_wall(
    client, alice, make_handoff, at
):
    sunday = at - timedelta(days=2)
    handoff = make_handoff(rep=alice, at=sunday, hand_raised_at=sunday)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=sunday, at=sunday)
    handoff_clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=sunday)
    Clock.objects.filter(kind="first_touch").update(measure="wall", calendar=None)
    own_queue = queue.queue_of(alice, viewer=alice)
    [row] = queue.rows(own_queue, Show.MINE, at=sunday + timedelta(hours=1))
    assert row.paused is None
    client.force_login(alice)
    shown = client.get(f"/queue/{handoff.pk}/").content.decode()
    assert "Your time" in shown and "working hours" not in shown and "stand still" not in shown


def test_a_working_promise_is_late_by_the_working_time_since(alice, pass_lead, at):
    handoff = pass_lead(alice)
    own = Clock.objects.filter(handoff=handoff).exclude(kind="first_response")
    due_at = own.earliest("due_at").due_at
    for later, opens in ((timedelta(hours=20), True), (timedelta(days=7), False)):
        then = due_at + later
        late = [
            each
            for each in deadlines(own.select_related("calendar", "within"), then)
            if each.clock.due_at == due_at
        ]
        working = schedule_of(late[0].clock).between(due_at, then)
        assert timedelta() < working < later
        assert later - late[0].closed == working
        assert bool(late[0].resumes_at) == opens


def rest(handoff, at):
    turn = handoffs.open_assignment(handoff)
    until = at + timedelta(hours=1)
    return pauses.begin(
        turn, kind="snoozed", until=until, reason="Away till then", by=turn.rep, at=at
    )


def test_nobody_rests_by_what_an_earlier_rep_said(alice, carol, mona, pass_lead, at):
    handoff = pass_lead(alice, accepted=True)
    pause = rest(handoff, at)
    reassign(handoff, carol, by=mona, at=at)
    Pause.objects.filter(pk=pause.pk).update(ended_at=None, ended_because="")
    rows = queue.rows(queue.queue_of(carol, viewer=carol), Show.MINE, at=at)
    assert [row.rest for row in rows] == [None]


def test_what_rests_comes_last_and_is_back_by_itself(alice, pass_lead, at):
    resting = pass_lead(alice, "Resting", accepted=True)
    due(resting, at, 3)
    due(pass_lead(alice, "Working"), at, 90)
    pause = rest(resting, at)
    assert shown(alice, at) == ["Working", "Resting"]
    rows = queue.rows(Handoff.objects.all(), Show.MINE, at=at)
    assert [row.rest for row in rows] == [None, pause]
    assert shown(alice, pause.until) == ["Resting", "Working"]


def test_among_equal_deadlines_the_better_band_then_the_older_lead_comes_first(
    alice, pass_lead, at
):
    for name, band in (("Old B", "B2"), ("New B", "B2"), ("A", "A3"), ("Unscored", "")):
        handoff = pass_lead(alice, name)
        Handoff.objects.filter(pk=handoff.pk).update(band=band)
        due(handoff, at, 30)
    assert shown(alice, at) == ["A", "Old B", "New B", "Unscored"]


def test_a_lead_without_a_clock_comes_last(alice, pass_lead, make_handoff, make_lead, at):
    make_handoff(make_lead("Nothing runs"), rep=alice)
    pass_lead(alice, "Due")
    assert shown(alice, at) == ["Due", "Nothing runs"]


@pytest.mark.parametrize(
    ("show", "names"),
    [(Show.MINE, {"Waits", "Taken"}), (Show.WAITING, {"Waits"}), (Show.ACCEPTED, {"Taken"})],
)
def test_filters_show_their_part(alice, pass_lead, at, show, names):
    pass_lead(alice, "Waits")
    pass_lead(alice, "Taken", accepted=True)
    assert set(shown(alice, at, show)) == names
    assert queue.counts(queue.queue_of(alice, viewer=alice))[show] == len(names)


def test_a_queue_holds_nobody_elses_leads(alice, carol, pass_lead, at):
    pass_lead(carol)
    assert shown(alice, at) == []


def test_a_lead_is_new_until_its_rep_opened_it(alice, pass_lead, at):
    handoff = pass_lead(alice)
    mine = queue.queue_of(alice, viewer=alice)
    assert queue.rows(mine, Show.MINE, at=at)[0].is_new
    handoffs.receive(handoffs.open_assignment(handoff), evidence="opened", at=at)
    assert not queue.rows(mine, Show.MINE, at=at)[0].is_new


def pass_on(handoff, rep, at):
    source = OwnershipChange.Source.MANAGER
    handoffs.pass_to(handoffs.locked(handoff.pk), rep, source=source, reason="Help", at=at)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda h, carol, at: pass_on(h, carol, at), id="passed on"),
        pytest.param(lambda h, carol, at: pass_on(h, h.owner, at), id="passed anew"),
        pytest.param(
            lambda h, carol, at: handoffs.accept(handoffs.open_assignment(h), by=h.owner, at=at),
            id="accepted",
        ),
        pytest.param(
            lambda h, carol, at: Clock.objects.filter(handoff=h, kind="accept").update(
                stopped_at=at, stop_reason="met", elapsed=timedelta(), next_at=None, next_level=None
            ),
            id="a clock stopped",
        ),
        pytest.param(lambda h, carol, at: rest(h, timezone.now()), id="it rests"),
    ],
)
def test_the_version_changes_with_the_queue(alice, carol, pass_lead, at, change):
    handoff = pass_lead(alice)
    before = queue.version(alice)
    assert queue.version(alice) == before
    change(handoff, carol, at)
    assert queue.version(alice).mark != before.mark


def test_the_version_takes_one_query_and_counts_what_came(
    alice, pass_lead, django_assert_num_queries
):
    before = queue.version(alice)
    pass_lead(alice)
    pass_lead(alice)
    with django_assert_num_queries(1):
        assert queue.version(alice).mark != before.mark
    assert queue.newer_than(alice, before.newest) == 2


def test_who_may_look_at_whose_queue(alice, carol, mona, vera):
    assert list(queue.reps_for(mona)) == list(queue.reps_for(vera)) == [alice, carol]
    assert list(queue.reps_for(alice)) == []
