"""Reps held while they are given something: nobody else can give them anything meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from leads.models import Handoff, User
from routing.candidates import TERMS, Candidate, candidates
from routing.errors import Refused
from routing.models import Capacity
from routing.needs import ANYBODY, Needs
from routing.questions import Question

LOCK = f"""
    SELECT {TERMS} FROM routing_capacity capacity
    JOIN leads_user person ON person.id = capacity.rep_id
    WHERE capacity.rep_id = %s FOR NO KEY UPDATE OF capacity, person
"""


def claim(
    rep_id: int,
    handoff: Handoff | None,
    *,
    at: datetime,
    needs: Needs = ANYBODY,
    lead_id: int | None = None,
    seen: Candidate | None = None,
) -> User:
    """Lock a rep until the end of the transaction and return them, checked under the lock: nobody
    else can give them anything meanwhile, so that no cap is exceeded.

    seen: how they were found just before, in this transaction. If neither they nor their capacity
          has changed since, only caps are counted anew.
    Raises Refused, with the lock held: the caller's savepoint gives it back, so that one rep tried
    after another never means two locks.
    """
    versions = lock(rep_id)
    if seen is not None and not seen.is_capped and versions == seen.versions:
        return seen.rep
    (candidate,) = candidates([rep_id], handoff, at=at, needs=needs, lead_id=lead_id)
    if candidate.refusal:
        raise Refused(candidate.skip)
    return candidate.rep


def claim_for(question: Question, seen: Candidate, needs: Needs) -> User:
    """Lock a rep, as they were just seen, for what is asked. Raises Refused as `claim`."""
    lead_id = question.lead.pk if question.lead else None
    return claim(
        seen.rep.pk, question.handoff, at=question.at, needs=needs, lead_id=lead_id, seen=seen
    )


def lock(rep_id: int) -> tuple[str, str]:
    """Lock a rep's capacity, made if there is none yet, and the rep, who may just be leaving.
    Returns the versions of both rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [rep_id])
        found = cursor.fetchone()
        if found is None:
            Capacity.objects.bulk_create([Capacity(rep_id=rep_id)], ignore_conflicts=True)
            cursor.execute(LOCK, [rep_id])
            found = cursor.fetchone()
    return found[0], found[1]
