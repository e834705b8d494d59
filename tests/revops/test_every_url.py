"""Every address there is, asked by those who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from feedback import backtest
from leads import inbox
from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import (
    Absence,
    CustomFact,
    Document,
    FitRule,
    IntakeSource,
    Role,
)
from leads.tokens import issue_token
from routing.models import RoutingRule, Territory
from routing.routing import route
from tests.conftest import make_user

# Open to whom nobody knows: signing in, the probes, what prospects see, favicon.
PUBLIC = ("accounts/", "healthz", "readyz", "forms/", "favicon.ico", "setup/first/")
# The API has bearer tokens of its own, and its document tells nothing.
API = "api/v1/"
# What is everybody's own to change.
OWN = ("me/", "notifications/", "accounts/", "setup/first/", "forms/", API)
NOBODY = UUID(int=0)
# There is nothing at these before a check found, a backtest foretold, or a rep qualified or closed
# something; or no longer, once there is an admin.
ABOUT_MORE = (
    *("api/v1/", "setup/first/", "queue/poll/", "queue/<int:pk>/meeting/", "queue/<int:pk>/deal/"),
    "queue/<int:pk>/undo-close/",
    *("criteria/<int:number>/check/leads/", "routing/<int:number>/check/leads/"),
    "criteria/<int:number>/backtest/<str:which>/",
    "sla/policies/<int:number>/closed/<slug:key>/",
)


def walk(patterns, prefix="") -> Iterator[str]:
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from walk(each.url_patterns, path)
        elif isinstance(each, URLPattern):
            yield path


ROUTES = [path for path in walk(get_resolver().url_patterns) if not path.startswith("admin/")]
ROUTES = [path for path in ROUTES if "(?P" not in path]


@pytest.fixture
def addresses(alice, rosa, make_lead, make_handoff, at):
    """Every address, about something that is there: Alice's lead, her absence, a draft …"""
    handoff = make_handoff(make_lead("Clara Nyström"))
    decision = route(handoff, at=at)
    criteria = start_draft(live_version(Document.Kind.CRITERIA, at), by=rosa)
    table = start_draft(live_version(Document.Kind.ROUTING, at), by=rosa)
    calendar = start_draft(live_version(Document.Kind.CALENDAR, at, name="Office hours"), by=rosa)
    policies = start_draft(live_version(Document.Kind.POLICIES, at), by=rosa)
    source = IntakeSource.objects.get(slug="demo-request")
    issue_token(source)
    absence = Absence.objects.create(
        user=alice, starts_at=at, ends_at=database_now() + timedelta(days=1)
    )
    territory = Territory.objects.create(name="DACH", precedence=1, countries=["DE"], rep=alice)
    submission, _ = inbox.receive(
        source, door="manual", payload={"email": "a@b.example"}, body=b"1", at=at, by=rosa
    )
    backtest.start(criteria, months=1, by=rosa, at=at)
    rule = FitRule.objects.filter(version=criteria).first()
    rota_id = alice.rota_memberships.get().rota_id
    attribute = CustomFact.objects.create(slug="plan", type="text", label="Plan")
    by_prefix = {
        "criteria/<int:number>/backtest/<str:which>": f"criteria/{criteria.number}/backtest/gained",
        "criteria/<int:number>/rows/<slug:table>/<str:key>": (
            f"criteria/{criteria.number}/rows/fit/{rule.key}"
        ),
        "criteria/<int:number>": f"criteria/{criteria.number}",
        "routing/<int:number>/rows/<slug:table>": f"routing/{table.number}/rows/rows",
        "routing/<int:number>": f"routing/{table.number}",
        "routing/<int:number>/came/<slug:which>": f"routing/{table.number}/came/passed",
        "routing/before/<slug:why>": "routing/before/missing",
        "routing/rows/<slug:key>/<slug:which>": f"routing/rows/{decision.rule_key}/taken",
        "sla/calendars/<calendar:pages>/<int:number>/arrived/<int:day>/<int:hour>": (
            f"sla/calendars/{calendar.document_id}/{calendar.number}/arrived/1/10"
        ),
        "sla/calendars/<calendar:pages>/<int:number>/rows/<slug:table>": (
            f"sla/calendars/{calendar.document_id}/{calendar.number}/rows/hours"
        ),
        "sla/calendars/<calendar:pages>/<int:number>": (
            f"sla/calendars/{calendar.document_id}/{calendar.number}"
        ),
        "sla/policies/<int:number>": f"sla/policies/{policies.number}",
        "sla/calendars/<calendar:pages>": f"sla/calendars/{calendar.document_id}",
        "leads/new/<uuid:public_id>": f"leads/new/{submission.public_id}",
        "leads/<int:pk>": f"leads/{handoff.lead_id}",
        "leads/<int:pk>/same-person/<int:other>": (
            f"leads/{handoff.lead_id}/same-person/{make_lead('C. Nyström').pk}"
        ),
        "routing/decisions/<int:pk>": f"routing/decisions/{handoff.pk}",
        "handoffs/<int:pk>": f"handoffs/{handoff.pk}",
        "queue/<int:pk>": f"queue/{handoff.pk}",
        "review/<int:pk>": f"review/{handoff.pk}",
        "me/absences/<int:pk>": f"me/absences/{absence.pk}",
        "routing/absences/<int:pk>": f"routing/absences/{absence.pk}",
        "routing/rotas/<int:pk>/leads/<slug:which>": f"routing/rotas/{rota_id}/leads/open",
        "routing/rotas/<int:pk>": f"routing/rotas/{rota_id}",
        "routing/territories/<int:pk>": f"routing/territories/{territory.pk}",
        "routing/territories/<slug:which>": f"routing/territories/{territory.pk}",
        "setup/attributes/<int:pk>": f"setup/attributes/{attribute.pk}",
        "setup/people/<int:pk>": f"setup/people/{alice.pk}",
        "setup/teams/<int:pk>": f"setup/teams/{alice.team_id}",
        "setup/sources/<int:pk>": f"setup/sources/{source.pk}",
        "setup/tokens/<int:pk>": f"setup/tokens/{source.tokens.get().pk}",
        "stages/<slug:key>": "stages/mql",
    }
    others = {
        "pk": 1,
        "public_id": NOBODY,
        "slug": source.slug,
        "table": "fit",
        "key": RoutingRule.objects.first().key,
        "which": "entry",
    }

    def filled(path):
        prefix = max((each for each in by_prefix if path.startswith(each)), key=len, default="")
        path = by_prefix.get(prefix, "") + path[len(prefix) :]
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(others[found[1]]), path)

    return {path: f"/{filled(path)}" for path in ROUTES}


