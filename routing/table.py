"""The routing table that is live, its rules ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from leads.conditions import Compiled, compile_conditions
from leads.custom_facts import fact_changes
from leads.documents import live_version
from leads.models import Document, Version
from leads.offered_facts import facts_of_published
from routing.models import RoutingRule
from routing.needs import ANYBODY, Needs


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table. Whom it names is kept by id: people and rotas change in place."""

    key: str
    label: str
    conditions: Compiled
    outcome: str
    rota_id: int | None
    rep_id: int | None
    queue_id: int | None
    priority: int
    needs: Needs = ANYBODY

    @property
    def is_fallback(self) -> bool:
        """Whether it asks for nothing: what it takes is what no rule above did."""
        return not self.conditions.groups


def live_table(at: datetime) -> tuple[Version, tuple[Rule, ...]]:
    """Return the table live at `at` and its rules in order. Raises NothingLive if there is none."""
    version = live_version(Document.Kind.ROUTING, at)
    return version, rules_of(version)


def rules_of(version: Version) -> tuple[Rule, ...]:
    """Return the rules that `version` holds. A published one is read once per process, and again
    after an attribute was changed.
    """
    if version.is_draft:
        return _read(version.pk)
    return _read_once(version.pk, fact_changes(version))


@lru_cache(maxsize=32)
def _read_once(version_id: int, fact_changes: int) -> tuple[Rule, ...]:
    return _read(version_id)


def _read(version_id: int) -> tuple[Rule, ...]:
    attributes = facts_of_published()
    return tuple(
        Rule(
            key=row.key,
            label=row.label,
            conditions=compile_conditions(row.conditions, extra_facts=attributes),
            outcome=row.outcome,
            rota_id=row.rota_id,
            rep_id=row.rep_id,
            queue_id=row.queue_id,
            priority=row.priority,
            needs=Needs(
                skills=tuple(row.skills),
                languages=tuple(row.languages),
                at_work=row.off_hours == RoutingRule.OffHours.HOLD,
            ),
        )
        for row in RoutingRule.objects.filter(version=version_id)
    )
