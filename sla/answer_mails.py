"""The mail of an instant answer: the template, filled with what is known of a handoff by now."""

from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from leads.models import Handoff, Organisation, User
from sla.answer_letters import Letter, company_of, fill, first_name_of
from sla.messages import one_line
from sla.models import AnswerTemplate, InstantAnswer
from sla.releasing import has_address


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
    lead, owner = handoff.lead, rep_of(handoff)
    return {
        "first_name": first_name_of(lead.name),
        "company": company_of(lead.company),
        "request": handoff.reason,
        "expected_time": expected_text,
        "owner_name": owner.name if owner else "",
        "booking_link": booking_link(owner),
        "our_name": our_name,
    }


def rep_of(handoff: Handoff) -> User | None:
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
    owner = rep_of(answer.handoff)
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
