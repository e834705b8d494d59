"""The check of a version of the criteria: gathers what it looks at, and keeps what it found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache

from leads.bulk_evidence import evenly, evidence_in_bulk
from leads.conditions import Compiled, Condition, Evidence, compile_conditions
from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.criteria_lint import RULES, Finding, StageInUse, lint
from leads.custom_facts import all_attributes
from leads.documents import NothingLive, live_version
from leads.models import BANDS, CustomFact, Document, Lead, Stage, Version
from leads.scoring_rules import Criteria
from routing.table import live_table
from sla.policies import policies_of

# So many leads are looked at, evenly over all: what one in two hundred does is among them.
SAMPLE = 2_000
KEPT_SECONDS = 300
FINAL = (Stage.Key.CUSTOMER, Stage.Key.DISQUALIFIED)


@dataclass(frozen=True)
class CheckReport:
    """What the check says of a version.

    problems:  what forbids publishing; with any, nothing else is looked at.
    looked_at: how many of the `live` leads were in the sample.
    """

    at: datetime
    problems: Sequence[str]
    findings: Sequence[Finding]
    looked_at: int
    live: int

    @property
    def marks(self) -> list[tuple[str, list[tuple[int, str]]]]:
        """The rows that warnings concern, by their id on the page, each with the place of its
        warnings among all, from 1, and what they are called.
        """
        found: dict[str, list[tuple[int, str]]] = {}
        for place, finding in enumerate(self.findings, 1):
            if finding.anchor:
                found.setdefault(finding.anchor, []).append((place, RULES[finding.id].title))
        return list(found.items())


def report_on(version: Version, at: datetime, *, afresh: bool = False) -> CheckReport:
    """Return the check of `version` beside what is live now, at most five minutes old; `afresh`
    does it now.
    """
    name = f"criteria_check:{version.pk}:{version.revision}:{_stamp(at)}"
    kept: CheckReport | None = None if afresh else cache.get(name)
    if kept is None:
        kept = _check(version, at)
        cache.set(name, kept, KEPT_SECONDS)
    return kept


def _stamp(at: datetime) -> str:
    """Return what changes with anything but the leads that the check looks at beside the version:
    the live routing table and policies, the stages, and attributes of one's own.
    """
    live = (Document.Kind.ROUTING, Document.Kind.POLICIES)
    versions = Version.objects.live_at(at).filter(document__kind__in=live).order_by("pk")
    looked_at = [
        list(versions.values_list("pk", flat=True)),
        list(Stage.objects.order_by("pk").values_list()),
        list(CustomFact.objects.order_by("pk").values_list()),
    ]
    return sha256(repr(looked_at).encode()).hexdigest()


def _check(version: Version, at: datetime) -> CheckReport:
    criteria = criteria_of(version)
    ids = list(Lead.objects.live().order_by("pk").values_list("pk", flat=True))
    if problems := criteria_problems(criteria):
        return CheckReport(at, problems, [], 0, len(ids))
    sample = list(evidence_in_bulk(evenly(ids, SAMPLE), at))
    findings = lint(
        criteria, sample, next_steps=next_steps(criteria, at), stages=stages_in_use(criteria)
    )
    return CheckReport(at, [], findings, len(sample), len(ids))


def stages_in_use(criteria: Criteria) -> list[StageInUse]:
    """Return the stages with whether anything ever moves a lead out of them: what opens a handoff
    does out of ML, a longest stay or exit criteria out of the others.
    """
    opens = bool(criteria.hand_raises or criteria.depth_rules or criteria.bands.opens_at)
    return [
        StageInUse(
            stage.key,
            stage.label,
            has_exit=bool(stage.exit_criteria or stage.longest_stay)
            or (stage.key == Stage.Key.ML and opens),
            is_final=stage.key in FINAL,
        )
        for stage in Stage.objects.filter(is_used=True)
    ]


def next_steps(criteria: Criteria, at: datetime) -> dict[str, str]:
    """Return for each band whether it opens a handoff, and the answers of every condition on the
    score in the routing table, the policies and the stages: alike where nothing tells bands apart.
    """
    asked = list(_conditions_on_score(at))
    return {
        band: str([band in criteria.bands.opens_at, *_answers(asked, band, at)]) for band in BANDS
    }


def _answers(asked: Sequence[Condition], band: str, at: datetime) -> list[bool | None]:
    facts = {"score.band": band, "score.fit": band[0], "score.readiness": band[1]}
    evidence = Evidence(facts, (), at)
    return [condition.check(evidence) for condition in asked]


def _conditions_on_score(at: datetime) -> Iterator[Condition]:
    for compiled in (*_of_routing(at), *_of_policies(at), *_of_stages()):
        yield from (each for each in compiled.conditions if each.fact.name.startswith("score."))


def _of_routing(at: datetime) -> list[Compiled]:
    try:
        return [rule.conditions for rule in live_table(at)[1]]
    except NothingLive:
        return []


def _of_policies(at: datetime) -> list[Compiled]:
    try:
        version = live_version(Document.Kind.POLICIES, at)
    except NothingLive:
        return []
    return [policy.conditions for policy in policies_of(version)]


def _of_stages() -> Iterator[Compiled]:
    own = all_attributes()
    for stage in Stage.objects.filter(is_used=True):
        for criteria in (stage.entry_criteria, stage.exit_criteria):
            yield compile_conditions(criteria, extra_facts=own)
