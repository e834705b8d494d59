"""The outbox: a message is a row first, written with what it tells of and sent afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from leads.models import Handoff, Lead, Organisation, Role, User
from sla import sending
from sla.mail import mail_for, mail_of_list
from sla.messages import GivenUp, given_up_words, one_line
from sla.models import InstantAnswer, Notification
from sla.recipients import Presence
from sla.releasing import has_address, release
from sla.staleness import is_still_true

Channel = Notification.Channel
State = Notification.State
# What only somebody can set going again.
STUCK = (State.PARKED, State.NOWHERE)


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is to be told. `key` says what about, so that it is written once."""

    recipient: User
    kind: str
    key: str
    subject: str
    body: str = ""
    handoff: Handoff | None = None
    lead: Lead | None = None
    is_urgent: bool = False


def notify(
    recipient: User,
    kind: str,
    *,
    key: str,
    subject: str,
    body: str = "",
    handoff: Handoff | None = None,
    lead: Lead | None = None,
    at: datetime,
) -> None:
    """Tell `recipient`, or whoever answers for somebody who is away: in the app, and by e-mail if
    they want it. A second call with the same key writes nothing.
    """
    message = Message(recipient, kind, key, subject, body, handoff, lead)
    write([message], at=at)


def write(messages: Iterable[Message], *, at: datetime) -> None:
    """Write `messages` to the outbox. What is only for the app needs no sending: it is there."""
    presence = Presence(at)
    rows: list[Notification] = []
    for message in messages:
        for recipient in presence.who_hears_for(message.recipient):
            rows += _rows(message, recipient, at)
    if later := [row for row in rows if _is_told_in_the_app_first(row)]:
        wait = unseen_for()
        for row in later:
            row.send_after += wait
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(now: sending.Now) -> int:
    """Send the messages that are due, as `sending.send_due` does. Returns how many went."""
    at = now()
    if not Notification.objects.to_send(at).exists():
        return 0
    with transaction.atomic():
        _tell_of_nowhere(release(at), at)
    released = Notification.objects.filter(channel=Channel.EMAIL, released_at__isnull=False)
    rows = released.select_related("recipient", "handoff__lead")
    return sending.send_due(rows, _send, now=now, given_up=tell_of_given_up)


def tell_of_given_up(at: datetime) -> None:
    """Tell admins, once a day, how many e-mails were given up and to whom. What they have not read
    or got by then tells of later ones of that day too.
    """
    kind, key = Notification.Kind.GIVEN_UP, f"given-up:{at:%Y-%m-%d}"
    subject, body = given_up_words(_given_up(at))
    admins = User.objects.with_role(Role.ADMIN)
    write([Message(admin, kind, key, subject, body) for admin in admins], at=at)
    unread = Notification.objects.filter(Q(channel=Channel.APP) | Q(state=State.WAITING), key=key)
    unread.filter(seen_at=None).update(subject=subject, body=body)


def _given_up(at: datetime) -> list[GivenUp]:
    """Return what was given up on the day of `at`, by receiver, the most first; all prospects as
    one. What is given up keeps the end of its last lease.
    """
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    that_day = {"state": State.PARKED, "send_after__gte": midnight}
    of_people = Notification.objects.filter(**that_day).values_list("recipient__name")
    told = of_people.annotate(n=Count("pk"), said=Max("error")).order_by("-n", "recipient__name")
    answers = InstantAnswer.objects.filter(**that_day)
    parked = answers.aggregate(n=Count("pk"), said=Max("error"))
    of_prospects = [GivenUp("prospects", parked["n"], parked["said"])] if parked["n"] else []
    return [*of_prospects, *(GivenUp(*row) for row in told)]


def _tell_of_nowhere(nowhere: Iterable[User], at: datetime) -> None:
    """Tell admins, once a day, whose mails have nowhere to go."""
    people = list(nowhere)
    if not people:
        return
    about = [(admin, person) for admin in User.objects.with_role(Role.ADMIN) for person in people]
    write([_no_address(admin, person, at) for admin, person in about], at=at)


