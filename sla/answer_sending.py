"""Sending instant answers: each is read again before it goes, and put on record once it went."""

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial

from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q

from leads import handoffs
from leads.models import Handoff, Touch
from leads.retrying import retried
from sla import clocks, sending
from sla.answer_letters import Letter
from sla.answer_mails import letter_for, mail_for, organisation_name
from sla.answer_template import template
from sla.instant_answers import expected_fields, why_not
from sla.models import InstantAnswer
from sla.models.clocks import INSTANT_ANSWER
from sla.outbox import tell_of_given_up

State = InstantAnswer.State


def send_due(now: sending.Now) -> int:
    """Send the answers that are due, as `sending.send_due` does. Returns how many went."""
    waiting = InstantAnswer.objects.select_related("handoff__lead", "handoff__owner", "source")
    send = partial(_send, name=cache(organisation_name))
    return sending.send_due(waiting, send, now=now, given_up=tell_of_given_up)


def send_again(answer: InstantAnswer, at: datetime) -> bool:
    """Try an answer that was given up once more. Returns whether it was."""
    parked = InstantAnswer.objects.filter(pk=answer.pk, state=State.PARKED)
    return bool(parked.update(state=State.WAITING, send_after=at, attempts=0))


def _send(
    answer: InstantAnswer,
    connection: BaseEmailBackend,
    now: sending.Now,
    *,
    name: Callable[[], str],
) -> bool:
    """Send one claimed answer, unless it is no longer wanted. Returns whether it went out.

    name: that of the organisation, asked for once in a run.
    """
    at = now()
    if reason := why_not(answer, at):
        _drop(answer, reason, at)
        return False
    _count_anew(answer, at)
    our_name = name()
    letter = letter_for(template(), answer.handoff, answer.expected_text, our_name=our_name)
    sending.post(mail_for(answer, letter, our_name=our_name), connection)
    # Not for a lock that somebody else holds is it to be sent twice.
    retried(lambda _: _keep(answer, letter, now()), answer.pk)
    return True


def _count_anew(answer: InstantAnswer, at: datetime) -> None:
    """Count the time anew, from `at`, if the lead changed hands since the answer was written, or
    the time that it would tell of has passed.
    """
    since = answer.created_at
    changed = Q(passed_at__gt=since) | Q(ended_at__gt=since)
    has_passed = answer.expected_by is not None and answer.expected_by <= at
    if not has_passed and not answer.handoff.assignments.filter(changed).exists():
        return
    expected = expected_fields(answer.source, answer.handoff, at)
    InstantAnswer.objects.filter(pk=answer.pk).update(**expected)
    for name, value in expected.items():
        setattr(answer, name, value)


@transaction.atomic
def _drop(answer: InstantAnswer, reason: str, at: datetime) -> None:
    handoff = _locked_handoff(answer)
    waiting = InstantAnswer.objects.filter(pk=answer.pk, state=State.WAITING)
    if waiting.update(state=State.DROPPED, error=reason):
        clocks.end(handoff, at=at, kind=INSTANT_ANSWER)


@transaction.atomic
def _keep(answer: InstantAnswer, letter: Letter, at: datetime) -> None:
    """Put on record what went out: in the timeline as automated, and on its own clock."""
    handoff = _locked_handoff(answer)
    waiting = InstantAnswer.objects.filter(pk=answer.pk, state=State.WAITING)
    told = {"subject": letter.subject, "body": letter.text, "sent_at": at, "error": ""}
    if not waiting.update(state=State.SENT, **told):
        return
    when = f": a person gets in touch {answer.expected_text}" if answer.expected_text else ""
    Touch.objects.create(
        lead=handoff.lead,
        handoff=handoff,
        is_automated=True,
        channel=Touch.Channel.EMAIL,
        outcome=Touch.Outcome.SENT,
        occurred_at=at,
        note=f"Instant answer{when}",
    )
    clocks.stop(handoff, [INSTANT_ANSWER], at=at, evidence="Sent")


def _locked_handoff(answer: InstantAnswer) -> Handoff:
    """Lock the lead and the handoff that `answer` is of by now: while it was sent, a merge may have
    let it go on in another one. Returns that, fresh.
    """
    handoff = handoffs.locked(answer.handoff_id)
    answer.refresh_from_db(fields=["handoff"])
    return handoff if answer.handoff_id == handoff.pk else handoffs.locked(answer.handoff_id)
