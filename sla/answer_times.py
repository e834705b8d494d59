"""When somebody who asks by a public form can count on a person: what the live policy promises, as
far as the hours of the office let anybody keep it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from leads.activity_series import ActivityRecord, series_of
from leads.conditions import Evidence, Truth
from leads.countdown import place
from leads.criteria import criteria_of
from leads.documents import NothingLive, live_version
from leads.models import Document, IntakeSource
from leads.openings import opening_of
from leads.standing import Standing
from sla.business_time import Schedule
from sla.calendars import office_schedule
from sla.errors import SlaError
from sla.lengths import length_text
from sla.models import Target
from sla.policies import Promise, policies_of

# So much of the time allowed has to lie in office hours for somebody to answer within it.
LEAST_OPEN = timedelta(hours=1)


def answer_time(source: IntakeSource, at: datetime) -> str:
    """Return when somebody who asks by `source` at `at` is answered, as a sentence for them.

    "" if no promise is made to them, or nothing is published that tells.
    """
    try:
        hours = office_schedule(at)
        promise = first_response_promise(source, hours, at)
        return sentence(promise, hours, at) if promise else ""
    except (NothingLive, SlaError):
        return ""


def first_response_promise(source: IntakeSource, hours: Schedule, at: datetime) -> Promise | None:
    """Return what is promised to anybody who does at `at` what `source` stands for: of the policies
    that may hold, as far as can be told before they have said anything, the one due last.

    None if that opens no handoff, or one of these policies promises nothing.
    Raises NothingLive if there are no criteria or policies, and NoWorkingTime if one counts office
    hours and there are too few.
    """
    done = [ActivityRecord(source.activity_kind, {}, at)] if source.activity_kind else []
    known = {"lead.source": source.slug, "lead.motion": source.motion}
    asked = Evidence(known, series_of(done, at), at)
    criteria = criteria_of(live_version(Document.Kind.CRITERIA, at))
    found = opening_of(Standing(asked, criteria), None)
    if found is None:
        return None
    facts = {"handoff.path": found.path}
    if found.asked_at:
        facts["handoff.hand_raise"] = found.key
    promises = list(_possible(asked.with_facts({**known, **facts})))
    if None in promises:
        return None
    return max(filter(None, promises), key=lambda each: _due_at(each, hours, at), default=None)


def _due_at(promise: Promise, hours: Schedule, at: datetime) -> datetime:
    is_working = promise.measure == Target.Measure.WORKING
    return hours.add(at, promise.allowed) if is_working else at + promise.allowed


def _possible(evidence: Evidence) -> Iterator[Promise | None]:
    """Yield the promise of each policy that may hold, up to the first that surely does."""
    for policy in policies_of(live_version(Document.Kind.POLICIES, evidence.at)):
        truth = policy.conditions.truth(evidence)
        if truth != Truth.FALSE:
            yield policy.promises.get(Target.Kind.FIRST_RESPONSE)
        if truth == Truth.TRUE:
            return


def sentence(promise: Promise, hours: Schedule, at: datetime) -> str:
    """Return what may be told of `promise` at `at`: its length if the office is open for all of it,
    or long enough; else when the office opens next.
    """
    allowed = promise.allowed
    if promise.measure == Target.Measure.WORKING:
        is_kept = hours.is_open(at)
    else:
        is_kept = hours.between(at, at + allowed) >= min(allowed, LEAST_OPEN)
    if is_kept:
        measure = " of office hours" if promise.measure == Target.Measure.WORKING else ""
        return f"A person gets in touch within {length_text(allowed)}{measure}."
    is_closing = hours.is_open(at)
    opens_at = hours.next_open(at + allowed if is_closing else at)
    state = "Our office is about to close" if is_closing else "It is outside our office hours now"
    return f"{state}: a person gets in touch {opening_text(opens_at, hours, at)}."


def opening_text(opens_at: datetime, hours: Schedule, at: datetime) -> str:
    """Return "on Monday from 09:00, Berlin time", by the office's wall."""
    zone = hours.hours.zone
    local, today = opens_at.astimezone(zone), at.astimezone(zone).date()
    days = (local.date() - today).days
    if days == 0:
        day = "today"
    elif days < 7:
        day = f"on {local:%A}"
    else:
        day = f"on {local:%A}, {local.day} {local:%B}"
    return f"{day} from {local:%H:%M}, {place(zone.key)} time"
