"""May this rep take this handoff now? If not, why, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.db import connection

from leads.models import Handoff, Role, User
from leads.rows import Columns
from routing.caps import Caps, Lately, next_day, over_cap, passed_lately
from routing.errors import HasToWait, Skip
from routing.hours import LONGEST_WAIT, Hours, day, hours_of, moment
from routing.models import Rota
from routing.needs import ANYBODY, Needs, lacks
from routing.questions import Question

INACTIVE, NO_REP = "is inactive", "is no sales rep"
HAD_IT, REJECTED_IT = "had this handoff before", "rejected this lead before"
# What not even a manager can set aside.
NEVER = (INACTIVE, NO_REP)
NOTHING_MORE: Mapping[int, int] = {}

# The versions of both rows tell, once they are locked, whether anything of them has changed.
TERMS = """person.xmin::text, capacity.xmin::text,
    capacity.is_online, capacity.max_open, capacity.max_per_day, capacity.max_per_week,
    capacity.skills, capacity.languages"""
PERSON = Columns(User, "person")
# What PEOPLE adds to a person, in that order.
ADDED = (
    *("weight", "user_version", "capacity_version"),
    *("is_online", "max_open", "max_per_day", "max_per_week", "skills", "languages"),
    *("away_until", "cover_id", "is_rep", "had_it", "last_answer", "open_count"),
)
# One statement each, because they are asked for every handoff.
PEOPLE = f"""
    SELECT {PERSON.sql}, asked.weight, {TERMS},
        away.ends_at, away.cover_id,
        EXISTS (SELECT 1 FROM leads_user_groups given JOIN auth_group role ON role.id = group_id
            WHERE given.user_id = person.id AND role.name = '{Role.REP.value}'),
        EXISTS (SELECT 1 FROM leads_assignment had
            WHERE had.handoff_id = %(handoff)s AND had.rep_id = person.id),
        (SELECT said.answer FROM leads_assignment said
            JOIN leads_handoff of_lead ON of_lead.id = said.handoff_id
            WHERE of_lead.lead_id = %(lead)s AND said.rep_id = person.id AND said.answer <> ''
            ORDER BY said.answered_at DESC LIMIT 1),
        CASE WHEN %(counts)s OR capacity.max_open IS NOT NULL THEN (SELECT count(*)
            FROM leads_handoff WHERE owner_id = person.id AND state <> 'closed') END
    FROM (SELECT unnest(%(reps)s::bigint[]) AS rep_id, 1 AS weight UNION ALL
        SELECT rep_id, weight FROM routing_rotamember WHERE rota_id = %(rota)s) asked
    JOIN leads_user person ON person.id = asked.rep_id
    LEFT JOIN routing_capacity capacity ON capacity.rep_id = person.id
    LEFT JOIN leads_absence away
        ON away.user_id = person.id AND away.starts_at <= %(at)s AND away.ends_at > %(at)s
    ORDER BY person.id
