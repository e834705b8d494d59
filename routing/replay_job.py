"""A draft of the routing table against what is live, over the handoffs of some past days.

The work is a `Job` of short steps. Each sends a thousand handoffs through both tables; what came
of it and how far people and rotas are is kept on the `Replay`, so that a step that is lost with its
worker is done again from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from leads.documents import live_version
from leads.draft_runs import newest, newest_done
from leads.models import Document, Handoff, Job, User, Version
from routing.check import errors_of
from routing.errors import RoutingError
from routing.models import Decision, Replay
from routing.replay import Case, Table
from routing.replay_past import cases_of, people_at, state_at
from routing.replay_people import People, State, Waiting
from routing.replay_result import Moved, Result, Side, Went
from routing.table import rules_of
from routing.turns import SoFar

KIND = "routing_replay"
STEP = 1_000
LENGTHS_IN_DAYS = (7, 30, 90)
SIDES = ("live", "draft")


class ReplayRefused(RoutingError):
    """A replay can't begin or go on."""


@dataclass
class Progress:
    """How far a replay has come.

    after:  instant of opening and id of the last handoff that was asked about.
    states: of each side. placed: by side, what it placed that still waits on the other one.
    """

    result: Result = field(default_factory=Result)
    after: tuple[datetime, int] | None = None
    states: dict[str, State] = field(default_factory=dict)
    placed: dict[str, dict[int, Went]] = field(default_factory=lambda: {side: {} for side in SIDES})

    @property
    def waiting(self) -> set[int]:
        """Return the ids of the handoffs that wait on either side."""
        return {each.handoff_id for state in self.states.values() for each in state.waiting}

    def place(self, name: str, case: Case, went: Went) -> None:
        """Note where a side placed a handoff; once both did, they are compared."""
        both = {each: self.placed[each].get(case.handoff_id) for each in SIDES} | {name: went}
        live, draft = both["live"], both["draft"]
        if live is None or draft is None:
            self.placed[name][case.handoff_id] = went
            return
        for each in SIDES:
            self.placed[each].pop(case.handoff_id, None)
        self.result.compare(Moved(case.handoff_id, case.lead_id, live, draft))

    def to_json(self) -> dict[str, Any]:
        kept = {
            "after": self.after and [self.after[0].isoformat(), self.after[1]],
            "states": {name: _state_to_json(state) for name, state in self.states.items()},
            "placed": {
                name: {str(pk): went for pk, went in placed.items()}
                for name, placed in self.placed.items()
            },
        }
        return {**self.result.to_json(), "progress": kept}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Progress:
        """Return how far it was when it was kept; from an empty mapping, where it begins."""
        if not kept:
            return cls()
        told = kept["progress"]
        opened_at, last_id = told["after"]
        return cls(
            Result.from_json(kept),
            (datetime.fromisoformat(opened_at), last_id),
            {name: _state_from_json(state) for name, state in told["states"].items()},
            {
                name: {int(pk): Went(*went) for pk, went in placed.items()}
                for name, placed in told["placed"].items()
            },
        )