def _no_address(admin: User, person: User, at: datetime) -> Message:
    return Message(
        recipient=admin,
        kind=Notification.Kind.NO_ADDRESS,
        key=f"no-address:{person.pk}:{at:%Y-%m-%d}",
        subject=f"{person} can’t be mailed: no address is on record",
        body="Give them one under Set-up, People, then send again what waits under Deliveries.",
    )


def _rows(message: Message, recipient: User, at: datetime) -> list[Notification]:
    if recipient.notify_by == User.Notify.APP:
        return [_row(message, recipient, Channel.APP, at)]
    return [_row(message, recipient, channel, at) for channel in (Channel.APP, Channel.EMAIL)]


def _is_told_in_the_app_first(row: Notification) -> bool:
    return row.channel == Channel.EMAIL and row.recipient.notify_by == User.Notify.APP_FIRST


def unseen_for() -> timedelta:
    """Return how long a message may be unseen in the app before it is mailed."""
    return timedelta(minutes=Organisation.objects.get().unseen_minutes)


def _row(message: Message, recipient: User, channel: str, at: datetime) -> Notification:
    is_there = channel == Channel.APP
    return Notification(
        recipient=recipient,
        channel=channel,
        kind=message.kind,
        key=message.key,
        subject=one_line(message.subject)[:200],
        body=message.body,
        handoff=message.handoff,
        lead=message.lead,
        is_urgent=message.is_urgent,
        created_at=at,
        send_after=at,
        state=State.SENT if is_there else State.WAITING,
        sent_at=at if is_there else None,
    )


def _send(notification: Notification, connection: BaseEmailBackend, now: sending.Now) -> bool:
    """Send one claimed message, unless it is no longer true or has nowhere to go any more. Returns
    whether it went out.
    """
    waiting = Notification.objects.filter(pk=notification.pk, state=State.WAITING)
    if not is_still_true(notification, now()):
        waiting.update(state=State.DROPPED)
        return False
    if not has_address(notification.recipient):
        with transaction.atomic():
            waiting.update(state=State.NOWHERE)
            _tell_of_nowhere([notification.recipient], now())
        return False
    if notification.kind == Notification.Kind.LIST:
        return _send_list(notification, connection, now)
    sending.post(mail_for(notification), connection)
    _keep(waiting, now())
    return True


def _send_list(notification: Notification, connection: BaseEmailBackend, now: sending.Now) -> bool:
    """Send one e-mail about all that it lists and is still true. Returns whether it went out."""
    waiting = Notification.objects.filter(pk=notification.pk, state=State.WAITING)
    listed = notification.listed.filter(state=State.LISTED).order_by("created_at", "pk")
    parts = list(listed.select_related("recipient", "handoff__lead"))
    true = [part for part in parts if is_still_true(part, now())]
    Notification.objects.filter(pk__in=[part.pk for part in parts if part not in true]).update(
        state=State.DROPPED
    )
    if not true:
        waiting.update(state=State.DROPPED)
        return False
    mail = mail_of_list(notification, true)
    sending.post(mail, connection)
    waiting.update(subject=mail.subject[:200])
    sent = [notification.pk, *(part.pk for part in true)]
    _keep(Notification.objects.filter(pk__in=sent), now())
    return True


def _keep(sent: QuerySet[Notification], at: datetime) -> None:
    """Put on record that the server took these at `at`."""
    sent.update(state=State.SENT, sent_at=at, delivered_at=at, error="")


def send_again(notifications: QuerySet[Notification], *, at: datetime) -> int:
    """Have those of `notifications` sent from the start that were given up or had nowhere to go.
    Returns how many; what was tried stays on record.
    """
    stuck = notifications.filter(state__in=STUCK)
    return stuck.update(state=State.WAITING, send_after=at, attempts=0, released_at=None)
