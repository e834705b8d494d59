"""The only writer of clocks: starting, stopping and ending them. Firing what is due.

A clock is judged by what happened when, not by when anyone looked. Callers hold the lead and the
handoff; clocks are locked last, by id.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from leads.documents import live_version
from leads.models import Assignment, Document, Handoff, Lead, Touch, User
from sla import levels, pauses, stretches
from sla.acknowledging import hold_too
from sla.business_time import NoWorkingTime, WorkingTime
from sla.calendars import hours_for, working_time_of
from sla.levels import Level, event_of, move_on, settle
from sla.models import Clock, ClockEvent, Target
from sla.models.clocks import INSTANT_ANSWER
from sla.new_clocks import Terms, carried, new_clock, started_event, used_before
from sla.policies import BREACH, Promise, Step, policy_for
from sla.stretches import NOTHING, Stretch

Kind, Start = Target.Kind, Target.Start
Event = ClockEvent.Kind
# What says that a level was passed.
STEPS = (Event.WARNED, Event.BREACHED, Event.ESCALATED, Event.SKIPPED)
# Why a pause ends with the turn it is of.
GONE = "No longer with the rep"
# What another version of the promises or of a calendar changes of a clock that runs.
TERMS = [
    *("policies", "policy_label", "calendar", "within", "measure", "allowed", "pauses"),
    *("levels", "actions", "urgent", "level_ats", "due_at", "next_level", "next_at"),
]
MOVED = ["next_level", "next_at", "breached_at", "reroute_at"]


class Evidence(NamedTuple):
    """What shows that something was done: in words, and by whom and how where somebody did it."""

    words: str
    by: User | None = None
    channel: str = ""
    touch: Touch | None = None


NO_EVIDENCE = Evidence("")
ALL = Q()


@transaction.atomic
def carry_over(
    closed: Handoff, handoff: Handoff, *, at: datetime, kind: str = Kind.FIRST_RESPONSE
) -> list[Clock]:
    """Let the clocks of a kind that the close of a handoff ended, by default the prospect's, go on
    in another one, each with its start, its terms and deadline. What one has fired is not fired
    again; one that was missed goes on with the steps that are left, and is one miss. Where one runs
    there from the same start on, due no later, it is that one that goes on.
    """
    of_kind = Clock.objects.filter(kind=kind)
    known = list(of_kind.filter(handoff=handoff).values_list("started_at", "due_at"))
    over = of_kind.filter(handoff=closed, stopped_at=closed.closed_at)
    over = over.filter(stop_reason=Clock.StopReason.ENDED)
    ended = [
        clock
        for clock in over.order_by("started_at", "pk")
        if not any(began == clock.started_at and due <= clock.due_at for began, due in known)
    ]
    reached = _reached_before(ended)
    clocks = [
        carried(clock, handoff, seq=seq, reached=reached.get(clock.started_at, 0))
        for seq, clock in enumerate(ended, len(known) + 1)
    ]
    over.update(went_on=True)
    Clock.objects.bulk_create(clocks)
    ClockEvent.objects.bulk_create(started_event(clock, at) for clock in clocks)
    return clocks


def _reached_before(ended: Sequence[Clock]) -> Mapping[datetime, int]:
    """Return by its start the highest level that each of these clocks of one kind passed, also in
    the handoffs that it ran in before.
    """
    handoffs = {handoff for clock in ended for handoff in (clock.handoff_id, *clock.ran_in)}
    passed = ClockEvent.objects.filter(kind__in=STEPS, clock__handoff__in=handoffs)
    of_kind = passed.filter(clock__kind__in=[clock.kind for clock in ended]).order_by()
    return dict(of_kind.values_list("clock__started_at").annotate(Max("level")))


def lock_of(leads: Collection[Lead]) -> None:
    """Lock the clocks of `leads`, whose handoffs are locked, for whoever changes many of them."""
    clocks = Clock.objects.filter(lead__in=leads).order_by("id")
    list(clocks.select_for_update(no_key=True).values_list("pk"))


def change_lead(gone: Lead, keep: Lead) -> None:
    """Let the clocks of a lead that was merged into another be of that one, as its handoffs are.
    They are locked.
    """
    Clock.objects.filter(lead=gone).update(lead=keep)


@transaction.atomic
def start_instant_clock(
    handoff: Handoff, *, asked_at: datetime, allowed: timedelta, at: datetime
) -> Clock:
    """Start the clock of the mail that answers the prospect of `handoff` at once. It runs by the
    wall, beside the clocks of people, and stops none of them. Call it once for a handoff.
    """
    # One that did not go out is an alarm (sla/health.py), and nobody's who works leads.
    promise = Promise(INSTANT_ANSWER, Target.Measure.WALL, allowed, ladder=(Step(BREACH, ""),))
    version = live_version(Document.Kind.POLICIES, at)
    terms = Terms(version, "Instant answer", hours_for(None, at))
    clock = new_clock(handoff, promise, asked_at, terms, used=NOTHING)
    clock.save()
    ClockEvent.objects.bulk_create([started_event(clock, at)])
    return clock


def start(
    handoff: Handoff,
    seqs: Mapping[Target.Kind, int],
    starts: Mapping[Target.Start, datetime],
    *,
    at: datetime,
    assignment: Assignment | None = None,
    turn_began: datetime | None = None,
) -> list[Clock]:
    """Start the clocks of what the policy of `handoff` promises.

    seqs:       the kinds that may start now, each with the number of its clock.
    starts:     the start events that there were, with their instants; other promises don't start.
    turn_began: who said since then that they are on it holds these too. None: nobody can have.
    """
    policy, version = policy_for(handoff, at)
    hours = hours_for(assignment.rep if assignment else None, at)
    terms = Terms(version, policy.label, hours)
    promises = [policy.promises[kind] for kind in seqs if kind in policy.promises]
    promises = [promise for promise in promises if promise.starts in starts]
    used = used_before(handoff, [promise for promise in promises if promise.goes_on])
    clocks = [
        new_clock(handoff, promise, starts[promise.starts], terms, used=used[promise.kind])
        for promise in promises
        if used[promise.kind] < promise.allowed
    ]
    for clock in clocks:
        clock.assignment, clock.seq = assignment, seqs[Kind(clock.kind)]
    if turn_began:
        hold_too(clocks, handoff, since=turn_began, at=at)
    Clock.objects.bulk_create(clocks)
    ClockEvent.objects.bulk_create(started_event(clock, at) for clock in clocks)
    return clocks


@transaction.atomic
def stop(
    handoff: Handoff,
    kinds: Iterable[str],
    *,
    at: datetime,
    evidence: str,
    by: User | None = None,
    channel: str = "",
    touch: Touch | None = None,
    recorded_at: datetime | None = None,
    which: Q = ALL,
) -> int:
    """Stop the clocks of these kinds that were running at `at`: what they asked for was done then.

    at:          when it was done; clocks that started later are not met by it.
    evidence:    what was done, in words; `by` whom, by which `channel`, and the `touch` it was.
    recorded_at: when we were told, if that was later. A clock that was met after `at` is corrected;
                 what it fired stays on record. One that was ended stays so.
    which:       narrows them down, where not all of a kind are meant.
    An automated touch stops the clock of its own kind and no other. Returns how many clocks it
    stopped or corrected.
    """
    ran = Clock.objects.filter(
        which,
        Q(stopped_at=None) | Q(stopped_at__gt=at, stop_reason=Clock.StopReason.MET),
        handoff=handoff,
        kind__in=list(kinds),
        started_at__lte=at,
    )
    clocks = _locked(ran)
    shown = Evidence(evidence, by, channel, touch)
    for clock in clocks:
        _close(clock, Clock.StopReason.MET, at=at, recorded_at=recorded_at or at, evidence=shown)
    return len(clocks)


@transaction.atomic
def end(
    target: Handoff | Assignment,
    *,
    at: datetime,
    kind: str = "",
    spares: Collection[str] = (),
    recorded_at: datetime | None = None,
) -> int:
    """End the running clocks of a handoff or of one assignment, or those of one kind, but for those
    of the kinds that it `spares`: nobody asks for it any more.

    recorded_at: when we were told, if that was later. Returns how many there were.
    """
    where = {"handoff": target} if isinstance(target, Handoff) else {"assignment": target}
    running = Clock.objects.running().filter(**where).exclude(kind__in=spares)
    clocks = _locked(running.filter(kind=kind) if kind else running)
    for clock in clocks:
        ended_at = max(at, clock.started_at)
        _close(
            clock,
            Clock.StopReason.ENDED,
            at=ended_at,
            recorded_at=recorded_at or at,
            evidence=NO_EVIDENCE,
        )
    ended_pauses = 0 if kind else pauses.end(target, at=at, because=GONE)
    if ended_pauses and isinstance(target, Assignment):
        retime(target.handoff)
    return len(clocks)


def fire(
    clocks: Sequence[Clock], at: datetime, *, write: Callable[[Handoff, datetime], str]
) -> list[ClockEvent]:
    """Take locked clocks past every level reached by `at` and return what was fired.

    write: has the prospect of a handoff written to, and returns what is to be said of that.
    Raises NotDue for a clock that has reached none.
    """
    happened = [event for clock in clocks for event in move_on(clock, at)]
    for event in happened:
        if event.action == Target.Action.WRITE:
            event.detail = write(event.clock.handoff, at)
    for clock in clocks:
        clock.attempts = 0
    Clock.objects.bulk_update(clocks, [*MOVED, "attempts"])
    ClockEvent.objects.bulk_create(happened, ignore_conflicts=True)
    return [event for event in happened if event.kind != Event.SKIPPED]


def put_off(clock_id: int, at: datetime) -> None:
    """Count a failed attempt to fire a clock, and try it again later: 1 minute, then 2, 4 … 64."""
    attempts = Clock.objects.values_list("attempts", flat=True).get(pk=clock_id)
    next_at = at + timedelta(minutes=2 ** min(attempts, 6))
    Clock.objects.running().filter(pk=clock_id, next_at__lte=at).update(
        attempts=F("attempts") + 1, next_at=next_at
    )


def unanswered(at: datetime) -> QuerySet[Clock]:
    """Return the clocks whose ladder passes on by `at` what its rep has not answered, or accepted
    and not touched, and nobody is on; longest due first.
    """
    lies = Q(assignment__answer="") | Q(kind=Kind.FIRST_TOUCH)
    due = Clock.objects.running().filter(lies, assignment__ended_at=None, reroute_at__lte=at)
    return due.exclude(acknowledged_until__gt=at).order_by("reroute_at", "id")


def put_off_rerouting(assignment_id: int, *, until: datetime) -> None:
    """Try again only at `until` what failed."""
    running = Clock.objects.running().filter(assignment=assignment_id, reroute_at__lte=until)
    running.update(reroute_at=until)


@transaction.atomic
def retime(handoff: Handoff) -> int:
    """Move the deadlines of the running clocks of a handoff to where its pauses put them; what they
    have fired stays fired. Returns how many clocks can stand still.
    """
    clocks = _locked(Clock.objects.running().filter(handoff=handoff).exclude(pauses=[]))
    still = pauses.pauses_of(clocks)
    for clock in clocks:
        _retime(clock, still[clock.pk])
    Clock.objects.bulk_update(clocks, ["calendar", "within", "due_at", "level_ats", "next_at"])
    return len(clocks)


def _retime(clock: Clock, still: Sequence[Stretch]) -> None:
    """Move the levels of a running clock to where its pauses put them, by the office's hours if its
    calendar ends before.
    """
    try:
        levels.retime(clock, schedule=schedule_of(clock), pauses=still)
    except NoWorkingTime:
        office = hours_for(None, clock.started_at)
        clock.calendar, clock.within = office.calendar, office.within
        levels.retime(clock, schedule=office.schedule, pauses=still)


def give_terms(running: Sequence[Clock]) -> None:
    """Save locked clocks that go by other versions from now on."""
    Clock.objects.bulk_update(running, TERMS)


def note_moves(
    moved: Sequence[tuple[datetime, Clock]], *, by: User | None, at: datetime, detail: str
) -> None:
    """Put on record which clocks were given other deadlines or steps, each with when it was due
    before.
    """
    running = [clock for _, clock in moved]
    earlier = Counter(
        ClockEvent.objects.filter(clock__in=running, kind=Event.MOVED).values_list(
            "clock", flat=True
        )
    )
    ClockEvent.objects.bulk_create(
        ClockEvent(
            clock=clock,
            kind=Event.MOVED,
            level=earlier[clock.pk],
            due_at=at,
            processed_at=at,
            moved_from=was_due_at,
            moved_to=clock.due_at,
            by=by,
            detail=detail[:200],
        )
        for was_due_at, clock in moved
    )


def elapsed(clock: Clock, until: datetime) -> timedelta:
    """Return the time used by `until`, by earlier reps too, in the clock's own measure, without its
    pauses.
    """
    still = pauses.pauses_of([clock]).get(clock.pk, ())
    schedule = schedule_of(clock)
    return clock.used_before + stretches.between(
        clock.started_at, until, schedule=schedule, pauses=still
    )


def schedule_of(clock: Clock) -> WorkingTime | None:
    """Return the working time that a clock goes by; None: it goes by the wall."""
    return working_time_of(clock.calendar, clock.within) if clock.calendar else None


def _locked(clocks: QuerySet[Clock]) -> list[Clock]:
    in_order = clocks.select_for_update(no_key=True, of=("self",)).order_by("id")
    return list(in_order.select_related("calendar", "within"))


def _close(
    clock: Clock, reason: str, *, at: datetime, recorded_at: datetime, evidence: Evidence
) -> None:
    """Stop `clock` at `at`, with what it missed by then, or move an earlier stop back to `at`."""
    is_correction = clock.stopped_at is not None
    events = settle(clock, at, at=recorded_at)
    clock.stopped_at, clock.stop_reason, clock.stop_evidence = at, reason, evidence.words[:200]
    clock.elapsed = elapsed(clock, at)
    clock.save(update_fields=[*MOVED, "stopped_at", "stop_reason", "stop_evidence", "elapsed"])
    earlier_stops = clock.events.filter(kind=Event.STOPPED).count() if is_correction else 0
    stopped = event_of(clock, Level(earlier_stops, at), Event.STOPPED, at=recorded_at)
    stopped.detail, stopped.by = clock.stop_evidence, evidence.by
    stopped.channel, stopped.touch = evidence.channel, evidence.touch
    ClockEvent.objects.bulk_create([*events, stopped], ignore_conflicts=True)
