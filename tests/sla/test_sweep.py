"""The sweep: each level fires once, whoever looks, however late."""

import os
import threading
from copy import copy
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from leads.models import Absence, Queue, Role, Team
from sla import clocks, handoff_clocks, levels
from sla.acknowledging import NothingToAcknowledge, acknowledge, standing
from sla.models import Clock, ClockEvent, Notification, Target
from sla.sweep import sweep_clocks
from tests.conftest import make_user

HOUR = timedelta(hours=1)
# More than two batches. To try as many as in a night: FAULTS_CLOCKS=2000.
CLOCKS = int(os.environ.get("FAULTS_CLOCKS", "210"))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def told(kind: str) -> list[str]:
    """Who was told of this in the app, by name."""
    found = Notification.objects.filter(kind=kind, channel="app")
    return sorted(found.values_list("recipient__name", flat=True))


def fired(kind: str) -> int:
    return ClockEvent.objects.filter(kind=kind).count()


def test_it_warns_then_breaches_each_level_once(handoff, at):
    assert sweep_clocks(at + minutes(3.9)) == 0
    assert sweep_clocks(at + minutes(4)) == 1  # the prospect's warning
    assert sweep_clocks(at + minutes(8)) == 2  # the prospect's breach, half the rep's time
    assert sweep_clocks(at + minutes(8)) == 0
    assert sweep_clocks(at + minutes(12)) == 1
    assert sweep_clocks(at + minutes(15)) == 1
    assert (fired("warned"), fired("breached")) == (3, 2)


def test_after_an_outage_only_the_highest_level_is_told(handoff, at):
    assert sweep_clocks(at + HOUR) == 3
    assert (fired("skipped"), fired("warned"), fired("breached")) == (4, 0, 3)
    assert told("warning") == []
    assert told("breach") == ["Alice"] * 2 + ["Mona"] * 2  # the third goes to another rep
    accept = ClockEvent.objects.filter(clock__kind="accept", level__gte=100)
    steps = accept.values_list("kind", "level", "action")
    assert list(steps) == [("breached", 100, ""), ("escalated", 200, "reassign")]


def test_what_more_than_tells_is_done_although_a_higher_step_was_reached(
    promise, make_handoff, alice, start, at
):
    actions = ["tell_manager", "write", "reassign", "tell_manager"]
    promise(Target.Kind.ACCEPT, 10, levels=[100, 120, 150, 200], actions=actions)
    start(make_handoff(rep=alice))
    sweep_clocks(at + HOUR)
    clock = Clock.objects.get(kind="accept")
    done = clock.events.filter(level__gte=100).values_list("kind", "action")
    later = [("escalated", action) for action in actions[1:]]
    assert (list(done), clock.reroute_at) == ([("breached", ""), *later], at + HOUR)


def test_all_that_came_due_in_an_outage_fires_once_oldest_first(handoff, at):
    first, back_at = Clock.objects.get(kind="first_response"), at + 4 * HOUR
    later = [at + minutes(6 + seq / 60) for seq in range(2, CLOCKS + 1)]
    for seq, due_at in enumerate(later, 2):
        first.pk, first.seq, first.due_at, first.next_at = None, seq, due_at, due_at
        first.level_ats, first.next_level = [due_at] * 2, 80
        later[seq - 2] = copy(first)
    Clock.objects.bulk_create(later)
    assert sweep_clocks(back_at) == CLOCKS + 2  # the rep's two as well
    assert sweep_clocks(back_at) == 0
    missed = ClockEvent.objects.filter(kind="breached", clock__kind="first_response").order_by("pk")
    due = [event.due_at for event in missed]
    assert len(due) == CLOCKS and due == sorted(due)
    assert {event.processed_at for event in missed} == {back_at}


def test_each_step_tells_whom_it_names_also_beyond_the_deadline(
    promise, make_handoff, alice, carol, rosa, start, at
):
    promise(
        Target.Kind.ACCEPT,
        10,
        levels=[80, 150, 200, 300, 400],
        actions=["remind_cover", "remind", "remind_cover", "tell_manager", "tell_admins"],
        urgent=[300],
    )
    start(make_handoff(rep=alice))

    def told_of_accepting(kind, minute):
        sweep_clocks(at + minutes(minute))
        found = Notification.objects.filter(kind=kind, channel="app", subject__contains="ccept")
        return list(found.order_by("id").values_list("recipient__name", flat=True))

    assert told_of_accepting("warning", 8) == ["Alice", "Mona"]  # nobody ever covered for alice
    assert told_of_accepting("breach", 10) == []
    assert told_of_accepting("breach", 15) == ["Alice"]
    trip = {"starts_at": at - HOUR, "ends_at": at, "cover": carol}
    Absence.objects.create(user=alice, **trip)
    assert told_of_accepting("breach", 20)[1:] == ["Alice", "Carol"]
    assert told_of_accepting("breach", 30)[3:] == ["Alice", "Mona"]
    assert told_of_accepting("breach", 40)[5:] == ["Alice", "Rosa"]
    assert fired("escalated") == 4
    urgent = Notification.objects.filter(is_urgent=True, channel="app")
    assert sorted(urgent.values_list("recipient__name", flat=True)) == ["Alice", "Mona"]


