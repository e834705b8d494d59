"""The instant answer: one mail to the prospect of each handoff who asked for a person, as soon as
they did. It is automated: it has a clock of its own and stops nobody else's.

It is written with the handoff, by `answer_at_once`, and sent afterwards as all mail is.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string

from leads import handoffs
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.errors import LostRace
from leads.fact_history import facts_of
from leads.lead_zones import zone_of_lead
from leads.models import (
    Activity,
    Document,
    Handoff,
    IntakeSource,
    IntakeToken,
    Lead,
    Organisation,
    Submission,
    Touch,
    User,
)
from leads.retrying import retried
from sla import clocks, sending
from sla.answer_letters import Letter, company_of, fill, first_name_of
from sla.answer_times import expected_answer
from sla.messages import one_line
from sla.models import AnswerTemplate, InstantAnswer
from sla.models.clocks import INSTANT_ANSWER
from sla.outbox import tell_of_given_up
from sla.releasing import has_address

State = InstantAnswer.State
NOT_SENT = (State.DROPPED, State.PARKED)
# What was asked longer ago, and is told only now, is not answered as if it had just been asked.
JUST_NOW = timedelta(hours=1)
# One that waits for longer, for a mail server or a stopped sender, comes too late to be any news.
LONGEST_WAIT = timedelta(days=1)
# Who comes in by an import, or was added by hand, asked nobody for anything just now.
ANSWERED_DOORS = [Submission.Door.FORM, Submission.Door.API]


def template() -> AnswerTemplate:
    """Return the template; before anybody has saved one the shipped text, switched off."""
    return AnswerTemplate.objects.first() or AnswerTemplate()


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
        **_expected(source, handoff, at),
    }
    defaults = {**told, "created_at": at}
    answer, is_new = InstantAnswer.objects.get_or_create(handoff=handoff, defaults=defaults)
    if is_new:
        return answer
    failed = InstantAnswer.objects.filter(pk=answer.pk, state__in=NOT_SENT)
    anew = {**defaults, "state": State.WAITING, "attempts": 0, "error": ""}
    return answer if is_by_ladder and failed.update(**anew) else None


def _expected(source: IntakeSource, handoff: Handoff, at: datetime) -> dict[str, Any]:
    """Return the fields of when the prospect of `handoff` hears from a person, counted from `at` by
    whoever has it, in the prospect's own zone where that is known.
    """
    zone = zone_of_lead(handoff.lead, at)
    expected = expected_answer(source, at, rep=_rep_of(handoff), zone=zone)
    if expected is None:
        return {"expected_by": None, "expected_text": ""}
    return {"expected_by": expected.by, "expected_text": expected.text}


def answered_sources() -> QuerySet[IntakeSource]:
    """Return the sources by which somebody can ask and be answered at once: a form or the API."""
    has_token = Exists(IntakeToken.objects.filter(source=OuterRef("pk"), revoked_at=None))
    return IntakeSource.objects.filter(Q(has_form=True) | has_token, is_active=True)


def source_of(lead: Lead, asked_at: datetime) -> IntakeSource | None:
    """Return by which source `lead` asked at `asked_at`; None if not by a form or system."""
    asked = Activity.objects.filter(
        lead=lead, occurred_at=asked_at, submission__door__in=ANSWERED_DOORS
    )
    latest = asked.select_related("source").order_by("pk").last()
    return latest.source if latest else None


@transaction.atomic
def save_template(
    wanted: AnswerTemplate,
    sources: Iterable[IntakeSource],
    *,
    revision: int,
    by: User,
    at: datetime,
) -> None:
    """Keep `wanted` as what prospects are written from now on.

    revision: the one that `by` saw. Raises LostRace if somebody changed it since.
    """
    AnswerTemplate.objects.get_or_create(pk=1)
    fields = ("is_on", "within_minutes", "subject", "body")
    changed = AnswerTemplate.objects.filter(revision=revision).update(
        **{name: getattr(wanted, name) for name in fields},
        revision=revision + 1,
        changed_at=at,
        changed_by=by,
    )
    if not changed:
        raise LostRace("Somebody changed this while you did. Yours is below, not saved.")
    AnswerTemplate.objects.get().sources.set(sources)


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


def send_due(now: sending.Now) -> int:
    """Send the answers that are due, as `sending.send_due` does. Returns how many went."""
    waiting = InstantAnswer.objects.select_related("handoff__lead", "handoff__owner", "source")
    send = partial(_send, name=cache(organisation_name))
    return sending.send_due(waiting, send, now=now, given_up=tell_of_given_up)


def send_again(answer: InstantAnswer, at: datetime) -> bool:
    """Try an answer that was given up once more. Returns whether it was."""
    parked = InstantAnswer.objects.filter(pk=answer.pk, state=State.PARKED)
    return bool(parked.update(state=State.WAITING, send_after=at, attempts=0))


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


def organisation_name() -> str:
    return Organisation.objects.get().name


def letter_for(
    wanted: AnswerTemplate, handoff: Handoff, expected_text: str, *, our_name: str
) -> Letter:
    """Return the mail about `handoff`, as things stand now."""
    values = values_for(handoff, expected_text, our_name=our_name)
    return fill(wanted.subject, wanted.body, values)


def values_for(handoff: Handoff, expected_text: str, *, our_name: str) -> dict[str, str]:
    """Return what each variable says in the mail about `handoff`; "" for nothing."""
    lead, owner = handoff.lead, _rep_of(handoff)
    return {
        "first_name": first_name_of(lead.name),
        "company": company_of(lead.company),
        "request": handoff.reason,
        "expected_time": expected_text,
        "owner_name": owner.name if owner else "",
        "booking_link": booking_link(owner),
        "our_name": our_name,
    }


def _rep_of(handoff: Handoff) -> User | None:
    """Return who has `handoff`, to be named to its prospect: nobody who was let go."""
    owner = handoff.owner
    return owner if owner and owner.is_active else None


def booking_link(owner: User | None) -> str:
    """Return where a meeting with `owner` can be booked; "" for nowhere."""
    url = owner.booking_url if owner else ""
    return url if urlsplit(url).scheme in ("http", "https") else ""


def mail_for(answer: InstantAnswer, letter: Letter, *, our_name: str) -> EmailMultiAlternatives:
    """Return `letter` as a mail in our name, to be answered to the owner. Each attempt has the same
    id.
    """
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    owner = _rep_of(answer.handoff)
    host = urlsplit(settings.BASE_URL).hostname
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=formataddr((one_line(our_name), address)),
        to=[answer.handoff.lead.email],
        reply_to=[owner.email] if owner and has_address(owner) else None,
        headers={
            "Message-ID": f"<instant-answer-{answer.pk}@{host}>",
            "Auto-Submitted": "auto-replied",
        },
    )
    html = render_to_string("sla/mail/instant_answer.html", {"letter": letter})
    mail.attach_alternative(html, "text/html")
    return mail


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
    expected = _expected(answer.source, answer.handoff, at)
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
