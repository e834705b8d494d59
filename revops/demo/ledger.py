"""The demo's records as they come about: rows not saved yet, and the one writer of each fact.

What `leads.ownership`, `leads.lifecycle`, `leads.rescoring` and `leads.fact_history` do with the
database is done here with rows in memory, so that thousands of leads take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db.models import Model

from leads.activity_series import ActivityRecord, series_of
from leads.evidence import Evidence
from leads.models import (
    Activity,
    Assignment,
    FactSnapshot,
    Handoff,
    Lead,
    OwnershipChange,
    Queue,
    ScoreSnapshot,
    Stage,
    StageTransition,
    Submission,
    User,
    Version,
)
from leads.scoring import Score
from revops.demo.behaviour import Person
from revops.demo.outcomes import Drivers
from sla.models import Clock

RowT = TypeVar("RowT", bound=Model)
REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Observation:
    """What became of what: for the fit that proves docs/demo.md."""

    drivers: Drivers
    happened: bool


@dataclass
class Rows:
    """Rows by model, in the order in which they came about."""

    by_model: dict[type[Model], list[Model]] = field(default_factory=dict)
    acceptances: list[Observation] = field(default_factory=list)
    wins: list[Observation] = field(default_factory=list)

    def add(self, row: RowT) -> RowT:
        self.by_model.setdefault(type(row), []).append(row)
        return row

    def of(self, model: type[RowT]) -> list[RowT]:
        return self.by_model.get(model, [])  # type: ignore[return-value]


@dataclass(eq=False)
class Case:
    """A lead with all that is known of it, and its open handoff and assignment if there are any.

    clocks:      those that run; `started` are all that ever did.
    had:         the reps who had the open handoff, by id.
    asked_at:    when the prospect first asked in the open handoff.
    touches:     how many a person logged in it.
    before_sale: the stage that accepting moved it out of.
    answers:     what each rep answered last, by id, the newest last.
    closed_as:   how the last handoff that is closed ended.
    """

    person: Person
    lead: Lead
    rows: Rows
    facts: dict[str, object] = field(default_factory=dict)
    activities: list[ActivityRecord] = field(default_factory=list)
    handoff: Handoff | None = None
    assignment: Assignment | None = None
    clocks: list[Clock] = field(default_factory=list)
    started: list[Clock] = field(default_factory=list)
    had: list[int] = field(default_factory=list)
    asked_at: datetime | None = None
    closed_at: datetime | None = None
    touches: int = 0
    before_sale: str = ""
    answers: dict[int, str] = field(default_factory=dict)
    closed_as: str = ""

    def evidence(self, at: datetime) -> Evidence:
        return Evidence(self.facts, series_of(self.activities, at), at)

    def next_seq(self, kind: str) -> int:
        """Return the number that the open handoff's next clock of this kind gets."""
        same = [each for each in self.started if each.handoff is self.handoff]
        return sum(each.kind == kind for each in same) + 1

    @property
    def returns_to(self) -> int | None:
        """Who accepted the lead last, by id, if it was sent to rest since."""
        if self.closed_as != Handoff.ClosedAs.RECYCLED:
            return None
        accepted = Assignment.Answer.ACCEPTED
        return next((rep for rep, said in reversed(self.answers.items()) if said == accepted), None)

    @property
    def current(self) -> tuple[Handoff, Assignment]:
        """The handoff and the assignment of a lead that is with a rep."""
        assert self.handoff is not None and self.assignment is not None
        return self.handoff, self.assignment


def enter(case: Case, at: datetime) -> None:
    """Put the first owner and the first stage of a new lead on record."""
    lead, reason = case.lead, f"Came in by {case.lead.source}"
    intake = OwnershipChange.Source.INTAKE
    case.rows.add(
        OwnershipChange(lead=lead, seq=1, to_queue=lead.queue, source=intake, reason=reason, at=at)
    )
    case.rows.add(StageTransition(lead=lead, seq=1, to_stage_id=Stage.Key.ML, at=at, reason=reason))


def own(
    case: Case, to: User | Queue, *, source: str, reason: str, at: datetime, by: User | None = None
) -> None:
    """Make `to` answer for the lead and its open handoff."""
    lead = case.lead
    owner, queue = (to, None) if isinstance(to, User) else (None, to)
    lead.owner_seq += 1
    change = OwnershipChange(lead=lead, seq=lead.owner_seq, to_owner=owner, to_queue=queue, at=at)
    change.from_owner, change.from_queue = lead.owner, lead.queue
    change.source, change.reason, change.by = source, reason[:REASON_LENGTH], by
    case.rows.add(change)
    lead.owner, lead.queue = owner, queue
    if case.handoff is not None:
        case.handoff.owner, case.handoff.queue = owner, queue


def move(
    case: Case,
    to: str,
    *,
    at: datetime,
    reason: str,
    handoff: Handoff | None = None,
    by: User | None = None,
) -> None:
    """Move the lead to another stage; nothing if it is there."""
    lead = case.lead
    if lead.stage_id == to:
        return
    lead.stage_seq += 1
    case.rows.add(
        StageTransition(
            lead=lead,
            seq=lead.stage_seq,
            from_stage_id=lead.stage_id,
            to_stage_id=to,
            at=at,
            by=by,
            reason=reason[:REASON_LENGTH],
            handoff=handoff,
        )
    )
    lead.stage_id, lead.stage_since = to, at


def learn(
    case: Case,
    facts: dict[str, object],
    *,
    known_from: datetime,
    submission: Submission | None = None,
    by: User | None = None,
) -> None:
    """Keep what is now known of the lead, if it is more than before."""
    if facts == case.facts:
        return
    case.facts = facts
    case.rows.add(
        FactSnapshot(
            lead=case.lead, known_from=known_from, facts=facts, submission=submission, by=by
        )
    )


def note_activity(
    case: Case,
    kind: str,
    properties: dict[str, object],
    *,
    occurred_at: datetime,
    submission: Submission,
    external_id: str = "",
) -> None:
    case.activities.append(ActivityRecord(kind, properties, occurred_at))
    case.rows.add(
        Activity(
            lead=case.lead,
            account=case.lead.account,
            kind=kind,
            properties=properties,
            occurred_at=occurred_at,
            source=submission.source,
            submission=submission,
            external_id=external_id,
        )
    )


def keep_score(
    case: Case, score: Score, version: Version, *, at: datetime, handoff: Handoff | None = None
) -> None:
    """Keep a score with everything it was made of."""
    case.rows.add(
        ScoreSnapshot(
            lead=case.lead,
            version=version,
            at=at,
            fit=score.fit,
            readiness=score.readiness,
            band=score.band,
            breakdown=score.to_json(),
            handoff=handoff,
        )
    )