def test_who_is_not_signed_in_is_asked_to(client, addresses):
    for path, address in addresses.items():
        if path.startswith((*PUBLIC, API)):
            continue
        answer = client.get(address)
        if answer.status_code == 405:
            answer = client.post(address)
        assert (path, answer.status_code) == (path, 302)
        assert answer["Location"].startswith("/accounts/login/"), path


def test_a_rep_finds_nothing_of_anothers(client, addresses):
    client.force_login(make_user("Dan", Role.REP))
    for path, address in addresses.items():
        if path.startswith(("leads/<int:pk>", "queue/<int:pk>", "handoffs/", "review/<", "setup/")):
            if path in ("setup/first/",):
                continue
            answer = client.post(address)
            assert (path, answer.status_code in (403, 404, 405)) == (path, True)
            answer = client.get(address)
            assert (path, answer.status_code in (403, 404, 405)) == (path, True)


def test_a_viewer_changes_nothing(client, addresses, vera):
    client.force_login(vera)
    for path, address in addresses.items():
        if not path.startswith((*OWN, "favicon.ico")):
            answer = client.post(address)
            assert (path, answer.status_code in (403, 404, 405)) == (path, True)


def test_nearly_every_one_is_of_something_that_an_admin_or_its_rep_finds(
    client, addresses, rosa, alice
):
    missing = [path for path in addresses if path not in ABOUT_MORE]
    for person in (rosa, alice):
        client.force_login(person)
        missing = [path for path in missing if client.get(addresses[path]).status_code == 404]
    assert missing == []
