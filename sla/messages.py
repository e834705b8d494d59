"""The words of messages about a lead, and where they lead to."""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from leads.models import Handoff, Lead
from sla.models import ClockEvent, Notification

REVIEW = Handoff.State.REVIEW
# So many receivers of what was given up are named.
MOST_NAMED = 5


class GivenUp(NamedTuple):
    """How many e-mails to somebody were given up, and what was answered to one of them."""

    receiver: str
    number: int
    said: str


def one_line(text: str) -> str:
    """Return `text` without line breaks and other control characters: fit for a mail header."""
    visible = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in text)
    return " ".join(visible.split())


def who(lead: Lead) -> str:
    """Return the lead with its company: "Clara Nyström, Lumora Pay"."""
    return one_line(", ".join(filter(None, [str(lead), lead.company])))


def headline(handoff: Handoff) -> str:
    """Return the lead, its company and the band it was handed over with."""
    band = f" ({handoff.band})" if handoff.band else ""
    return who(handoff.lead) + band


def event_subject(event: ClockEvent) -> str:
    clock = event.clock
    if event.kind in (ClockEvent.Kind.BREACHED, ClockEvent.Kind.ESCALATED):
        return f"{event.get_kind_display()}: {clock.what}, {headline(clock.handoff)}"
    return f"{clock.get_kind_display()} is due soon: {headline(clock.handoff)}"


def given_up_words(found: Sequence[GivenUp]) -> tuple[str, str]:
    """Return subject and text of what is told of e-mails that were given up."""
    number = sum(each.number for each in found)
    named = [f"{each.number} to {each.receiver} ({each.said[:100]})" for each in found[:MOST_NAMED]]
    if more := sum(each.number for each in found[MOST_NAMED:]):
        named.append(f"{more} to others")
    subject = f"{number} e-mails were given up" if number > 1 else "An e-mail was given up"
    again = "Once the mail server takes them, send them again under Deliveries and Instant answers."
    return subject, f"{'; '.join(named)}. {again}"


def path_to(notification: Notification) -> str:
    """Return the path of the page on which the recipient can act; upper floors serve most."""
    handoff = notification.handoff
    if notification.kind == Notification.Kind.NO_ADDRESS:
        return "/sla/deliveries/?state=nowhere&period=all"
    if notification.kind == Notification.Kind.GIVEN_UP:
        return "/status/"
    if handoff is None:
        return f"/leads/{notification.lead_id}/" if notification.lead_id else "/notifications/"
    is_for_review = notification.kind == Notification.Kind.REVIEW or handoff.state == REVIEW
    if is_for_review and notification.recipient.sees_queues:
        return "/review/"
    if handoff.owner_id == notification.recipient_id and handoff.is_open:
        return f"/queue/{handoff.pk}/"
    return f"/leads/{handoff.lead_id}/"