"""


@dataclass(frozen=True)
class Limits:
    """What a rep is given from `at` on: by hours and absences, caps, and what they had lately."""

    at: datetime
    rep: User
    hours: Hours
    caps: Caps
    open_count: int
    lately: Lately

    @property
    def is_full(self) -> bool:
        """Whether time alone lets them take no other."""
        return self.caps.is_full(self.open_count)

    @cached_property
    def free_from(self) -> datetime | None:
        """When they can take another; None: not in a week, if nothing that is open is closed
        meanwhile.
        """
        if self.is_full:
            return None
        until, opens = self.at + LONGEST_WAIT, self.hours.at_work_from(self.rep.pk, self.at)
        while opens and opens < until:
            if not self._over_cap(opens):
                return opens
            # What a day or a week allows begins anew with a day.
            opens = self.hours.at_work_from(self.rep.pk, next_day(opens, self.rep.zone))
        return None

    def _over_cap(self, at: datetime) -> str:
        return over_cap(self.caps, self.rep, open_count=self.open_count, lately=self.lately, at=at)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep, and why this handoff can't go to them now; no refusal: it can.

    open_count: their open handoffs, where a cap or the rota's method asks for it; else 0.
    opens_at:   when they could take it, if only their hours or an absence stand against it now.
    limits:     tell when they could, if these alone are against it now, caps included; None: more
                is, or hours are not asked for.
    away_until: when they return, if they are absent; `cover_id` takes their place till then.
    is_unsuited: whether this very lead is not for them, whatever else stands against it.
    """

    rep: User
    refusal: str
    open_count: int = 0
    opens_at: datetime | None = None
    limits: Limits | None = None
    away_until: datetime | None = None
    cover_id: int | None = None
    is_unsuited: bool = False

    @property
    def skip(self) -> Skip:
        return Skip(self.rep, self.refusal)

    @property
    def weight(self) -> int:
        """Return the weight in the rota that was asked about."""
        return int(cast(Any, self.rep).weight)

    @property
    def versions(self) -> tuple[str, str | None]:
        found = cast(Any, self.rep)
        return found.user_version, found.capacity_version

    @property
    def is_capped(self) -> bool:
        _, *caps = caps_of(self.rep)
        return any(cap is not None for cap in caps)


def candidates(
    rep_ids: Collection[int],
    handoff: Handoff | None,
    *,
    at: datetime,
    needs: Needs = ANYBODY,
    lead_id: int | None = None,
    rota: Rota | None = None,
) -> list[Candidate]:
    """Return each of these people, or the members of `rota`, by id, with what stands against giving
    them `handoff`.

    handoff: None for any that they didn't have before.
    lead_id: whose answers of earlier handoffs count; None takes the lead of `handoff`.
    """
    people = people_asked(rep_ids, handoff, at=at, lead_id=lead_id, rota=rota)
    return judged(people, needs, at)


def people_asked(
    rep_ids: Collection[int],
    handoff: Handoff | None,
    *,
    at: datetime,
    lead_id: int | None = None,
    rota: Rota | None = None,
) -> list[User]:
    """Return each of these people, or the members of `rota`, by id, with what PEOPLE adds."""
    asked = {
        "reps": list(rep_ids),
        "rota": rota.pk if rota else None,
        "at": at,
        "handoff": handoff.pk if handoff else None,
        "lead": handoff.lead_id if handoff and lead_id is None else lead_id,
        "counts": rota is not None and rota.method == Rota.Method.LEAST_WORK,
    }
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, asked)
        return [_person(row) for row in cursor.fetchall()]


def _person(row: Sequence[Any]) -> User:
    person = PERSON.made(row[: len(PERSON)])
    vars(person).update(zip(ADDED, row[len(PERSON) :], strict=True))
    return person


def judged(
    people: Sequence[User],
    needs: Needs,
    at: datetime,
    *,
    given: Mapping[int, int] = NOTHING_MORE,
) -> list[Candidate]:
    """Return people, read with what PEOPLE adds, with what stands against giving them a handoff.

    given: how many each was passed at `at` that are not on record, by id.
    """
    lately = passed_lately([(rep.pk, caps_of(rep)) for rep in people], at)
    for rep_id, more in given.items():
        lately.passed.setdefault(rep_id, []).extend([at] * more)
    hours = hours_of([rep.pk for rep in people], at) if needs.at_work else None
    return [candidate_of(rep, needs, lately, hours, at) for rep in people]


def candidates_for(question: Question, rep_ids: Collection[int], needs: Needs) -> list[Candidate]:
    """Return each of these people, by id, with what stands against giving them what is asked."""
    if question.past is not None:
        return question.past.candidates(rep_ids, needs)
    lead_id = question.lead.pk if question.lead else None
    return candidates(rep_ids, question.handoff, at=question.at, needs=needs, lead_id=lead_id)


