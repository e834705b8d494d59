"""Load what ships with the product. Safe to run again: what is there is left as it is, also what
people gave another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction

from feedback.models import ReasonCode
from leads.documents import publish
from leads.models import (
    Bands,
    ChecklistItem,
    CustomFact,
    DepthRule,
    Disqualifier,
    Document,
    FitRule,
    GroupCap,
    HandRaise,
    Hop,
    IntakeSource,
    Modifier,
    Organisation,
    Queue,
    RequiredField,
    Role,
    Signal,
    Stage,
    User,
    Version,
)
from revops.defaults import definitions, operations
from routing.models import Rota, RoutingRule
from sla.models import CalendarTerms, Policy, Target

NOTE = "As shipped"
Rows = Iterable[Mapping[str, Any]]


@transaction.atomic
def load_defaults(at: datetime) -> None:
    """Load the shipped settings. What needs somebody to answer for it, or the organisation's zone,
    waits until there is an admin: queues, the routing table, office hours.
    """
    Organisation.objects.get_or_create(defaults={"name": "Our company"})
    _load_definitions()
    _load_documents(at)
    owner = User.objects.with_role(Role.ADMIN).order_by("pk").first()
    if owner is not None:
        _load_owned(owner, at)


def _load_definitions() -> None:
    for position, stage in enumerate(definitions.STAGES):
        Stage.objects.get_or_create(key=stage["key"], defaults={**stage, "position": position})
    Hop.objects.get_or_create(key=definitions.HOP["key"], defaults=definitions.HOP)
    for source in operations.SOURCES:
        IntakeSource.objects.get_or_create(slug=source["slug"], defaults=source)
    for attribute in operations.ATTRIBUTES:
        CustomFact.objects.get_or_create(slug=attribute["slug"], defaults=attribute)
    for position, code in enumerate(definitions.REASON_CODES):
        ReasonCode.objects.get_or_create(key=code["key"], defaults={**code, "position": position})


def _load_documents(at: datetime) -> None:
    if version := _first_version(Document.Kind.CRITERIA, "Criteria"):
        _add_criteria(version)
        publish(version, by=None, note=NOTE, at=at)
    if version := _first_version(Document.Kind.POLICIES, "Policies"):
        _add_policies(version)
        publish(version, by=None, note=NOTE, at=at)


def _load_owned(owner: User, at: datetime) -> None:
    for queue in operations.QUEUES:
        Queue.objects.get_or_create(key=queue["key"], defaults={**queue, "owner": owner})
    if version := _first_version(Document.Kind.CALENDAR, operations.CALENDAR):
        zone = Organisation.objects.get().zone
        CalendarTerms.objects.create(version=version, zone=zone, hours=operations.OFFICE_HOURS)
        publish(version, by=None, note=NOTE, at=at)
    if version := _first_version(Document.Kind.ROUTING, "Routing table"):
        review = Queue.objects.get(key="review")
        names = (operations.ROTA, operations.NAMED_ROTA, operations.SEGMENT_ROTA)
        rotas = {name: Rota.objects.get_or_create(name=name)[0] for name in names}
        for position, rule in enumerate(operations.ROUTING_RULES):
            where: dict[str, Any] = {"queue": review} if rule["outcome"] == "queue" else {}
            if name := rule.get("rota"):
                where["rota"] = rotas[name]
            RoutingRule.objects.create(version=version, position=position, **{**rule, **where})
        publish(version, by=None, note=NOTE, at=at)


def _first_version(kind: str, name: str) -> Version | None:
    """Return the first version of a document that is not there yet, or None. A calendar is known by
    its name; of the others there is one, whatever people call it.
    """
    known_by = {"name": name} if kind == Document.Kind.CALENDAR else {}
    document, is_new = Document.objects.get_or_create(
        kind=kind, **known_by, defaults={"name": name}
    )
    return Version.objects.create(document=document, number=1) if is_new else None


def _add_criteria(version: Version) -> None:
    _add_rows(version, FitRule, definitions.FIT_RULES)
    _add_rows(version, Disqualifier, definitions.DISQUALIFIERS)
    _add_rows(version, Signal, definitions.SIGNALS)
    _add_rows(version, Modifier, definitions.MODIFIERS)
    _add_rows(version, HandRaise, definitions.HAND_RAISES)
    _add_rows(version, DepthRule, definitions.DEPTH_RULES)
    _add_rows(version, ChecklistItem, definitions.CHECKLIST)
    for cap in definitions.GROUP_CAPS:
        GroupCap.objects.create(version=version, **cap)
    for field in definitions.REQUIRED_FIELDS:
        RequiredField.objects.create(version=version, **field)
    Bands.objects.create(version=version, **definitions.BANDS)


def _add_policies(version: Version) -> None:
    for position, policy in enumerate(operations.POLICIES):
        row = {name: value for name, value in policy.items() if name != "targets"}
        saved = Policy.objects.create(version=version, position=position, **row)
        Target.objects.bulk_create(Target(policy=saved, **each) for each in policy["targets"])


def _add_rows(version: Version, model: type[models.Model], rows: Rows) -> None:
    model._default_manager.bulk_create(
        model(version=version, position=position, **row) for position, row in enumerate(rows)
    )
