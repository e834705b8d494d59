"""The inbox: whatever door something comes in by, it is one committed row before it is anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from leads.errors import LeadsError
from leads.models import IntakeSource, Submission, User
from leads.nudges import nudge

PROCESS_TASK = "revops.tasks.process_submission"


class KeyReused(LeadsError):
    """This idempotency key was used before with another body."""


def receive(
    source: IntakeSource,
    *,
    door: str,
    payload: Mapping[str, object],
    body: bytes,
    key: str = "",
    by: User | None = None,
    at: datetime,
    is_historical: bool = False,
    held_because: str = "",
) -> tuple[Submission, bool]:
    """Keep what was handed in and have it processed soon. Returns it, and whether it is new.

    payload:      checked by `read_fields`, as received.
    body:         what a second use of `key` must repeat to the byte.
    key:          idempotency key, one source's; "" never repeats.
    held_because: hold it for a look, for this reason, until somebody sets it pending.
    A second call with the same key and body gives the first one's row. Raises KeyReused for
    another body.
    """
    submission = Submission(
        source=source,
        door=door,
        key=key,
        body_sha256=hashlib.sha256(body).hexdigest(),
        payload=payload,
        received_at=at,
        by=by,
        is_historical=is_historical,
        state=Submission.State.HELD if held_because else Submission.State.PENDING,
        next_attempt_at=at,
        error=held_because,
    )
    return _keep(submission)


def _keep(submission: Submission) -> tuple[Submission, bool]:
    """Save `submission`; returns it, or the one whose key it repeats, and whether it is new."""
    try:
        with transaction.atomic():
            submission.save(force_insert=True)
            if submission.state == Submission.State.PENDING:
                nudge(PROCESS_TASK, submission.pk)
    except IntegrityError:
        of_source = Submission.objects.filter(source=submission.source, key=submission.key)
        earlier = of_source.exclude(key="").first()
        if earlier is None:
            raise
        return same_again(earlier, submission), False
    return submission, True


def same_again(earlier: Submission, submission: Submission) -> Submission:
    """Return `earlier`, whose key `submission` repeats. Raises KeyReused if its body differs."""
    if earlier.body_sha256 != submission.body_sha256:
        raise KeyReused("This idempotency key was used before with another body.")
    return earlier


def canonical(payload: Mapping[str, object]) -> bytes:
    """Return the bytes that stand for a payload that came without a body of its own."""
    return json.dumps(payload, sort_keys=True, ensure_ascii=False).encode()
