"""The instant answer: one mail to the prospect of each handoff who asked for a person, as soon as
they did. It is automated: it has a clock of its own and stops nobody else's.

It is written with the handoff, by `answer_at_once`, and sent afterwards as all mail is
(`sla/answer_sending.py`).
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from leads.criteria import criteria_of
from leads.documents import live_version
from leads.fact_history import facts_of
from leads.lead_zones import zone_of_lead
from leads.models import Activity, Document, Handoff, IntakeSource, Lead, Submission, Touch
from sla import clocks
from sla.answer_mails import rep_of
from sla.answer_template import template
from sla.answer_times import expected_answer
from sla.models import InstantAnswer
from sla.models.clocks import INSTANT_ANSWER

State = InstantAnswer.State
NOT_SENT = (State.DROPPED, State.PARKED)
# What was asked longer ago, and is told only now, is not answered as if it had just been asked.
JUST_NOW = timedelta(hours=1)
# One that waits for longer, for a mail server or a stopped sender, comes too late to be any news.
LONGEST_WAIT = timedelta(days=1)
# Who comes in by an import, or was added by hand, asked nobody for anything just now.
ANSWERED_DOORS = [Submission.Door.FORM, Submission.Door.API]


def answer_at_once(handoff: Handoff, *, asked_at: datetime, at: datetime) -> InstantAnswer | None:
    """Write the answer to the prospect of `handoff`, who asked for a person at `asked_at`, to be
    sent after commit, and start its clock.

    None if none is to be sent: it is switched off, or for their source; one was written before;
    they asked long ago, or in a list that was imported; they can't or won't be written to.
    """
    wanted = template()
    if not wanted.is_on or asked_at < at - JUST_NOW:
        return None
    source = source_of(handoff.lead, asked_at)
    if source is None or source not in wanted.sources.all():
        return None
    answer = _write(handoff, source, asked_at=asked_at, at=at)
    if answer is not None:
        clocks.start_instant_clock(handoff, asked_at=asked_at, allowed=wanted.within, at=at)
    return answer


@transaction.atomic
def answer_late(handoff: Handoff, *, at: datetime) -> str:
    """Write to the prospect of `handoff`, who asked for a person and has heard from nobody, as a
    step of a ladder says: of any source, and without a clock, since the ladder is one. An answer
    that was dropped or given up is sent anew.

    Returns "" if they are written to, else why not, as a sentence.
    """
    asked_at = _asked_at(handoff, at)
    source = source_of(handoff.lead, asked_at) if asked_at else None
    if asked_at is None or source is None:
        return "They did not ask by a form or system."
    asked = InstantAnswer(handoff=handoff, source=source, asked_at=asked_at, is_by_ladder=True)
    if reason := why_not(asked, at):
        return reason
    answer = _write(handoff, source, asked_at=asked_at, at=at, is_by_ladder=True)
    return "" if answer else "Their one mail was written before."


def _asked_at(handoff: Handoff, at: datetime) -> datetime | None:
    """Return when the prospect of `handoff` asked for a person last; None: they never did."""
    latest = handoff.lead.last_hand_raise_at
    if latest is None or latest < handoff.opened_at:
        return handoff.hand_raised_at
    criteria = criteria_of(live_version(Document.Kind.CRITERIA, at))
    kinds = [rule.kind for rule in criteria.hand_raises]  # depth is kept as a hand-raise too
    done = Activity.objects.filter(lead=handoff.lead_id, occurred_at=latest, kind__in=kinds)
    return latest if done.exists() else handoff.hand_raised_at


def _write(
    handoff: Handoff,
    source: IntakeSource,
    *,
    asked_at: datetime,
    at: datetime,
    is_by_ladder: bool = False,
) -> InstantAnswer | None:
    """Write the one answer of `handoff`; by a ladder also anew, if the earlier one did not go out.
    None if there is one, also in a handoff that this one goes on from, or nobody may be written to.
    """
    of_request = InstantAnswer.objects.filter(handoff__lead=handoff.lead_id, asked_at=asked_at)
    earlier = of_request.exclude(handoff=handoff).exclude(state__in=NOT_SENT)
    if earlier.exists() or not may_be_written_to(handoff.lead, at):
        return None
    told = {
        "source": source,
        "asked_at": asked_at,
        "is_by_ladder": is_by_ladder,
        "send_after": at,
        **expected_fields(source, handoff, at),
    }
    defaults = {**told, "created_at": at}
    answer, is_new = InstantAnswer.objects.get_or_create(handoff=handoff, defaults=defaults)
    if is_new:
        return answer
    failed = InstantAnswer.objects.filter(pk=answer.pk, state__in=NOT_SENT)
    anew = {**defaults, "state": State.WAITING, "attempts": 0, "error": ""}
    return answer if is_by_ladder and failed.update(**anew) else None


def expected_fields(source: IntakeSource, handoff: Handoff, at: datetime) -> dict[str, Any]:
    """Return the fields of when the prospect of `handoff` hears from a person, counted from `at` by
    whoever has it, in the prospect's own zone where that is known.
    """
    zone = zone_of_lead(handoff.lead, at)
    expected = expected_answer(source, at, rep=rep_of(handoff), zone=zone)
    if expected is None:
        return {"expected_by": None, "expected_text": ""}
    return {"expected_by": expected.by, "expected_text": expected.text}


def source_of(lead: Lead, asked_at: datetime) -> IntakeSource | None:
    """Return by which source `lead` asked at `asked_at`; None if not by a form or system."""
    asked = Activity.objects.filter(
        lead=lead, occurred_at=asked_at, submission__door__in=ANSWERED_DOORS
    )
    latest = asked.select_related("source").order_by("pk").last()
    return latest.source if latest else None


def go_on(ended: Handoff, handoff: Handoff, *, at: datetime) -> None:
    """Let the answer that waits in a handoff that ended go out in the one that goes on, unless that
    has one of its own.
    """
    waiting = InstantAnswer.objects.filter(handoff=ended, state=State.WAITING)
    is_free = not InstantAnswer.objects.filter(handoff=handoff).exists()
    if is_free and waiting.update(handoff=handoff):
        clocks.carry_over(ended, handoff, kind=INSTANT_ANSWER, at=at)


def may_be_written_to(lead: Lead, at: datetime) -> bool:
    """Whether `lead` has an address and has not refused to be contacted."""
    is_reached = has_mail_address(lead.email)
    return is_reached and facts_of(lead, at).get("person.consent") is not False


def has_mail_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return True


def why_not(answer: InstantAnswer, at: datetime) -> str:
    """Return why `answer`, which waits, is not to be sent any more; "" if it is."""
    handoff, wanted = answer.handoff, template()
    human = Touch.objects.filter(lead=handoff.lead_id, is_automated=False)
    reasons = (
        (not wanted.is_on, "The instant answer is switched off."),
        (
            not answer.is_by_ladder and not wanted.sources.filter(pk=answer.source_id).exists(),
            "Switched off for its source.",
        ),
        (not handoff.is_open, "The handoff is closed."),
        (handoff.lead.merged_into_id is not None, "The lead was merged into another."),
        (human.filter(occurred_at__gte=answer.asked_at).exists(), "A person was faster."),
        (not may_be_written_to(handoff.lead, at), "No address, or no wish to be contacted."),
        (
            answer.created_at is not None and answer.created_at < at - LONGEST_WAIT,
            "It had waited for more than a day.",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")
