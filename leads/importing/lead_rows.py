"""Importing leads: each row becomes a submission, kept under its number, and is processed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Exists, F, OuterRef, QuerySet

from leads.importing.mapping import ColumnMap
from leads.importing.reading import Row, TableLayout, rows
from leads.importing.refusals import RefusedRows
from leads.inbox import canonical
from leads.models import IntakeSource, Submission
from leads.submission_fields import FieldsRefused, read_fields

BATCH = 500

Process = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is imported, and how.

    process: works on one pending submission, by its id; a second call does nothing.
    at:      when the import started.
    """

    layout: TableLayout
    columns: ColumnMap
    source: IntakeSource
    process: Process
    at: datetime
    is_historical: bool = False

    @property
    def key_start(self) -> str:
        return f"import:{self.layout.sha256}:"


@dataclass(slots=True)
class ImportSummary:
    """Every row is in exactly one of created, joined, earlier, refused, failed, waiting and blank.

    earlier:   rows that a run before this one took in.
    differing: of these, those with other values now; they stay as they were.
    """

    rows: int = 0
    blank: int = 0
    created: int = 0
    joined: int = 0
    earlier: int = 0
    refused: int = 0
    failed: int = 0
    waiting: int = 0
    differing: int = 0


def import_rows(
    plan: ImportPlan, refused: RefusedRows, *, progress: Callable[[int], object]
) -> ImportSummary:
    """Take in and process every row of a file, batch by batch.

    Started again after it was stopped, it goes on where it was: a row is kept under the file's
    digest and its number, and what is processed is not processed again.
    """
    summary = ImportSummary()
    created_before, summary.earlier = _taken_in(plan)
    for batch in batches(rows(plan.layout), BATCH):
        submissions = list(_submissions(plan, batch, refused))
        Submission.objects.bulk_create(submissions, ignore_conflicts=True)
        summary.rows += len(batch)
        summary.blank += sum(row.is_blank for row in batch)
        progress(len(batch) - len(submissions))
        summary.differing += _process(plan, submissions, progress)
    created, done = _taken_in(plan)
    summary.created = created - created_before
    summary.joined = done - summary.earlier - summary.created
    _count_kept(plan, summary)
    summary.refused = refused.count
    return summary


def batches(each: Iterable[Row], size: int) -> Iterator[list[Row]]:
    iterator = iter(each)
    while batch := list(islice(iterator, size)):
        yield batch


def _submissions(plan: ImportPlan, batch: list[Row], refused: RefusedRows) -> Iterator[Submission]:
    for row in batch:
        if row.is_blank:
            continue
        try:
            yield _submission(plan, row)
        except FieldsRefused as error:
            refused.add(row, str(error))


def _submission(plan: ImportPlan, row: Row) -> Submission:
    if row.fault:
        raise FieldsRefused([("", row.fault)])
    payload, faults = plan.columns.read(row.cells)
    errors = list(faults.values())
    try:
        read_fields(payload, at=plan.at, is_historical=plan.is_historical)
    except FieldsRefused as refused:
        errors += [(field, why) for field, why in refused.errors if field not in faults]
    if errors:
        raise FieldsRefused(errors)
    return Submission(
        source=plan.source,
        door=Submission.Door.IMPORT,
        key=f"{plan.key_start}{row.number}",
        body_sha256=hashlib.sha256(canonical(payload)).hexdigest(),
        payload=payload,
        received_at=plan.at,
        is_historical=plan.is_historical,
        next_attempt_at=plan.at,
    )


def _process(
    plan: ImportPlan, submissions: list[Submission], progress: Callable[[int], object]
) -> int:
    """Process those of a batch that wait. Returns how many had been kept with other values."""
    digests = {submission.key: submission.body_sha256 for submission in submissions}
    kept = Submission.objects.filter(source=plan.source, key__in=digests).order_by("id")
    differing = 0
    for pk, key, digest, state in kept.values_list("pk", "key", "body_sha256", "state"):
        differing += digest != digests[key]
        if state == Submission.State.PENDING:
            plan.process(pk)
        progress(1)
    return differing


def _taken_in(plan: ImportPlan) -> tuple[int, int]:
    """Return how many rows of the file made a lead by now, in any run, and how many are done."""
    done = _kept(plan).filter(state=Submission.State.DONE)
    return _first_of_their_lead(done).count(), done.count()


def _count_kept(plan: ImportPlan, summary: ImportSummary) -> None:
    """Read off the inbox what failed and what waits."""
    summary.failed = _kept(plan).filter(state=Submission.State.FAILED).count()
    summary.waiting = _kept(plan).filter(state=Submission.State.PENDING).count()


def _kept(plan: ImportPlan) -> QuerySet[Submission]:
    return Submission.objects.filter(source=plan.source, key__startswith=plan.key_start)


def _first_of_their_lead(done: QuerySet[Submission]) -> QuerySet[Submission]:
    """Submissions that made their lead: none came before, and it is not older than they are."""
    earlier = Submission.objects.filter(lead=OuterRef("lead"), id__lt=OuterRef("id"))
    return done.filter(~Exists(earlier), lead__recorded_at__gte=F("received_at"))
