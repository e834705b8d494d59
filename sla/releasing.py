"""When e-mails go: not in their receiver's quiet hours, only so many an hour, and several at
at once as one that lists them.

It is asked when they are sent, not when they are written: what came true meanwhile is then known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from leads.models import Organisation, User
from sla.calendars import hours_on_record, office_schedule
from sla.errors import SlaError
from sla.models import Notification
from sla.sending import LEASE

State = Notification.State
BATCH = 200
AN_HOUR = timedelta(hours=1)
# So many messages at once are told one by one.
MOST_ALONE = 3


@transaction.atomic
def release(at: datetime) -> list[User]:
    """Let e-mails go that are due by `at`: those of one person that are more than three, or more
    than their hour has room for, as one; or put them off till quiet hours end or there is room.

    Those that a sender died with, or did not come to for long, are asked about anew, as any that
    are tried again.
    What was seen in the app meanwhile is dropped for those who asked for it there first. Any number
    may run at once: what another one holds is left to it. Returns whose e-mails have nowhere to go.
    """
    left_behind = Notification.objects.left_behind(at, since=at - LEASE)
    left_behind.update(**Notification.on_retry)
    due = Notification.objects.to_release(at).select_related("recipient")
    held = list(due.select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
    people = {each.recipient_id: each.recipient for each in held}
    if not people:
        return []
    nowhere = [person for person in people.values() if not has_address(person)]
    _ids([each for each in held if each.recipient in nowhere]).update(state=State.NOWHERE)
    seen = _seen(held)
    _ids(seen).update(state=State.DROPPED, error="Seen in Handoff")
    held = [each for each in held if each.recipient not in nowhere and each not in seen]
    _let_go_in_time(held, people, at)
    return nowhere


def _let_go_in_time(held: Sequence[Notification], people: Mapping[int, User], at: datetime) -> None:
    """Let go what its receiver's hours, for what is urgent any, and the room of their hour allow;
    put off what is left.
    """
    quiet, room = _quiet_until(people.values(), at), _Room(people, at)
    due: defaultdict[int, list[Notification]] = defaultdict(list)
    quieted: defaultdict[int, list[Notification]] = defaultdict(list)
    for each in held:
        waits = each.recipient_id in quiet and not each.is_urgent
        (quieted if waits else due)[each.recipient_id].append(each)
    for person_id, messages in quieted.items():
        _ids(messages).update(send_after=quiet[person_id])
    for person_id, messages in due.items():
        if until := room.comes_at(person_id):
            _ids(messages).update(send_after=until)
        else:
            _release_some(messages, room.left(person_id), at)


def _release_some(messages: Sequence[Notification], room: int, at: datetime) -> None:
    """Let e-mails of one person go, as one that lists them if they are many or more than there is
    room for. Lists that did not go before are no part of another one: they go first.
    """
    if lists := [each for each in messages if each.kind == Notification.Kind.LIST]:
        _let_go(lists[:room], at)
    elif len(messages) > min(MOST_ALONE, room):
        _gather(messages, at)
    else:
        _let_go(messages, at)


def has_address(person: User) -> bool:
    return "@" in person.email


class _Room:
    """How many e-mails people may still get within the hour that ends at `at`."""

    def __init__(self, people: Collection[int], at: datetime) -> None:
        self.most = Organisation.objects.get().mails_an_hour
        went = Notification.objects.filter(
            recipient__in=people, released_at__gt=at - AN_HOUR, listed_in=None
        ).exclude(state=State.DROPPED)
        had = went.order_by().values("recipient").annotate(n=Count("pk"), first=Min("released_at"))
        self.had: dict[int, tuple[int, datetime | None]] = {
            each["recipient"]: (each["n"], each["first"]) for each in had
        }

    def left(self, person_id: int) -> int:
        return self.most - self.had.get(person_id, (0, None))[0]

    def comes_at(self, person_id: int) -> datetime | None:
        """Return when the first one is an hour old; None: there is room now."""
        _, first = self.had.get(person_id, (0, None))
        return first + AN_HOUR if first and self.left(person_id) <= 0 else None


def _seen(messages: Sequence[Notification]) -> list[Notification]:
    """Return those that their receivers, who want to be told there first, have seen in the app."""
    asked = [each for each in messages if each.recipient.notify_by == User.Notify.APP_FIRST]
    if not asked:
        return []
    there = Notification.objects.filter(
        channel=Notification.Channel.APP,
        seen_at__isnull=False,
        recipient__in={each.recipient_id for each in asked},
        key__in={each.key for each in asked},
    )
    seen = set(there.values_list("recipient", "key"))
    return [each for each in asked if (each.recipient_id, each.key) in seen]


def _quiet_until(people: Collection[User], at: datetime) -> dict[int, datetime]:
    """Return when those begin to work who want no e-mails before, by id."""
    asked = [person.pk for person in people if person.is_quiet_off_hours]
    hours = hours_on_record(asked, at)
    opens = {}
    for person_id in asked:
        try:
            schedule = hours.get(person_id) or office_schedule(at)
            if not schedule.is_open(at):
                opens[person_id] = schedule.next_open(at)
        except SlaError:
            continue  # nobody knows when they work, or they never do again
    return opens


def _gather(messages: Sequence[Notification], at: datetime) -> None:
    """Write the one e-mail that lists `messages`; they go with it."""
    first = messages[0]
    gathered = Notification.objects.create(
        recipient=first.recipient,
        channel=first.channel,
        kind=Notification.Kind.LIST,
        key=f"list:{first.pk}",
        subject=f"{len(messages)} messages",
        is_urgent=any(each.is_urgent for each in messages),
        created_at=at,
        send_after=at,
        released_at=at,
    )
    _ids(messages).update(state=State.LISTED, listed_in=gathered, released_at=at)


def _let_go(messages: Sequence[Notification], at: datetime) -> None:
    _ids(messages).update(released_at=at)


def _ids(messages: Sequence[Notification]) -> QuerySet[Notification]:
    return Notification.objects.filter(pk__in=[message.pk for message in messages])
