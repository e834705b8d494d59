"""What people were told of late: in the app at once, by e-mail in their working hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from leads.models import Assignment, User
from revops.demo.promises import Message
from sla.business_time import WorkingTime
from sla.calendars import hours_on_record, office_schedule
from sla.models import Clock, Notification
from sla.releasing import MOST_ALONE
from sla.staleness import clock_key

BATCH = 1000
# How long after they are told of something at work people have seen it.
TILL_SEEN = timedelta(minutes=3)
Kind, State, Channel = Notification.Kind, Notification.State, Notification.Channel


def write_news(messages: Sequence[Message], now: datetime) -> None:
    """Write `messages` as the outbox would have: what came by night was mailed in the morning, if
    it was still true and as a list if it was much, or waits for it.
    """
    hours = _hours_of({each.recipient.pk for each in messages}, now)
    rows: list[Notification] = []
    mails: defaultdict[tuple[int, datetime], list[Notification]] = defaultdict(list)
    for message in messages:
        reads_at = hours[message.recipient.pk].next_open(message.at)
        rows.append(_in_app(message, reads_at, now))
        if message.recipient.notify_by == User.Notify.EMAIL:
            mail = _mail(message, reads_at, now)
            rows.append(mail)
            if mail.sent_at and mail.sent_at > message.at:
                mails[message.recipient.pk, mail.sent_at].append(mail)
    for (_, sent_at), together in mails.items():
        if len(together) > MOST_ALONE:
            _list(together, sent_at)
    Notification.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _hours_of(people: set[int], now: datetime) -> dict[int, WorkingTime]:
    on_record, office = hours_on_record(people, now), office_schedule(now)
    return {person: on_record.get(person) or office for person in people}


def _in_app(message: Message, reads_at: datetime, now: datetime) -> Notification:
    handoff, seen_at = message.handoff, reads_at + TILL_SEEN
    is_news = (handoff.is_open and handoff.accepted_at is None) or seen_at > now
    app = _row(message, Channel.APP)
    app.state, app.sent_at = State.SENT, message.at
    app.seen_at = app.delivered_at = None if is_news else seen_at
    return app


def _mail(message: Message, goes_at: datetime, now: datetime) -> Notification:
    mail = _row(message, Channel.EMAIL)
    mail.send_after = goes_at
    if goes_at > now:
        return mail
    if goes_at > message.at and not _is_true(message, goes_at):
        mail.state = State.DROPPED
        return mail
    mail.state, mail.attempts = State.SENT, 1
    mail.sent_at = mail.delivered_at = mail.released_at = goes_at
    return mail


def _is_true(message: Message, at: datetime) -> bool:
    """Whether what `message` asks for was still to be done at `at`, and no more was said of it."""
    about = message.about
    if isinstance(about, Clock):
        ends = [about.stopped_at, about.breached_at if message.kind == Kind.WARNING else None]
    elif isinstance(about, Assignment):
        ends = [about.answered_at, about.ended_at]
    else:
        return True
    return all(each is None or each > at for each in ends)


def _list(mails: Sequence[Notification], at: datetime) -> None:
    """Write the e-mail that listed all `mails` at `at`."""
    listing = Notification.objects.create(
        recipient=mails[0].recipient,
        channel=Channel.EMAIL,
        kind=Kind.LIST,
        key=f"list:{mails[0].key}",
        subject=f"{len(mails)} messages",
        state=State.SENT,
        attempts=1,
        created_at=at,
        send_after=at,
        released_at=at,
        sent_at=at,
        delivered_at=at,
    )
    for mail in mails:
        mail.listed_in = listing


def _row(message: Message, channel: str) -> Notification:
    return Notification(
        recipient=message.recipient,
        channel=channel,
        kind=message.kind,
        key=_key(message),
        subject=message.subject[:200],
        body=message.body,
        handoff=message.handoff,
        created_at=message.at,
        send_after=message.at,
    )


def _key(message: Message) -> str:
    about = message.about
    if isinstance(about, Clock):
        return clock_key(about, int(message.detail))
    if isinstance(about, Assignment):
        return f"passed:assignment:{about.pk}"
    return f"{message.kind}:{about.pk}:{message.detail}"
