"""A notification as an e-mail, in text and HTML."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from leads.countdown import instant_text
from sla.messages import headline, one_line, path_to
from sla.models import Clock, Notification


def mail_for(notification: Notification) -> EmailMultiAlternatives:
    """Return the e-mail for a notification, as things stand now.

    Every attempt carries the same Message-ID, so that a repeated one can be told.
    """
    context = {
        "notification": notification,
        "handoff": notification.handoff,
        "headline": headline(notification.handoff) if notification.handoff else "",
        "deadline": deadline(notification),
        "link": settings.BASE_URL + path_to(notification),
    }
    return _mail(notification, notification.subject, "message", context)


def mail_of_list(
    notification: Notification, parts: Sequence[Notification]
) -> EmailMultiAlternatives:
    """Return the e-mail that tells of all `parts` at once, each with where to act on it. Of several
    that were listed, one alone may still be true.
    """
    kinds = Counter(part.get_kind_display().lower() for part in parts)
    told = ", ".join(f"{number} × {kind}" for kind, number in kinds.items())
    subject = f"{len(parts)} messages: {told}" if len(parts) > 1 else parts[0].subject
    lines = [(part.subject, part.body, settings.BASE_URL + path_to(part)) for part in parts]
    context = {"subject": subject, "lines": lines, "link": f"{settings.BASE_URL}/notifications/"}
    return _mail(notification, subject, "list", context)


def _mail(
    notification: Notification, subject: str, template: str, context: dict[str, Any]
) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=one_line(subject),
        body=render_to_string(f"sla/mail/{template}.txt", context),
        to=[notification.recipient.email],
        headers={"Message-ID": message_id(notification.pk), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"sla/mail/{template}.html", context), "text/html")
    return mail


def message_id(notification_id: int) -> str:
    host = urlsplit(settings.BASE_URL).hostname
    return f"<notification-{notification_id}@{host}>"


def deadline(notification: Notification) -> str:
    """Return what is due next about the lead, in the recipient's zone; "" if nothing is."""
    clock = next_due(notification)
    if clock is None:
        return ""
    zone = notification.recipient.zone
    return f"{clock.get_kind_display()} by {instant_text(clock.due_at, zone)}"


def next_due(notification: Notification) -> Clock | None:
    running = Clock.objects.running().of_people().filter(handoff=notification.handoff_id)
    return running.order_by("due_at").first()
