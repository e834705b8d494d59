"""The demo's setting made of the shipped defaults, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from feedback.models import ReasonCode
from leads import scoring
from leads.conditions import compile_conditions
from leads.models import Absence, Document, Hop, IntakeSource, Queue, Team, User, Version
from revops.defaults import definitions, operations
from revops.demo.people import HELD_ROW, REGIONS, TEAMS_APART
from revops.demo.setting import Setting
from routing.models import Rota, Territory
from routing.needs import Needs
from routing.table import Rule
from sla.business_time import Schedule
from sla.calendars import WorkingHours
from sla.policies import Promise, ReadyPolicy, ladder

OFFICE = 1


def shipped_criteria() -> scoring.Criteria:
    def rows(plain, listed):
        return tuple(plain(**row) for row in listed)

    bands = {**definitions.BANDS, "opens_at": frozenset(definitions.BANDS["opens_at"])}
    depth = [{"meaningful": 0, "supportive": 0, **each} for each in definitions.DEPTH_RULES]
    return scoring.Criteria(
        fit_rules=rows(scoring.FitRule, definitions.FIT_RULES),
        disqualifiers=rows(scoring.Disqualifier, definitions.DISQUALIFIERS),
        signals=rows(scoring.Signal, [{"where": {}, **each} for each in definitions.SIGNALS]),
        modifiers=rows(scoring.Modifier, definitions.MODIFIERS),
        group_caps=rows(scoring.GroupCap, definitions.GROUP_CAPS),
        hand_raises=rows(scoring.HandRaise, definitions.HAND_RAISES),
        depth_rules=rows(scoring.DepthRule, depth),
        required_fields=rows(scoring.RequiredField, definitions.REQUIRED_FIELDS),
        bands=scoring.Bands(**bands),
    )


def shipped_policies() -> list[ReadyPolicy]:
    return [
        ReadyPolicy(
            policy["label"],
            compile_conditions(policy["conditions"]),
            {
                target["kind"]: Promise(
                    target["kind"],
                    target["measure"],
                    target["allowed"],
                    ladder(zip(target["levels"], target["actions"], strict=True)),
                )
                for target in policy["targets"]
            },
        )
        for policy in operations.POLICIES
    ]


def demo_rules(rotas: Mapping[str, int], review: Queue) -> list[Rule]:
    return [
        Rule(
            key=rule["key"],
            label=rule["label"],
            conditions=compile_conditions(rule["conditions"]),
            outcome=rule["outcome"],
            rota_id=rotas[rule["rota"]] if rule["outcome"] == "rota" else None,
            rep_id=None,
            queue_id=review.pk if rule["outcome"] == "queue" else None,
            priority=rule.get("priority", 0),
            needs=Needs(at_work=rule["key"] == HELD_ROW),
        )
        for rule in operations.ROUTING_RULES
    ]


def version(pk: int, kind: str, name: str) -> Version:
    return Version(pk=pk, number=1, document=Document(pk=pk, kind=kind, name=name))


def unsaved_setting(now: datetime) -> Setting:
    ops = User(pk=1, name="Oliver Grant", email="oliver@brightwater.example", zone="Europe/Berlin")
    queues = {row["key"]: Queue(owner=ops, **row) for row in operations.QUEUES}
    for pk, queue in enumerate(queues.values(), start=1):
        queue.pk = pk
    inbound, reps, rotas, territories, hours = Rota(pk=1, name="Inbound"), [], {}, [], {}
    hours[None] = _hours(OFFICE, "UTC")
    for number, region in enumerate(REGIONS, start=2):
        manager = User(pk=number * 10, name=region.manager)
        team = Team(pk=number, name=region.team, manager=manager)
        people = [
            User(pk=number * 10 + place, name=name, team=team, zone=region.zone)
            for place, name in enumerate(region.reps, start=1)
        ]
        rota = Rota(pk=number, name=region.team)
        rotas[number] = (rota, dict.fromkeys(people, 1))
        territories.append(Territory(name=region.team, countries=region.countries, rota=rota))
        hours |= {rep.pk: _hours(number, region.zone) for rep in people}
        reps += people
    rotas[1] = (inbound, dict.fromkeys(reps, 1))
    for number, (name, weights) in enumerate(TEAMS_APART.items(), start=len(rotas) + 1):
        members = {rep: weights[rep.name] for rep in reps if rep.name in weights}
        rotas[number] = (Rota(pk=number, name=name), members)
    away = Absence(user=reps[2], cover=reps[1], starts_at=now - timedelta(days=3))
    away.ends_at = now + timedelta(days=5)
    return Setting(
        now=now,
        criteria=shipped_criteria(),
        criteria_version=version(11, "criteria", "Criteria"),
        checklist=[],
        policies=shipped_policies(),
        policy_version=version(12, "policies", "Policies"),
        rules=demo_rules({rota.name: pk for pk, (rota, _) in rotas.items()}, queues["review"]),
        table=version(13, "routing", "Routing table"),
        hours=hours,
        queues=queues,
        hop=_hop(),
        sources={row["slug"]: IntakeSource(**row) for row in operations.SOURCES},
        codes={row["key"]: ReasonCode(**row) for row in definitions.REASON_CODES},
        rotas=rotas,
        territories=territories,
        absences=[away],
        reps=reps,
        reviewer=ops,
        packet=lambda *_: {},
    )


def _hop() -> Hop:
    hop = Hop(**definitions.HOP)
    sal = next(stage for stage in definitions.STAGES if stage["key"] == "sal")
    hop.accept_stage = type(hop)._meta.get_field("accept_stage").related_model(**sal)
    return hop


def _hours(pk: int, zone: str) -> WorkingHours:
    schedule = Schedule.from_dict({"tz": zone, "hours": operations.OFFICE_HOURS})
    return WorkingHours(schedule, version(20 + pk, "calendar", zone))
