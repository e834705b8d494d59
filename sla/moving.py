"""Applying a version of the promises, or of a calendar, to clocks that run: only if somebody says
so, who sees before what it would move.

What a clock has fired stays fired and is not fired again; a deadline that has passed stays where it
was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from leads.bulk_evidence import evenly, evidence_in_bulk
from leads.models import Document, Job, Publication, User, Version
from sla import clocks, levels
from sla.business_time import WorkingTimeError
from sla.calendars import hours_for
from sla.errors import NotLive
from sla.models import Clock, Target
from sla.models.clocks import INSTANT_ANSWER
from sla.new_clocks import steps_left
from sla.pauses import pauses_of
from sla.policies import BREACH, Promise, facts_of, policies_of
from sla.stretches import Stretch

KIND = "move_clocks"
STEP = 200
SAMPLE = 2_000
WITH = (
    "handoff__lead",
    "handoff__owner",
    "handoff__queue",
    "assignment__rep",
    "calendar__document",
    "within__document",
)


@dataclass(frozen=True, slots=True)
class Move:
    """A clock as it was, and as it would be or is."""

    was: Clock
    now: Clock

    @property
    def shows(self) -> bool:
        """Whether there is more to it than that the clock goes by another version."""
        return _terms(self.was) != _terms(self.now)

    @property
    def is_earlier(self) -> bool:
        return self.now.due_at < self.was.due_at

    @property
    def is_later(self) -> bool:
        return self.now.due_at > self.was.due_at


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying something at `at` would do, told from a sample of the clocks that run.

    running: how many run, are not late, and go by something else.
    """

    at: datetime
    running: int
    looked_at: int
    moves: Sequence[Move]

    @property
    def is_sample(self) -> bool:
        return self.looked_at < self.running

    @property
    def missed(self) -> list[Move]:
        """Those whose deadline would have passed already."""
        return [move for move in self.moves if move.now.due_at <= self.at]

    @property
    def earlier(self) -> list[Move]:
        return [move for move in self.moves if move.is_earlier and move.now.due_at > self.at]

    @property
    def later(self) -> list[Move]:
        return [move for move in self.moves if move.is_later]

    @property
    def others(self) -> list[Move]:
        """Those of which the steps change alone."""
        return [move for move in self.moves if not move.is_earlier and not move.is_later]


def movable(at: datetime) -> QuerySet[Clock]:
    """Return the running clocks that are not late, with what is shown of them."""
    running = Clock.objects.running().filter(breached_at=None, due_at__gt=at)
    return running.exclude(kind=INSTANT_ANSWER).select_related(*WITH)


def candidates(version: Version, at: datetime) -> QuerySet[Clock]:
    """Return the running clocks that `version` may move."""
    running = movable(at)
    if version.document.kind == Document.Kind.CALENDAR:
        document = version.document_id
        return running.filter(
            Q(calendar__document=document) & ~Q(calendar=version)
            | Q(within__document=document) & ~Q(within=version)
        )
    return running.exclude(policies=version)


def preview(version: Version, at: datetime) -> Preview:
    """Return what applying `version` would do. Nothing is written."""
    found = candidates(version, at)
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    sample = evenly(ids, SAMPLE)
    moves = applied(version, found.filter(pk__in=sample).order_by("due_at", "pk"), at)
    return Preview(at, len(ids), len(sample), [move for move in moves if move.shows])


def applied(version: Version, running: Iterable[Clock], at: datetime) -> list[Move]:
    """Return those of `running` that can go by `version`, as they would be; not saved."""
    found = list(running)
    is_calendar = version.document.kind == Document.Kind.CALENDAR
    changed = _by_calendar(version, found) if is_calendar else _by_promises(version, found, at)
    return retimed(changed)


def retimed(changed: Iterable[tuple[Clock, Clock]]) -> list[Move]:
    """Move the levels of clocks, given each as it is and with other terms, to where these put them;
    nothing is saved. One whose time never passes by them is left out.
    """
    pairs = list(changed)
    still = pauses_of(now for _, now in pairs)
    return [Move(was, now) for was, now in pairs if _retimed(now, still.get(now.pk, ()))]


