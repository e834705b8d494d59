"""May this rep take this handoff now? If not, why, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.utils.translation import get_language_info

from leads.models import Handoff, Role, User
from routing.caps import Lately, over_cap, passed_lately
from routing.errors import HasToWait, Refused, Skip
from routing.hours import Hours, day, hours_of, moment
from routing.models import Capacity
from routing.questions import Question

INACTIVE, NO_REP = "is inactive", "is no sales rep"
# What not even a manager can set aside.
NEVER = (INACTIVE, NO_REP)

# One statement, because it is read for every handoff and again under the lock.
PEOPLE = f"""
    SELECT person.*, capacity.is_online, capacity.max_open, capacity.max_per_day,
        capacity.max_per_week, capacity.skills, capacity.languages,
        away.ends_at AS away_until, away.cover_id,
        EXISTS (SELECT 1 FROM leads_user_groups given JOIN auth_group role ON role.id = group_id
            WHERE given.user_id = person.id AND role.name = '{Role.REP.value}') AS is_rep,
        EXISTS (SELECT 1 FROM leads_assignment had
            WHERE had.handoff_id = %(handoff)s AND had.rep_id = person.id) AS had_it,
        (SELECT said.answer FROM leads_assignment said
            JOIN leads_handoff of_lead ON of_lead.id = said.handoff_id
            WHERE of_lead.lead_id = %(lead)s AND said.rep_id = person.id AND said.answer <> ''
            ORDER BY said.answered_at DESC LIMIT 1) AS last_answer,
        (SELECT count(*) FROM leads_handoff
            WHERE owner_id = person.id AND state <> 'closed') AS open_count
    FROM leads_user person
    LEFT JOIN routing_capacity capacity ON capacity.rep_id = person.id
    LEFT JOIN leads_absence away
        ON away.user_id = person.id AND away.starts_at <= %(at)s AND away.ends_at > %(at)s
    WHERE person.id = ANY(%(reps)s)
    ORDER BY person.id
"""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a rule asks of whoever gets the lead: all of these skills and languages (by their codes)
    and, if `at_work`, to be at work now.
    """

    skills: Sequence[str] = ()
    languages: Sequence[str] = ()
    at_work: bool = False


ANYBODY = Needs()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep, and why this handoff can't go to them now; no refusal: it can.

    opens_at:   when they could take it, if only their hours stand against it now.
    away_until: when they return, if they are absent; `cover_id` takes their place till then.
    """

    rep: User
    refusal: str
    open_count: int = 0
    opens_at: datetime | None = None
    away_until: datetime | None = None
    cover_id: int | None = None

    @property
    def skip(self) -> Skip:
        return Skip(self.rep, self.refusal)


def candidates(
    rep_ids: Collection[int],
    handoff: Handoff | None,
    *,
    at: datetime,
    needs: Needs = ANYBODY,
    lead_id: int | None = None,
) -> list[Candidate]:
    """Return each of these people, by id, with what stands against giving them `handoff`.

    handoff: None for any that they didn't have before.
    lead_id: whose answers of earlier handoffs count; None takes the lead of `handoff`.
    """
    people = _people(rep_ids, handoff, at, lead_id=lead_id)
    lately = passed_lately([(rep.pk, capacity_of(rep)) for rep in people], at)
    hours = hours_of(rep_ids, at) if needs.at_work else None
    return [_candidate(rep, needs, lately, hours, at) for rep in people]


def claim(
    rep_id: int,
    handoff: Handoff | None,
    *,
    at: datetime,
    needs: Needs = ANYBODY,
    lead_id: int | None = None,
) -> User:
    """Lock a rep until the end of the transaction and return them, checked under the lock: nobody
    else can give them anything meanwhile, so that no cap is exceeded.

    Raises Refused, and holds no lock then: the savepoint gives it back, so that one rep tried
    after another never means two locks.
    """
    with transaction.atomic():
        lock(rep_id)
        (candidate,) = candidates([rep_id], handoff, at=at, needs=needs, lead_id=lead_id)
        if candidate.refusal:
            raise Refused(candidate.skip)
    return candidate.rep


def candidates_for(question: Question, rep_ids: Collection[int], needs: Needs) -> list[Candidate]:
    """Return each of these people, by id, with what stands against giving them what is asked."""
    lead_id = question.lead.pk if question.lead else None
    return candidates(rep_ids, question.handoff, at=question.at, needs=needs, lead_id=lead_id)


def candidate_for(question: Question, rep_id: int, needs: Needs) -> Candidate:
    (candidate,) = candidates_for(question, [rep_id], needs)
    return candidate


def claim_for(question: Question, rep_id: int, needs: Needs) -> User:
    """Lock a rep for what is asked. Raises Refused as `claim`."""
    lead_id = question.lead.pk if question.lead else None
    return claim(rep_id, question.handoff, at=question.at, needs=needs, lead_id=lead_id)


def off_hours(later: Sequence[Candidate], skips: Sequence[Skip], *, at: datetime) -> HasToWait:
    """Return whom to wait for: who of those off hours opens first."""
    till, _, rep = min((each.opens_at, each.rep.pk, each.rep) for each in later if each.opens_at)
    reason = f"Waits till {moment(till, rep.zone, now=at)}, when {rep} opens."
    words = "; ".join(map(str, skips))
    return HasToWait(f"Nobody is at work: {words}.", reason=reason, till=till, skips=skips)


def lock(rep_id: int) -> None:
    """Lock a rep's capacity, made if there is none yet, and the rep, who may just be leaving."""
    rows = (
        Capacity.objects.filter(rep=rep_id)
        .select_related("rep")
        .select_for_update(no_key=True, of=("self", "rep"))
    )
    if rows.first() is None:
        Capacity.objects.bulk_create([Capacity(rep_id=rep_id)], ignore_conflicts=True)
        rows.get()


