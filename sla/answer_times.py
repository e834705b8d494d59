"""When somebody who asks by a source can count on a person. A public form and the instant answer
both tell it from here: the next opening and the time within which four of five of those who were
answered lately heard from a person; where too few were, what the live policy promises, as far as
working time lets anybody keep it: that of whoever has the lead, else of the office.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count

from leads.activity_series import ActivityRecord, series_of
from leads.conditions import Evidence, Truth
from leads.countdown import place
from leads.criteria import criteria_of
from leads.documents import NothingLive, live_version
from leads.models import Document, Handoff, IntakeSource, User
from leads.models.handoffs import HandoffQuerySet
from leads.openings import opening_of
from leads.percentiles import Percentile
from leads.scoring import Criteria
from leads.standing import Standing
from sla.business_time import WorkingTime
from sla.calendars import hours_for, schedule_of
from sla.errors import SlaError
from sla.lengths import length_text
from sla.models import Target
from sla.policies import Promise, ReadyPolicy, policies_of
from sla.response_times import ANSWERED, NOT_ANSWERED

# So much of the time allowed has to lie in office hours for somebody to answer within it.
LEAST_OPEN = timedelta(hours=1)
# What was measured counts: over so long, of so many answers at least, at this share of them.
LATELY, ENOUGH, SHARE = timedelta(days=30), 10, 0.8
# Times are told in these steps, and lengths up to this.
STEP, LONGEST_LENGTH = timedelta(minutes=5), timedelta(hours=1)
AFTER_HOURS = "It is outside our office hours now"


@dataclass(frozen=True, slots=True)
class Expected:
    """By when a person gets in touch.

    text:        how it is told: "within 25 minutes", "on Monday by 09:20, Berlin time".
    why:         why not at once, as the beginning of a sentence; "" in office hours.
    is_measured: it goes by how long answers took lately, not by what is promised.
    """

    by: datetime
    text: str
    why: str = ""
    is_measured: bool = False

    @property
    def sentence(self) -> str:
        if self.why:
            return f"{self.why}: a person gets in touch {self.text}."
        return f"A person gets in touch {self.text}."


@dataclass(frozen=True, slots=True)
class Lately:
    """How long those who asked by a source waited for a person: `p80` of `answered`, in working
    time. None: nobody was answered.
    """

    asked: int
    answered: int
    p80: timedelta | None

    @property
    def is_enough(self) -> bool:
        return self.answered >= ENOUGH


@dataclass(frozen=True, slots=True)
class Terms:
    """What tells at an instant what is promised, read once for any number of sources.

    hours:   of whoever has the lead, else of the office.
    zone:    of the prospect, if it is known; else of these hours.
    is_near: what is a day there is one to the prospect, so that “today” says which.
    """

    at: datetime
    hours: WorkingTime
    zone: ZoneInfo
    is_near: bool
    criteria: Criteria
    policies: tuple[ReadyPolicy, ...]


def answer_time(source: IntakeSource, at: datetime) -> str:
    """Return when somebody who asks by `source` at `at` is answered, as a sentence for them.

    "" if no promise is made to them, or nothing is published that tells.
    """
    expected = expected_answer(source, at)
    return expected.sentence if expected else ""


def expected_answer(
    source: IntakeSource, at: datetime, *, rep: User | None = None, zone: str = ""
) -> Expected | None:
    """Return when somebody who asks by `source` at `at` is answered.

    rep:  who has the lead, by whose hours it is counted. None: nobody yet, by those of the office.
    zone: in which the prospect is, and is told it; "": not known, in the zone of those hours.
    None if no promise is made to them, or nothing is published that tells.
    """
    return expected_answers(response_times([source], at), at, rep=rep, zone=zone).get(source)


def expected_answers(
    lately: Mapping[IntakeSource, Lately],
    at: datetime,
    *,
    rep: User | None = None,
    zone: str = "",
) -> dict[IntakeSource, Expected]:
    """Return when those are answered who ask at `at`, by source, as `expected_answer` does. Where
    no promise is made to them, or nothing is published that tells, the source is left out.
    """
    try:
        terms = _terms(rep, zone, at)
    except (NothingLive, SlaError):
        return {}
    expected = {source: _expected(source, terms, lately[source]) for source in lately}
    return {source: each for source, each in expected.items() if each}


def _expected(source: IntakeSource, terms: Terms, lately: Lately) -> Expected | None:
    try:
        promise = _first_response_promise(source, terms)
        if promise is None:
            return None
        if lately.is_enough and lately.p80 is not None:
            return _as_measured(lately.p80, terms)
        return _as_promised(promise, terms)
    except SlaError:
        return None


def asked_lately(sources: Iterable[IntakeSource], at: datetime) -> HandoffQuerySet:
    """Return the handoffs of 30 days in which somebody from `sources` asked for a person, each time
    once.
    """
    asked = Handoff.objects.filter(opened_at__gt=at - LATELY, opened_at__lte=at)
    return asked.filter(
        ANSWERED | NOT_ANSWERED,
        path=Handoff.Path.HAND_RAISE,
        hand_raised_at__isnull=False,
        is_historical=False,
        lead__source__in=sources,
    )


def response_times(sources: Collection[IntakeSource], at: datetime) -> dict[IntakeSource, Lately]:
    figures = (
        asked_lately(sources, at)
        .order_by()
        .values_list("lead__source")
        .annotate(
            asked=Count("pk"),
            answered=Count("first_response_working"),
            p80=Percentile("first_response_working", SHARE),
        )
    )
    found = {source_id: Lately(*counted) for source_id, *counted in figures}
    return {source: found.get(source.pk, Lately(0, 0, None)) for source in sources}


def _terms(rep: User | None, zone: str, at: datetime) -> Terms:
    """Raises NothingLive if there are no criteria or policies, and what calendars raise."""
    working = hours_for(rep, at)
    return Terms(
        at,
        working.schedule,
        ZoneInfo(zone) if zone else schedule_of(working.calendar).hours.zone,
        bool(zone) or rep is None,
        criteria_of(live_version(Document.Kind.CRITERIA, at)),
        policies_of(live_version(Document.Kind.POLICIES, at)),
    )


def _first_response_promise(source: IntakeSource, terms: Terms) -> Promise | None:
    """Return what is promised to anybody who does what `source` stands for: of the policies that
    may hold, as far as can be told before they have said anything, the one due last.

    None if that opens no handoff, or one of these policies promises nothing. Raises NoWorkingTime
    if one counts working time and there is too little.
    """
    at, hours = terms.at, terms.hours
    done = [ActivityRecord(source.activity_kind, {}, at)] if source.activity_kind else []
    known = {"lead.source": source.slug, "lead.motion": source.motion}
    asked = Evidence(known, series_of(done, at), at)
    found = opening_of(Standing(asked, terms.criteria), None)
    if found is None:
        return None
    facts = {"handoff.path": found.path}
    if found.asked_at:
        facts["handoff.hand_raise"] = found.key
    promises = list(_possible(terms.policies, asked.with_facts({**known, **facts})))
    if None in promises:
        return None
    return max(filter(None, promises), key=lambda each: _due_at(each, hours, at), default=None)


def _due_at(promise: Promise, hours: WorkingTime, at: datetime) -> datetime:
    is_working = promise.measure == Target.Measure.WORKING
    return hours.add(at, promise.allowed) if is_working else at + promise.allowed


def _possible(policies: Iterable[ReadyPolicy], evidence: Evidence) -> Iterator[Promise | None]:
    """Yield the promise of each policy that may hold, up to the first that surely does."""
    for policy in policies:
        truth = policy.conditions.truth(evidence)
        if truth != Truth.FALSE:
            yield policy.promises.get(Target.Kind.FIRST_RESPONSE)
        if truth == Truth.TRUE:
            return


def _as_measured(length: timedelta, terms: Terms) -> Expected:
    """Return the next opening and `length` of working time, rounded up to what can be told."""
    hours, at = terms.hours, terms.at
    length = max(STEP, -(-length // STEP) * STEP)
    by, is_open = hours.add(at, length), hours.is_open(at)
    if is_open and length <= LONGEST_LENGTH and by - at == length:
        return Expected(by, f"within {length_text(length)}", is_measured=True)
    local = by.astimezone(terms.zone)
    by += (
        -timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        % STEP
    )
    why = "" if is_open else AFTER_HOURS
    return Expected(by, day_text(by, "by", terms), why, is_measured=True)


def _as_promised(promise: Promise, terms: Terms) -> Expected:
    """Return the length of `promise` if somebody works for all of it, or long enough; else when
    they work next, or the end of it, if that is another day.
    """
    hours, at, allowed = terms.hours, terms.at, promise.allowed
    if promise.measure == Target.Measure.WORKING:
        is_kept = hours.is_open(at)
    else:
        is_kept = hours.between(at, at + allowed) >= min(allowed, LEAST_OPEN)
    if is_kept:
        measure = " of office hours" if promise.measure == Target.Measure.WORKING else ""
        return Expected(_due_at(promise, hours, at), f"within {length_text(allowed)}{measure}")
    is_closing = hours.is_open(at)
    opens_at = hours.next_open(at + allowed if is_closing else at)
    why = "Our office is about to close" if is_closing else AFTER_HOURS
    by = _due_at(promise, hours, opens_at)
    is_that_day = by.astimezone(terms.zone).date() == opens_at.astimezone(terms.zone).date()
    told = (opens_at, "from") if is_that_day else (by, "by")
    return Expected(by, day_text(*told, terms), why)


def day_text(then: datetime, word: str, terms: Terms) -> str:
    """Return "on Monday from 09:00, Berlin time" for the `word` "from", by the wall of the zone."""
    local, today = then.astimezone(terms.zone), terms.at.astimezone(terms.zone).date()
    days = (local.date() - today).days
    if days == 0 and terms.is_near:
        day = "today"
    elif days < 7:
        day = f"on {local:%A}"
    else:
        day = f"on {local:%A}, {local.day} {local:%B}"
    return f"{day} {word} {local:%H:%M}, {place(terms.zone.key)} time"
