"""The check of a routing table: gathers what it looks at, and keeps what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache
from django.db.models import Model

from leads.condition_logic import groups_of
from leads.conditions import InvalidConditions, compile_conditions, validate
from leads.facts import Fact
from leads.handoffs import REVIEW
from leads.models import Role, User, Version
from leads.offered_facts import facts_of_published, offered_facts
from routing.hours import hours_of
from routing.lint import RULES, lint
from routing.linting.checked import Checked, Finding, Passed, Person, RotaState, Row, TerritoryState
from routing.map import needed
from routing.models import Capacity, Rota, RotaMember, RoutingRule, Territory
from routing.past_traffic import passed_lately
from routing.traffic import LATELY
from sla.models import RepHours, TeamHours

KEPT_SECONDS = 300


@dataclass(frozen=True)
class CheckReport:
    """What the check says of a version. looked_at: how many past handoffs were asked about."""

    at: datetime
    findings: Sequence[Finding]
    looked_at: int

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self.findings if RULES[each.id].is_error]

    @property
    def warnings(self) -> list[Finding]:
        return [each for each in self.findings if not RULES[each.id].is_error]


def report_on(version: Version, at: datetime, *, afresh: bool = False) -> CheckReport:
    """Return the check of `version` beside the people and rotas of today, at most five minutes old;
    `afresh` does it now.
    """
    name = f"table_check:{version.pk}:{version.revision}:{_stamp()}"
    kept: CheckReport | None = None if afresh else cache.get(name)
    if kept is None:
        past = passed_lately(at)
        kept = CheckReport(at, lint(checked(version, at, past)), len(past))
        cache.set(name, kept, KEPT_SECONDS)
    return kept


def errors_of(version: Version, at: datetime) -> list[str]:
    """Return what forbids publishing `version`, in words."""
    return [each.sentence for each in lint(checked(version, at)) if RULES[each.id].is_error]


def _stamp() -> str:
    """Return what changes with people, rotas, territories and hours."""
    looked_at: Iterable[type[Model]] = (
        Rota,
        RotaMember,
        Territory,
        Capacity,
        RepHours,
        TeamHours,
    )
    rows = [list(model._default_manager.order_by("pk").values_list()) for model in looked_at]
    people = User.objects.order_by("pk").values_list("pk", "name", "is_active", "team")
    return sha256(repr([rows, list(people)]).encode()).hexdigest()


def checked(version: Version, at: datetime, past: Sequence[Passed] = ()) -> Checked:
    """Return what the check looks at. past: handoffs to ask the rows about."""
    rules = list(RoutingRule.objects.filter(version=version).select_related("rota", "rep", "queue"))
    territories = list(Territory.objects.select_related("rota"))
    named: list[RoutingRule | Territory] = [*rules, *territories]
    members = _members({each.rota_id for each in named if each.rota_id})
    reps = {each.rep_id for each in named if each.rep_id}
    people = _people({*reps, *(rep for team in members.values() for rep in team)}, at)
    beside = _Beside(facts_of_published(), offered_facts(), members, people)
    rows = [_row(rule, place, beside) for place, rule in enumerate(rules, 1)]
    states = [
        TerritoryState(each.name, beside.person(each.rep_id), beside.rota(each.rota))
        for each in territories
    ]
    return Checked(rows, states, past, at - LATELY)


def _members(rotas: Iterable[int]) -> dict[int, list[int]]:
    """Return the reps of each of these rotas, by id."""
    members: dict[int, list[int]] = {rota_id: [] for rota_id in rotas}
    found = RotaMember.objects.filter(rota__in=members).order_by("rep__name", "rep")
    for rota_id, rep_id in found.values_list("rota", "rep"):
        members[rota_id].append(rep_id)
    return members


def _people(ids: Iterable[int], at: datetime) -> dict[int, Person]:
    found = User.objects.filter(pk__in=ids).select_related("capacity").prefetch_related("groups")
    users = list(found)
    hours = hours_of([user.pk for user in users], at)
    return {
        user.pk: _person(user, opens=hours.at_work_from(user.pk, at) is not None) for user in users
    }


def _person(user: User, *, opens: bool) -> Person:
    capacity: Capacity = getattr(user, "capacity", None) or Capacity()
    return Person(
        str(user),
        is_active=user.is_active,
        is_rep=any(group.name == Role.REP for group in user.groups.all()),
        is_online=capacity.is_online,
        opens=opens,
        skills=_folded(capacity.skills),
        languages=_folded(capacity.languages),
    )


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is known beside the rows: attributes of one's own, all there ever were, and the facts
    that a new row may ask; who is in which rota; and each person, by id.
    """

    own: Mapping[str, Fact]
    offered: Mapping[str, Fact]
    members: Mapping[int, Sequence[int]]
    people: Mapping[int, Person]

    def person(self, rep_id: int | None) -> Person | None:
        return self.people[rep_id] if rep_id else None

    def rota(self, rota: Rota | None) -> RotaState | None:
        if rota is None:
            return None
        team = [self.people[rep_id] for rep_id in self.members[rota.pk]]
        return RotaState(rota.name, rota.is_active, team)


def _row(rule: RoutingRule, place: int, beside: _Beside) -> Row:
    compiled, unknown = None, []
    try:
        compiled = compile_conditions(rule.conditions, extra_facts=beside.own)
    except InvalidConditions as invalid:
        unknown = list(invalid.messages)
    asked = {each.fact.name: each.fact for each in compiled.conditions} if compiled else {}
    off = beside.own.keys() - beside.offered.keys()
    return Row(
        key=rule.key,
        label=rule.label,
        place=place,
        groups=groups_of(rule.conditions, compiled) if compiled else [],
        compiled=compiled,
        unknown=unknown,
        gone=_gone(rule, beside) if compiled else [],
        retired=[fact.label for name, fact in asked.items() if name in off],
        outcome=rule.outcome,
        rota=beside.rota(rule.rota),
        rep=beside.person(rule.rep_id),
        holds=rule.off_hours == RoutingRule.OffHours.HOLD,
        priority=rule.priority,
        skills=_folded(rule.skills),
        languages=_folded(rule.languages),
        needed=needed(rule),
        is_fallback=not rule.conditions,
        is_review=rule.queue is not None and rule.queue.key == REVIEW,
    )


def _gone(rule: RoutingRule, beside: _Beside) -> list[str]:
    """Return in words which values it asks for that nothing has any more."""
    facts = {**beside.own, **beside.offered}
    return validate(rule.conditions, extra_facts=facts, allow_always=True)


def _folded(words: Iterable[str]) -> frozenset[str]:
    """Return words as routing compares them: however they are written."""
    return frozenset(word.casefold() for word in words)
