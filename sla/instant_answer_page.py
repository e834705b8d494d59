"""What the page of instant answers shows: what is told now, and how often that held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import Absence, Handoff, IntakeSource, Lead, Role, User
from sla.answer_letters import Letter, fill, left_out
from sla.answer_mails import organisation_name, rep_of, values_for
from sla.answer_template import answered_sources
from sla.answer_times import (
    LATELY,
    Expected,
    Lately,
    expected_answers,
    response_times,
)
from sla.business_time import WorkingTime
from sla.calendars import hours_on_record, office_schedule
from sla.errors import SlaError
from sla.instant_answers import expected_fields
from sla.judging import Share, share
from sla.models import AnswerTemplate, Clock, InstantAnswer
from sla.models.answers import InstantAnswerQuerySet
from sla.models.clocks import INSTANT_ANSWER

State = InstantAnswer.State
# So many leads of each kind are looked at for the preview.
TRIED = 5
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
    try:
        office = office_schedule(at)
        office_opens = office.next_open(at)
    except SlaError:
        return None
    reps = list(User.objects.with_role(Role.REP).values_list("pk", flat=True))
    hours, away = hours_on_record(reps, at), _away(reps, at)
    opens = [_works_next(hours.get(rep) or office, away[rep], at) for rep in reps]
    first = min(filter(None, opens), default=office_opens)
    return first if first > office_opens else None


def _away(reps: Collection[int], at: datetime) -> defaultdict[int, list[Absence]]:
    """Return who is away when from `at` on, by id, in order."""
    found: defaultdict[int, list[Absence]] = defaultdict(list)
    for absence in Absence.objects.filter(user__in=reps, ends_at__gt=at).order_by("starts_at"):
        found[absence.user_id].append(absence)
    return found


def _works_next(schedule: WorkingTime, away: Iterable[Absence], at: datetime) -> datetime | None:
    """Return when somebody works next who is `away` then; None: their calendar ends before."""
    try:
        opens = schedule.next_open(at)
        for absence in away:
            if absence.starts_at <= opens < absence.ends_at:
                opens = schedule.next_open(absence.ends_at)
    except SlaError:
        return None
    return opens


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
    shown = every.with_heard_at().select_related("handoff__lead", "source")
    return shown.order_by("-asked_at", "-pk")


@dataclass(frozen=True, slots=True)
class Preview:
    """left_out: why lines are missing, a sentence for each variable that has nothing to say."""

    lead: Lead
    letter: Letter
    left_out: Sequence[str]


def preview(wanted: AnswerTemplate, leads: Sequence[Lead], at: datetime) -> Preview | None:
    """Return what one of `leads` would be written if it had asked at `at`, in its latest handoff:
    the first for whom no line is left out, else one of whom fewest are. None if there is no lead.
    """
    found: Preview | None = None
    for lead in leads:
        each = _preview(wanted, lead, at)
        if found is None or len(each.left_out) < len(found.left_out):
            found = each
        if not found.left_out:
            break
    return found


def _preview(wanted: AnswerTemplate, lead: Lead, at: datetime) -> Preview:
    handoff = lead.handoffs.select_related("lead", "owner").order_by("-opened_at").first()
    if handoff is None:
        handoff = Handoff(lead=lead, owner=lead.owner, reason="what they asked for")
    told = expected_fields(lead.source, handoff, at)["expected_text"]
    values = values_for(handoff, told, our_name=organisation_name())
    letter = fill(wanted.subject, wanted.body, values)
    missing = left_out(wanted.body, values)
    return Preview(lead, letter, [_why_silent(name, handoff) for name in missing])


def _why_silent(name: str, handoff: Handoff) -> str:
    """Return why a variable has nothing to say about `handoff`, as a sentence."""
    owner = rep_of(handoff)
    match name:
        case "expected_time":
            why = f"nobody who comes by {handoff.lead.source} is promised a first response"
        case "booking_link" if owner:
            why = f"{owner} has no booking link"
        case _:
            why = "nobody has the lead"
    return f"Lines with {name} are left out: {why}."


def likely_leads(user: User, sources: Collection[IntakeSource]) -> list[Lead]:
    """Return leads that `user` sees and the mail may be shown for: the newest that somebody has who
    came by one of `sources`, those with a booking link first, and the newest of all.
    """
    visible = Lead.objects.visible_to(user).live().select_related("source")
    newest = visible.order_by("-entered_at", "-pk")
    held = newest.filter(handoffs__owner__is_active=True, source__in=sources)
    bookable = held.exclude(handoffs__owner__booking_url="")[:TRIED]
    return [*bookable, *held[:TRIED], *newest[:TRIED]]