def _retimed(clock: Clock, pauses: Sequence[Stretch]) -> bool:
    """Move the levels of a clock. False: by these hours, joined with the team's that it began with,
    its time never passes.
    """
    try:
        levels.retime(clock, schedule=clocks.schedule_of(clock), pauses=pauses)
    except WorkingTimeError:
        return False
    return True


def newest_job(version: Version) -> Job | None:
    return Job.objects.filter(kind=KIND, parameters__version=version.pk).order_by("id").last()


@transaction.atomic
def start(version: Version, *, by: User, at: datetime) -> Job:
    """Have `version` applied to what runs, some hundred clocks at a time. Returns the job that is
    at it already, if there is one. Raises NotLive.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    _check_live(version)
    running = newest_job(version)
    if running is not None and running.finished_at is None:
        return running
    total = candidates(version, at).count()
    parameters = {"version": version.pk, "moved": 0}
    return Job.objects.create(kind=KIND, parameters=parameters, total_count=total, created_by=by)


def step(job: Job, at: datetime) -> int | None:
    """Move the next few hundred clocks. Returns the last one's id, None when there are no more.

    Raises NotLive if another version was made live meanwhile.
    """
    version = Version.objects.select_related("document").get(pk=job.parameters["version"])
    _check_live(version)
    found = candidates(version, at).filter(pk__gt=job.cursor).order_by("pk")
    locked = list(found.select_for_update(no_key=True, of=("self",))[:STEP])
    moves = applied(version, locked, at)
    clocks.give_terms([move.now for move in moves])
    moved = [(move.was.due_at, move.now) for move in moves if move.shows]
    clocks.note_moves(moved, by=job.created_by, at=at, detail=f"{version} applied to what runs")
    job.parameters["moved"] += len(moved)
    job.done_count = min(job.done_count + len(locked), job.total_count)
    return locked[-1].pk if len(locked) == STEP else None


def _check_live(version: Version) -> None:
    newest = Publication.objects.filter(version__document=version.document_id)
    live = newest.order_by("-at", "-id").first()
    if live is None or live.version_id != version.pk:
        raise NotLive(f"{version} is not live: only what is live can be applied to what runs.")


def _terms(clock: Clock) -> tuple[object, ...]:
    return clock.due_at, clock.levels, clock.level_ats, clock.actions, clock.urgent, clock.pauses


def _by_calendar(version: Version, running: Iterable[Clock]) -> Iterator[tuple[Clock, Clock]]:
    for was in running:
        now = copy(was)
        if now.calendar and now.calendar.document_id == version.document_id:
            now.calendar = version
        if now.within and now.within.document_id == version.document_id:
            now.within = version
        yield was, now


def _by_promises(
    version: Version, running: Sequence[Clock], at: datetime
) -> Iterator[tuple[Clock, Clock]]:
    """Yield the clocks of what `version` promises too, each of its handoff as known at `at`."""
    policies = policies_of(version)
    leads = list(dict.fromkeys(clock.lead_id for clock in running))
    known = dict(evidence_in_bulk(leads, at))
    for was in running:
        evidence = known[was.lead_id]
        evidence = evidence.with_facts({**evidence.facts, **facts_of(was.handoff)})
        policy = next((each for each in policies if each.conditions.matches(evidence)), None)
        promise = policy.promises.get(was.kind) if policy else None
        if policy and promise and promise.allowed > was.used_before:
            now = _promised(copy(was), promise, at)
            now.policies, now.policy_label = version, policy.label
            yield was, now


def _promised(clock: Clock, promise: Promise, at: datetime) -> Clock:
    """Return `clock`, with what `promise` says of it."""
    passed = [level for level in clock.levels if level < (clock.next_level or BREACH)]
    steps = steps_left(promise, clock.used_before)
    clock.allowed, clock.pauses = promise.allowed, list(promise.pauses)
    clock.levels = [step.percent for step in steps]
    clock.actions = [step.action for step in steps]
    clock.urgent = [level for level in clock.levels if level in promise.urgent]
    clock.next_level = next(level for level in clock.levels if level > max(passed, default=0))
    if clock.measure != promise.measure:
        clock.measure = promise.measure
        is_working = promise.measure == Target.Measure.WORKING
        hours = hours_for(clock.assignment.rep if clock.assignment else None, at)
        clock.calendar = hours.calendar if is_working else None
        clock.within = hours.within if is_working else None
    return clock
