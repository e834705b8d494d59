from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from leads import handoffs
from leads.documents import publish
from leads.models import Document, FactSnapshot, Handoff, Lead, Role, User, Version
from routing.models import Decision, Rota, RotaMember, RoutingRule
from routing.routing import route
from tests.conftest import make_user

PUBLISHED = datetime(2025, 6, 1, tzinfo=UTC)

PublishRules = Callable[..., Version]
Know = Callable[..., Lead]


def when(fact: str, op: str, value: object = None) -> list[list[dict[str, object]]]:
    condition = {"fact": fact, "op": op}
    return [[condition if value is None else {**condition, "value": value}]]


def routed(handoff: Handoff, at: datetime) -> Decision:
    """Route in a transaction of its own, as the pipeline does."""
    with transaction.atomic():
        return route(handoffs.locked(handoff.pk), at=at)


@pytest.fixture
def inbound(defaults: None) -> Rota:
    return Rota.objects.get(name="Inbound")


@pytest.fixture
def publish_rules(defaults: None) -> PublishRules:
    """Put a table of these rules live; each a dict of fields, its key and label made up."""

    def publish_them(*rules: dict[str, Any]) -> Version:
        document = Document.objects.get(kind=Document.Kind.ROUTING)
        live = document.versions.order_by("-number").first()
        draft = Version.objects.create(document=document, number=live.number + 1, base=live)
        for place, rule in enumerate(rules, 1):
            named = {"key": f"rule-{place}", "label": f"Rule {place}"}
            RoutingRule.objects.create(version=draft, position=place, **{**named, **rule})
        publish(draft, by=None, note="For a test", at=PUBLISHED)
        return draft

    return publish_them


@pytest.fixture
def know(at: datetime) -> Know:
    """Say what is known of a lead."""

    def learn(lead: Lead, **facts: object) -> Lead:
        dotted = {name.replace("__", "."): value for name, value in facts.items()}
        FactSnapshot.objects.create(lead=lead, known_from=at, facts=dotted)
        return lead

    return learn


def add_reps(rota: Rota, *weights: int) -> list[User]:
    """Put new reps with these weights, and nobody else, into `rota`."""
    rota.members.all().delete()
    reps = [make_user(f"Rep{number}", Role.REP) for number in range(1, len(weights) + 1)]
    RotaMember.objects.bulk_create(
        RotaMember(rota=rota, rep=rep, weight=weight)
        for rep, weight in zip(reps, weights, strict=True)
    )
    return reps