def candidate_for(question: Question, rep_id: int, needs: Needs) -> Candidate:
    (candidate,) = candidates_for(question, [rep_id], needs)
    return candidate


def line_up(question: Question, rota: Rota, needs: Needs) -> list[Candidate]:
    """Return the members of a rota, by id, with what stands against giving them what is asked."""
    if question.past is not None:
        return question.past.members(rota, needs)
    lead_id = question.lead.pk if question.lead else None
    return candidates((), question.handoff, at=question.at, needs=needs, lead_id=lead_id, rota=rota)


def off_hours(
    later: Sequence[Candidate], skips: Sequence[Skip], *, line: str, at: datetime
) -> HasToWait:
    """Return whom to wait for: who of these can take it first. One of them opens, at least."""
    free = ((each.limits and each.limits.free_from, each.rep.pk, each) for each in later)
    till, _, first = min((start, rep_id, each) for start, rep_id, each in free if start)
    comes = "returns" if first.away_until else "opens" if first.opens_at else "has room again"
    reason = f"Waits till {moment(till, first.rep.zone, now=at)}, when {first.rep} {comes}."
    words = "; ".join(map(str, skips))
    return HasToWait(
        f"Nobody is at work: {words}.", reason=reason, till=till, line=line, skips=skips
    )


def caps_of(rep: User) -> Caps:
    """Return how much a rep, read as a candidate, takes; who has no capacity takes anything."""
    found = cast(Any, rep)  # with what PEOPLE adds
    online = found.is_online is not False
    return Caps(online, found.max_open, found.max_per_day, found.max_per_week)


def candidate_of(
    rep: User, needs: Needs, lately: Lately, hours: Hours | None, at: datetime
) -> Candidate:
    """Return a rep, read with what PEOPLE adds, with what stands against giving them a handoff.

    hours: None if they needn't be at work.
    """
    found = cast(Any, rep)
    unsuited = _unsuited(rep, needs)
    refusal = _never(rep) or unsuited
    limits = None
    if hours is not None:
        limits = Limits(at, rep, hours, caps_of(rep), found.open_count or 0, lately)
    away, opens_at = _away(rep, lately, hours, at)
    return Candidate(
        rep,
        refusal or away,
        found.open_count or 0,
        opens_at=None if refusal else opens_at,
        limits=None if refusal else limits,
        away_until=found.away_until,
        cover_id=found.cover_id,
        is_unsuited=bool(unsuited),
    )


def _away(
    rep: User, lately: Lately, hours: Hours | None, at: datetime
) -> tuple[str, datetime | None]:
    """Return why a rep can take nothing now, and when they will be able to, if hours or an absence
    is all that stands against it.
    """
    found = cast(Any, rep)
    absent = f"is absent till {day(found.away_until, rep.zone)}" if found.away_until else ""
    if absent and hours is None:
        return absent, None
    starts = hours.at_work_from(rep.pk, at) if hours else at
    if starts is None:
        return absent or "is off hours for the coming week", None
    # Caps are those of the day on which the lead would come.
    open_count = found.open_count or 0
    cap = over_cap(caps_of(rep), rep, open_count=open_count, lately=lately, at=starts)
    if cap or starts <= at:
        return absent or cap, None
    return absent or f"is off hours till {moment(starts, rep.zone, now=at)}", starts


def _never(rep: User) -> str:
    """Return what stands against a rep whatever their calendar, caps and the lead say."""
    if not rep.is_active:
        return INACTIVE
    return "" if cast(Any, rep).is_rep else NO_REP


def _unsuited(rep: User, needs: Needs) -> str:
    """Return why this very lead is not for a rep."""
    found = cast(Any, rep)
    if missing := lacks(needs, found.skills or [], found.languages or []):
        return missing
    if found.had_it:
        return HAD_IT
    return REJECTED_IT if found.last_answer == "rejected" else ""
