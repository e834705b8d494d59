"""A notification as an e-mail, in text and HTML."""

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
    recipient = notification.recipient
    context = {
        "notification": notification,
        "handoff": notification.handoff,
        "headline": headline(notification.handoff) if notification.handoff else "",
        "deadline": deadline(notification),
        "link": settings.BASE_URL + path_to(notification),
    }
    mail = EmailMultiAlternatives(
        subject=one_line(notification.subject),
        body=render_to_string("sla/mail/message.txt", context),
        to=[recipient.email],
        headers={"Message-ID": message_id(notification.pk), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("sla/mail/message.html", context), "text/html")
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