def test_a_step_is_done_once_whatever_becomes_of_it(handoff, at):
    sweep_clocks(at + minutes(8))
    warned = ClockEvent.objects.get(kind="warned")
    again = {"clock": warned.clock, "level": 50, "due_at": at, "processed_at": at}
    with pytest.raises(IntegrityError, match="clock_step_happens_once"):
        ClockEvent.objects.create(kind="skipped", **again)


def test_lateness_is_on_record(handoff, at):
    sweep_clocks(at + HOUR)
    event = ClockEvent.objects.get(kind="breached", clock__kind="accept")
    assert (event.due_at, event.processed_at) == (at + minutes(15), at + HOUR)
    assert event.clock.breached_at == at + minutes(15)


def test_what_was_rolled_back_fires_later(handoff, at):
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        sweep_clocks(at + HOUR)
        raise KeyboardInterrupt
    assert (fired("breached"), Notification.objects.count()) == (0, 0)
    assert sweep_clocks(at + HOUR) == 3


def test_a_warning_goes_to_the_rep_alone_and_a_breach_to_the_manager_too(handoff, at):
    sweep_clocks(at + minutes(12))
    assert told("warning") == ["Alice"]
    sweep_clocks(at + minutes(15))
    assert told("breach") == ["Alice", "Alice", "Mona", "Mona"]


@pytest.mark.parametrize("manages", ["nobody", "themselves"])
def test_an_admin_is_told_where_a_rep_has_no_manager(handoff, alice, rosa, at, manages):
    Team.objects.filter(pk=alice.team_id).update(manager=alice if manages == "themselves" else None)
    make_user("Rico", Role.ADMIN)
    sweep_clocks(at + minutes(5))
    assert told("breach") == ["Alice", "Rosa"]


@pytest.mark.parametrize("is_rico_here", [True, False])
def test_one_admin_who_is_here_and_does_not_have_it_answers_for_who_has_no_backup(
    make_handoff, rosa, at, is_rico_here
):
    for name in ("Rita", "Rico"):
        admin = make_user(name, Role.ADMIN)
        if name == "Rita" or not is_rico_here:
            Absence.objects.create(user=admin, starts_at=at, ends_at=at + 9 * HOUR)
    handoff_clocks.start_review_clock(make_handoff(), at)  # the queue is Rosa's
    sweep_clocks(at + timedelta(hours=4))
    assert told("breach") == (["Rico", "Rosa"] if is_rico_here else ["Rosa"])


def test_a_cover_is_told_for_somebody_who_is_away(handoff, alice, carol, at):
    Absence.objects.create(user=alice, starts_at=at, ends_at=at + HOUR, cover=carol)
    sweep_clocks(at + minutes(12))
    assert told("warning") == ["Carol"]


def test_the_manager_is_told_for_somebody_who_left(handoff, alice, at):
    alice.is_active = False
    alice.save()
    sweep_clocks(at + minutes(15))
    assert told("breach") == ["Mona", "Mona"]


def test_a_review_breach_is_told_to_the_queues_owner_and_backup(make_handoff, rosa, olga, at):
    Queue.objects.filter(key="routing").update(backup=olga)
    handoff_clocks.start_review_clock(make_handoff(), at)
    sweep_clocks(at + timedelta(hours=3, minutes=20))
    assert told("warning") == ["Rosa"]
    sweep_clocks(at + timedelta(hours=4))
    assert told("breach") == ["Olga", "Rosa"]


def test_a_clock_that_fails_waits_and_starves_nobody(handoff, at):
    broken = Clock.objects.get(kind=Target.Kind.ACCEPT)
    Clock.objects.filter(pk=broken.pk).update(level_ats=[])
    assert sweep_clocks(at + HOUR) == 2
    broken.refresh_from_db()
    assert (broken.attempts, broken.next_at) == (1, at + HOUR + minutes(1))
    sweep_clocks(at + HOUR + minutes(1))
    broken.refresh_from_db()
    assert (broken.attempts, broken.next_at) == (2, at + HOUR + minutes(3))