def capacity_of(rep: User) -> Capacity:
    """Return what a rep, read as a candidate, can take; no row means anything."""
    found = cast(Any, rep)  # with what PEOPLE adds
    return Capacity(
        is_online=found.is_online is not False,
        max_open=found.max_open,
        max_per_day=found.max_per_day,
        max_per_week=found.max_per_week,
        skills=found.skills or [],
        languages=found.languages or [],
    )


def _people(
    rep_ids: Collection[int], handoff: Handoff | None, at: datetime, *, lead_id: int | None
) -> list[User]:
    asked = {
        "reps": list(rep_ids),
        "at": at,
        "handoff": handoff.pk if handoff else None,
        "lead": handoff.lead_id if handoff and lead_id is None else lead_id,
    }
    return list(User.objects.raw(PEOPLE, asked))


def _candidate(
    rep: User, needs: Needs, lately: Lately, hours: Hours | None, at: datetime
) -> Candidate:
    found = cast(Any, rep)
    away = {"away_until": found.away_until, "cover_id": found.cover_id}
    refusal = _refusal(rep, needs)
    if refusal or found.away_until:
        absent = f"is absent till {day(found.away_until, rep.zone)}" if found.away_until else ""
        return Candidate(rep, refusal or absent, found.open_count, **away)
    starts = hours.at_work_from(rep.pk, at) if hours else at
    if starts is None:
        return Candidate(rep, "is off hours for the coming week", found.open_count)
    # Caps are those of the day on which the lead would come.
    refusal = over_cap(capacity_of(rep), rep, open_count=found.open_count, lately=lately, at=starts)
    if refusal or starts <= at:
        return Candidate(rep, refusal, found.open_count)
    refusal = f"is off hours till {moment(starts, rep.zone, now=at)}"
    return Candidate(rep, refusal, found.open_count, opens_at=starts)


def _refusal(rep: User, needs: Needs) -> str:
    """Return what stands against a rep whatever their calendar and caps say."""
    found = cast(Any, rep)
    if not rep.is_active:
        return INACTIVE
    if not found.is_rep:
        return NO_REP
    if lacks := _lacks(needs, found.skills or [], found.languages or []):
        return lacks
    if found.had_it:
        return "had this handoff before"
    return "rejected this lead before" if found.last_answer == "rejected" else ""


def _lacks(needs: Needs, skills: Sequence[str], languages: Sequence[str]) -> str:
    has = {each.casefold() for each in skills}
    speaks = {each.casefold() for each in languages}
    for skill in needs.skills:
        if skill.casefold() not in has:
            return f"lacks the skill {skill}"
    for code in needs.languages:
        if code.casefold() not in speaks:
            return f"does not speak {language_name(code)}"
    return ""


def language_name(code: str) -> str:
    """Return what a language is called: "German" for "de"; a code that nobody knows stays."""
    try:
        return str(get_language_info(code.casefold())["name"])
    except KeyError:
        return code
