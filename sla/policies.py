"""Which promises hold for a handoff: the first policy of the live set whose conditions are met."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from leads.conditions import Compiled, compile_conditions
from leads.custom_facts import fact_changes
from leads.documents import live_version
from leads.fact_history import evidence_for
from leads.fact_sheet import Facts, band_facts, handoff_facts
from leads.facts import Fact
from leads.models import Document, Handoff, Version
from leads.offered_facts import facts_of_published
from sla.errors import NoPolicy
from sla.models import Policy, Target

BREACH = 100


class Step(NamedTuple):
    """What is done at a percent of the promised time; "" at the deadline: nobody is told."""

    percent: int
    action: str


@dataclass(frozen=True, slots=True)
class Promise:
    """Something is done within `allowed` of the start event.

    ladder:  its steps, at rising percents of it, the deadline among them.
    goes_on: what earlier reps have used of it counts.
    touches, channels: till how many touches, by how many channels, each next one is asked for.
    urgent: at which percents people are told in their quiet hours too.
    pauses: kinds of pauses in which it stands still.
    """

    kind: str
    measure: str
    allowed: timedelta
    ladder: tuple[Step, ...]
    starts: Target.Start = Target.Start.PASSED
    goes_on: bool = False
    pauses: tuple[str, ...] = ()
    touches: int = 0
    channels: int = 1
    urgent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadyPolicy:
    """A policy with its conditions compiled and its promises by kind."""

    label: str
    conditions: Compiled
    promises: Mapping[str, Promise]


def policy_for(handoff: Handoff, at: datetime) -> tuple[ReadyPolicy, Version]:
    """Return the policy that holds for `handoff` at `at`, and the version of the set it is from.

    Raises NoPolicy if none does, and NothingLive if no set was published by then.
    """
    version = live_version(Document.Kind.POLICIES, at)
    evidence = evidence_for(handoff.lead, at, extra=facts_of(handoff))
    for policy in policies_of(version):
        if policy.conditions.matches(evidence):
            return policy, version
    raise NoPolicy(f"No policy of {version} holds for this handoff. The last needs no conditions.")


def facts_of(handoff: Handoff) -> Facts:
    """Return what policies may ask of a handoff, its band being the best since its opening."""
    return handoff_facts(handoff) | band_facts(handoff.best_band)


def starts_something(start: Target.Start, at: datetime) -> bool:
    """Tell whether any policy of the live set has a promise that starts with `start`. Raises
    NothingLive if no set was published by then.
    """
    policies = policies_of(live_version(Document.Kind.POLICIES, at))
    return any(
        promise.starts == start for policy in policies for promise in policy.promises.values()
    )


def policies_of(version: Version) -> tuple[ReadyPolicy, ...]:
    """Return the policies of a version, in order. A process reads a published one once, and again
    after an attribute was changed. Raises InvalidConditions for a draft that asks what is no fact.
    """
    if version.is_draft:
        return _read(version.pk)
    return _read_once(version.pk, fact_changes(version))


@lru_cache(maxsize=64)
def _read_once(version_id: int, fact_changes: int) -> tuple[ReadyPolicy, ...]:
    return _read(version_id)


def _read(version_id: int) -> tuple[ReadyPolicy, ...]:
    policies = Policy.objects.filter(version=version_id).prefetch_related("targets")
    attributes = facts_of_published()
    return tuple(_ready(policy, attributes) for policy in policies)


def _ready(policy: Policy, attributes: Mapping[str, Fact]) -> ReadyPolicy:
    conditions = compile_conditions(policy.conditions, extra_facts=attributes)
    promises = {target.kind: _promise(target) for target in policy.targets.all()}
    return ReadyPolicy(policy.label, conditions, promises)


def ladder(steps: Iterable[tuple[int, str]]) -> tuple[Step, ...]:
    """Return steps in order, the deadline among them whether anything is done then or not."""
    actions = {BREACH: "", **dict(steps)}
    return tuple(Step(percent, actions[percent]) for percent in sorted(actions))


def _promise(target: Target) -> Promise:
    return Promise(
        target.kind,
        target.measure,
        target.allowed,
        ladder=ladder(target.steps),
        starts=target.start,
        goes_on=target.goes_on,
        pauses=tuple(target.pauses),
        touches=target.touches or 0,
        channels=target.channels,
        urgent=tuple(target.urgent),
    )