@transaction.atomic
def start(
    version: Version, *, days: int, by: User, at: datetime, with_imports: bool = False
) -> Replay:
    """Return the replay of `version` that is at work, or start one over the last `days`.

    with_imports: handoffs that were imported as history count too; nothing routed these then.
    Raises ReplayRefused if another is at work, or if `version` has errors or is live;
    NothingLive if there is nothing to set it against.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    running = newest(Replay, version)
    if running is not None and running.is_running and not running.is_outdated:
        if (running.days, running.with_imports) != (days, with_imports):
            raise ReplayRefused(
                f"One over {running.days} days is running. Wait for it, or cancel it first."
            )
        return running
    against = live_version(Document.Kind.ROUTING, at)
    if version.pk == against.pk:
        raise ReplayRefused(f"{version} is live. Start a draft from it to try a change.")
    if errors := errors_of(version, at):
        raise ReplayRefused(" ".join([f"{version} has errors.", *errors]))
    _forget_older(version)
    since = at - timedelta(days=days)
    total = _handoffs(since, at, with_imports=with_imports).count()
    parameters = {"with_imports": with_imports}
    job = Job.objects.create(kind=KIND, total_count=total, created_by=by, parameters=parameters)
    return Replay.objects.create(
        version=version,
        revision=version.revision,
        against=against,
        job=job,
        days=days,
        from_at=since,
        to_at=at,
        created_by=by,
    )


def _forget_older(version: Version) -> None:
    """Empty the results that no page can show: of `version` only the newest is, of a discarded
    draft none.
    """
    shown = newest_done(Replay, version)
    older = Replay.objects.filter(Q(version=version) | Q(version=None)).exclude(result={})
    older.exclude(pk=shown.pk if shown else 0).update(result={})


def step(job: Job, at: datetime) -> int | None:
    """Send the next thousand handoffs through both tables. Returns the last one's id, None when
    there are no more.

    Raises ReplayRefused if the draft was changed or discarded in between.
    """
    replay = Replay.objects.select_related("version", "against").get(job=job)
    if replay.version is None or replay.is_outdated:
        raise ReplayRefused("The draft was changed while this ran. Start the replay again.")
    progress = Progress.from_json(replay.result)
    ids = _next_ids(replay, progress)
    is_over = len(ids) < STEP
    _send(replay, progress, ids, is_last=is_over)
    if is_over:
        progress.result.settle()
    kept = progress.result if is_over else progress
    Replay.objects.filter(pk=replay.pk).update(result=kept.to_json())
    job.done_count = min(job.done_count + len(ids), job.total_count)
    return None if is_over else ids[-1]


def _next_ids(replay: Replay, progress: Progress) -> list[int]:
    handoffs = handoffs_of(replay)
    if progress.after is not None:
        opened_at, last_id = progress.after
        same = Q(opened_at=opened_at, pk__gt=last_id)
        handoffs = handoffs.filter(Q(opened_at__gt=opened_at) | same)
    return list(handoffs.order_by("opened_at", "pk").values_list("pk", flat=True)[:STEP])


def handoffs_of(replay: Replay) -> QuerySet[Handoff]:
    """Return what is sent through both tables."""
    return _handoffs(replay.from_at, replay.to_at, with_imports=replay.with_imports)


def _handoffs(since: datetime, until: datetime, *, with_imports: bool) -> QuerySet[Handoff]:
    """Return the first hops opened in a time that came to routing: what lacks a field, or what its
    stage asks for, goes to review before any table is asked.
    """
    opened = Handoff.objects.filter(opened_at__gt=since, opened_at__lt=until, previous=None)
    by_table = Decision.objects.filter(handoff=OuterRef("pk"), version__isnull=False)
    came = Q(is_historical=True) | Q(state=Handoff.State.WAITING) | Q(Exists(by_table))
    opened = opened.filter(came)
    return opened if with_imports else opened.filter(is_historical=False)


def _send(replay: Replay, progress: Progress, ids: Sequence[int], *, is_last: bool) -> None:
    """Send these handoffs through both tables, and meanwhile those that wait for an opening."""
    asked = set(ids)
    known = {each.handoff_id: each for each in cases_of([*ids, *(progress.waiting - asked)])}
    cases = [known[each] for each in ids]
    versions = {"live": replay.against, "draft": replay.version}
    people = people_at(replay.to_at, since=replay.from_at)
    for name, version in versions.items():
        assert version is not None  # see step
        table = _table(name, version, people, progress, replay.from_at)
        table.send(cases, known)
        if is_last:
            table.finish(known, end=replay.to_at)
    if cases:
        progress.after = cases[-1].opened_at, cases[-1].handoff_id


def _table(
    name: str, version: Version, people: People, progress: Progress, since: datetime
) -> Table:
    state = progress.states.get(name)
    if state is None:
        state = progress.states[name] = state_at(since)
    side: Side = getattr(progress.result, name)

    def placed(case: Case, went: Went) -> None:
        progress.place(name, case, went)

    return Table(rules_of(version), people, state, side, placed)


def prediction_of(version: Version) -> dict[str, Any] | None:
    """Return what the newest replay of `version` as it stands that came to its end foretells, to be
    kept with its publication. None if there is none, or the draft was changed since.
    """
    replay = newest_done(Replay, version)
    if replay is None or replay.is_outdated:
        return None
    result = Result.from_json(replay.result)
    return {
        "replay": replay.pk,
        "days": replay.days,
        "from": replay.from_at.isoformat(),
        "to": replay.to_at.isoformat(),
        "asked": result.asked,
        "moved": len(result.moved),
        "turned": result.turned,
        "live": _foretold(result.live),
        "draft": _foretold(result.draft),
    }


def _foretold(side: Side) -> dict[str, Any]:
    return {
        "in_review": side.in_review,
        "waited": side.waited,
        "capped": side.capped,
        "rules": side.rules,
        "reps": {rep_id: load.passed for rep_id, load in side.reps.items() if load.passed},
    }


def _state_to_json(state: State) -> dict[str, Any]:
    return {
        "turns": {str(rota_id): turns.to_json() for rota_id, turns in state.turns.items()},
        "open": _instants_to_json(state.open),
        "passed": _instants_to_json(state.passed),
        "looked_at": state.looked_at.isoformat(),
        "waiting": [
            [each.till.isoformat(), each.rank, each.opened_at.isoformat(), *each[3:]]
            for each in state.waiting
        ],
    }


def _state_from_json(kept: Mapping[str, Any]) -> State:
    read = datetime.fromisoformat
    return State(
        turns={int(rota_id): SoFar.from_json(turns) for rota_id, turns in kept["turns"].items()},
        open=_instants_from_json(kept["open"]),
        passed=_instants_from_json(kept["passed"]),
        waiting=[
            Waiting(read(till), rank, read(opened_at), *more)
            for till, rank, opened_at, *more in kept["waiting"]
        ],
        looked_at=read(kept["looked_at"]),
    )


def _instants_to_json(instants: Mapping[int, Sequence[datetime]]) -> dict[str, list[str]]:
    return {str(pk): [each.isoformat() for each in own] for pk, own in instants.items()}


def _instants_from_json(kept: Mapping[str, Sequence[str]]) -> dict[int, list[datetime]]:
    return {int(pk): [datetime.fromisoformat(each) for each in own] for pk, own in kept.items()}
