"""What forbids making a version of the policies live, and what can hardly be meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from leads.admin.rows import fallback_problems
from leads.conditions import InvalidConditions
from leads.models import Stage, Version
from leads.percents import PERCENT
from sla.ladders import not_backed
from sla.models import Policy, Target
from sla.models.promises import in_a_sentence
from sla.policies import BREACH, policies_of

# What a rep or reviewer who is late with would hear of first.
EXPECTED = (Target.Kind.FIRST_RESPONSE, Target.Kind.ACCEPT, Target.Kind.FIRST_TOUCH)


def problems_of(version: Version, at: datetime) -> list[str]:
    """Return what forbids making `version` live, each as a sentence for the user."""
    policies = _policies(version)
    idle = [policy for policy in policies if not policy.targets.all()]
    return [
        *fallback_problems(policies),
        *(f"“{policy}” promises nothing: give it a promise." for policy in idle),
        *_unreadable(version),
    ]


def warnings_of(version: Version) -> list[str]:
    """Return what can hardly be meant, each as a sentence. It forbids nothing."""
    policies = _policies(version)
    about = [sentence for policy in policies for sentence in _about(policy)]
    return [*about, *_first_told_late(policies), *_escalated_to_admins(policies)]


def _policies(version: Version) -> list[Policy]:
    return list(Policy.objects.filter(version=version).prefetch_related("targets"))


def _escalated_to_admins(policies: Iterable[Policy]) -> Iterator[str]:
    told = {
        action for policy in policies for each in policy.targets.all() for action in each.actions
    }
    if Target.Action.TELL_MANAGER in told and (names := not_backed()):
        yield f"A RevOps admin hears what is told to the manager for {', '.join(names)}."


def _first_told_late(policies: Iterable[Policy]) -> Iterator[str]:
    """Yield of whom nobody hears before the prospect has waited for too long."""
    late = [
        f"“{policy}”"
        for policy in policies
        for target in policy.targets.all()
        if target.kind == Target.Kind.FIRST_RESPONSE and not _is_told_before(target)
    ]
    if late:
        no_step = f"no step below 100{PERCENT} tells anybody"
        yield f"Nobody is told before a first response is due by {_listed(late)}: {no_step}."


def _unreadable(version: Version) -> list[str]:
    try:
        policies_of(version)
    except InvalidConditions as invalid:
        return [str(message) for message in invalid.messages]
    return []


def _about(policy: Policy) -> Iterator[str]:
    promised = {Target.Kind(target.kind): target for target in policy.targets.all()}
    missing = [kind for kind in EXPECTED if kind not in promised]
    if promised and missing:
        yield f"“{policy}” promises nothing about {_named(missing)}."
    accept, touch = promised.get(Target.Kind.ACCEPT), promised.get(Target.Kind.FIRST_TOUCH)
    if accept and touch and _is_sooner(touch, accept):
        yield f"“{policy}” asks for the first touch before the answer is due."
    if touch and touch.goes_on and Target.Action.REASSIGN in touch.actions:
        yield f"“{policy}” passes on a late first touch that goes on: nobody has time left for it."
    if unheard := [kind for kind in promised if not _is_told_late(promised[kind])]:
        yield f"“{policy}” tells nobody who misses {_named(unheard)}."
    if Target.Kind.STAY_SAL in promised and not Stage.objects.get(key=Stage.Key.SAL).is_used:
        yield f"“{policy}” promises {_named([Target.Kind.STAY_SAL])}, a stage that is left out."


def _named(kinds: Iterable[Target.Kind]) -> str:
    return _listed([in_a_sentence(kind.label) for kind in kinds])


def _listed(names: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _is_told_late(target: Target) -> bool:
    return any(percent >= BREACH for percent in target.told_at)


def _is_told_before(target: Target) -> bool:
    return any(percent < BREACH for percent in target.told_at)


def _is_sooner(one: Target, other: Target) -> bool:
    alike = one.measure == other.measure and one.start == other.start
    return alike and one.allowed < other.allowed
