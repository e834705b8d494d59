"""What the page of instant answers shows: what is told now, and how often that held."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from leads.lead_zones import zone_of_lead
from leads.models import Handoff, IntakeSource, Lead, Role, User
from sla.answer_letters import Letter
from sla.answer_times import (
    LATELY,
    Expected,
    Lately,
    expected_answer,
    expected_answers,
    response_times,
)
from sla.calendars import hours_on_record, office_schedule
from sla.errors import SlaError
from sla.instant_answers import answered_sources, letter_for, organisation_name
from sla.judging import Share, share
from sla.models import AnswerTemplate, Clock, InstantAnswer
from sla.models.answers import InstantAnswerQuerySet
from sla.models.clocks import INSTANT_ANSWER

State = InstantAnswer.State
# The lists of answers: by what became of the time that was told, or of the mail.
SHOWN = {
    "all": "All",
    "held": "Held",
    "late": "Did not hold",
    "waiting": "Waiting to go out",
    "dropped": "Not sent",
    "parked": "Given up",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What who asks by `source` is told now, and how long others waited."""

    source: IntakeSource
    expected: Expected | None
    lately: Lately


def told_now(sources: Collection[IntakeSource], at: datetime) -> list[Told]:
    lately = response_times(sources, at)
    expected = expected_answers(lately, at)
    return [Told(source, expected.get(source), lately[source]) for source in sources]


def suggested(at: datetime) -> list[IntakeSource]:
    """Return the sources by which people ask for a person who is promised something."""
    return list(expected_answers(response_times(answered_sources(), at), at))


def nobody_works_before(at: datetime) -> datetime | None:
    """Return when the first rep works next, if the office is open before: a form, which does not
    know who will have the lead, tells of too early a time. None if somebody works by then.
    """
    reps = list(User.objects.with_role(Role.REP).values_list("pk", flat=True))
    hours = [each for each in hours_on_record(reps, at).values() if each]
    if not reps or len(hours) < len(reps):
        return None  # somebody goes by the office's hours
    try:
        first = min(each.next_open(at) for each in hours)
        return first if first > office_schedule(at).next_open(at) else None
    except SlaError:
        return None


def holding(at: datetime) -> Share:
    """Return of how many who were told a time in the last 30 days it held."""
    due = InstantAnswer.objects.due_to_hold(at - LATELY, at)
    return Share(due.held().count(), due.count())


def going_out(at: datetime) -> Share:
    """Return how many answers of the last 30 days went out in their own time."""
    started = Clock.objects.filter(started_at__gt=at - LATELY, started_at__lte=at)
    return share(started.filter(kind=INSTANT_ANSWER), at)


def answers(show: str, at: datetime) -> InstantAnswerQuerySet:
    """Return the answers of a list of SHOWN, the latest first."""
    every = InstantAnswer.objects.all()
    if show in ("held", "late"):
        due = every.due_to_hold(at - LATELY, at)
        every = due.held() if show == "held" else due.not_held()
    elif show in State.values:
        every = every.filter(state=show)
    return every.select_related("handoff__lead", "source").order_by("-asked_at", "-pk")


def preview(wanted: AnswerTemplate, lead: Lead, at: datetime) -> Letter:
    """Return what `lead` would be written if it had asked at `at`, in its latest handoff."""
    handoff = lead.handoffs.select_related("lead", "owner").order_by("-opened_at").first()
    if handoff is None:
        handoff = Handoff(lead=lead, owner=lead.owner, reason="what they asked for")
    zone = zone_of_lead(lead, at)
    expected = expected_answer(lead.source, at, rep=handoff.owner, zone=zone)
    told = expected.text if expected else ""
    return letter_for(wanted, handoff, told, our_name=organisation_name())