def test_a_sweep_with_nothing_to_do_is_one_query(handoff, at, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert sweep_clocks(at) == 0


# On it --------------------------------------------------------------------------------------------
def test_who_is_on_it_holds_the_ladder_till_the_time_is_up(handoff, alice, at):
    sweep_clocks(at + minutes(8))
    until = acknowledge(handoff, by=alice, length=minutes(30), at=at + minutes(9))
    assert until == at + minutes(39)
    assert sweep_clocks(until - minutes(1)) == 0
    assert sweep_clocks(until) == 2
    accept = Clock.objects.get(kind="accept")
    assert (accept.breached_at, accept.reroute_at) == (at + minutes(15), until)
    held = accept.events.get(kind="held")
    assert (held.level, held.by, held.detail) == (50, alice, "On it for 30 minutes")


def test_each_step_is_acknowledged_once(handoff, alice, at):
    with pytest.raises(NothingToAcknowledge):
        acknowledge(handoff, by=alice, length=HOUR, at=at)
    sweep_clocks(at + minutes(8))
    acknowledge(handoff, by=alice, length=minutes(5), at=at + minutes(9))
    with pytest.raises(NothingToAcknowledge):
        acknowledge(handoff, by=alice, length=HOUR, at=at + minutes(10))
    sweep_clocks(at + minutes(14))
    acknowledge(handoff, by=alice, length=minutes(5), at=at + minutes(14))


def test_a_clock_that_starts_while_somebody_is_on_it_waits_too(handoff, alice, at):
    sweep_clocks(at + minutes(8))
    until = acknowledge(handoff, by=alice, length=HOUR, at=at + minutes(9))
    again = at + minutes(10)
    (asked_again,) = handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=again, at=again)
    assert (asked_again.next_at, asked_again.acknowledged_by) == (until, alice)
    assert sweep_clocks(at + minutes(16)) == 0


def test_nothing_is_taken_from_who_is_on_it(handoff, mona, at):
    sweep_clocks(at + HOUR)
    assert clocks.unanswered(at + HOUR).exists()
    until = acknowledge(handoff, by=mona, length=HOUR, at=at + HOUR)
    assert not clocks.unanswered(until - minutes(1)).exists()
    assert clocks.unanswered(until).exists()


def test_other_steps_that_lie_lower_are_no_news(handoff, alice, at):
    sweep_clocks(at + minutes(8))
    acknowledge(handoff, by=alice, length=minutes(15), at=at + minutes(9))
    clock = Clock.objects.get(kind="accept")
    clock.levels = [25, *clock.levels[1:]]
    assert (clock.reached, standing([clock], at).has_news) == (25, False)


def test_a_ladder_that_waits_goes_on_waiting_when_its_clock_is_moved(handoff, at):
    clock = Clock.objects.get(kind="first_response")
    clock.acknowledged_until = at + HOUR
    levels.retime(clock, schedule=None, pauses=[])
    assert (clock.due_at, clock.next_at) == (at + minutes(5), at + HOUR)


def test_what_is_done_meanwhile_ends_the_ladder_for_good(handoff, alice, at):
    sweep_clocks(at + minutes(8))
    acknowledge(handoff, by=alice, length=minutes(30), at=at + minutes(9))
    clocks.stop(handoff, list(Target.Kind), at=at + minutes(10), evidence="Call")
    assert sweep_clocks(at + HOUR) == 0 and told("breach") == ["Alice", "Mona"]


@pytest.mark.parametrize("number", [2, 5])
def test_a_batch_takes_the_same_queries_for_many(
    make_handoff, make_lead, alice, start, at, django_assert_num_queries, number
):
    for _ in range(number):
        start(make_handoff(make_lead(), rep=alice))
    with django_assert_num_queries(8):
        assert sweep_clocks(at + HOUR) == number * 3


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_fire_each_level_once(make_handoff, make_lead, alice, start, at):
    with transaction.atomic():
        for _ in range(8):
            start(make_handoff(make_lead(), rep=alice))
    counts: list[int] = []
    barrier = threading.Barrier(2)

    def sweep() -> None:
        barrier.wait()
        counts.append(sweep_clocks(at + HOUR))
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep_clocks(at + HOUR)
    assert fired("breached") == 24
    assert sum(counts) <= 24 and Clock.objects.filter(next_at__isnull=False).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_somebody_holds_is_left_for_the_next_sweep(handoff, at):
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Clock.objects.select_for_update(no_key=True).filter(kind="accept"))
            held.set()
            done.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    assert sweep_clocks(at + HOUR) == 2
    done.set()
    holder.join()
    assert sweep_clocks(at + HOUR) == 1
