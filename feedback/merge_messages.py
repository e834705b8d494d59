"""Who is told of a merge: whoever has the lead, whoever had one of the two, and managers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from feedback.merge_pairs import Pair
from leads.correcting import may_correct
from leads.models import Handoff, Touch, User
from sla import outbox
from sla.messages import who
from sla.models import Notification
from sla.outbox import Message

Kind = Notification.Kind


def tell(
    pair: Pair,
    ended: Handoff | None,
    had_them: Sequence[User | None],
    *,
    by: User,
    at: datetime,
) -> None:
    """Tell of a merge that is done. ended: the handoff that it ended; had_them: who had the two."""
    messages = [*_of_the_merge(pair, had_them, by)]
    if ended and not pair.goes_on:
        messages += _asked_again(pair, ended)
    outbox.write(messages, at=at)


def _of_the_merge(pair: Pair, had_them: Sequence[User | None], by: User) -> Iterator[Message]:
    """Tell whoever has the lead now, with what is due, whoever had one of the two, and a rep's
    manager, unless they did it.
    """
    of_rep = None if may_correct(by) else _manager(by)
    for person in dict.fromkeys((pair.keep.owner, *had_them, of_rep)):
        if person is not None and person != by:
            yield Message(
                person,
                Kind.MERGED,
                key=f"merged:{pair.gone.pk}",
                subject=f"Two leads are one person: {who(pair.keep)}",
                body=f"{by} merged them. {pair.keep.responsible} has the lead.",
                handoff=pair.goes_on if person == pair.keep.owner else None,
                lead=pair.keep,
            )


def _asked_again(pair: Pair, ended: Handoff) -> Iterator[Message]:
    """Tell whoever has a lead in sales, and their manager, that it asked for a person by the other
    one, which nobody has answered and nothing promises any more: whoever merged them.
    """
    asked_at, owner = _asked_at(ended), pair.keep.owner
    if asked_at is None or owner is None or _answered_since(pair, asked_at):
        return
    for person, kind in ((owner, Kind.HAND_RAISE), (_manager(owner), Kind.MERGED)):
        if person is not None:
            yield Message(
                person,
                kind,
                key=f"hand_raise:lead:{pair.keep.pk}:{asked_at.isoformat()}",
                subject=f"{ended.reason}: {who(pair.keep)}",
                body=f"They are {owner}’s already, and asked for a person as another lead,"
                " whose handoff ended as merged. Answer now.",
                handoff=ended,
                lead=pair.keep,
            )


def _asked_at(handoff: Handoff) -> datetime | None:
    """Return when the prospect asked for a person last in `handoff`; None if it was not that."""
    last = handoff.lead.last_hand_raise_at
    return last if last and last >= handoff.opened_at else handoff.hand_raised_at


def _answered_since(pair: Pair, asked_at: datetime) -> bool:
    of_either = Touch.objects.filter(lead__in=[pair.keep, pair.gone], is_automated=False)
    return of_either.filter(occurred_at__gte=asked_at).exists()


def _manager(rep: User) -> User | None:
    return rep.team.manager if rep.team else None
