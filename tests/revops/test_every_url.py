"""Every address there is, asked by those who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Absence, Document, IntakeSource, Role
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
    source = IntakeSource.objects.get(slug="demo-request")
    issue_token(source)
    absence = Absence.objects.create(
        user=alice, starts_at=at, ends_at=database_now() + timedelta(days=1)
    )
    territory = Territory.objects.create(name="DACH", precedence=1, countries=["DE"], rep=alice)
    by_prefix = {
        "criteria/<int:number>": criteria.number,
        "routing/<int:number>": table.number,
        "leads/<int:pk>": handoff.lead_id,
        "routing/decisions/<int:pk>": handoff.pk,
        "handoffs/<int:pk>": handoff.pk,
        "queue/<int:pk>": handoff.pk,
        "review/<int:pk>": handoff.pk,
        "me/absences/<int:pk>": absence.pk,
        "routing/absences/<int:pk>": absence.pk,
        "routing/rotas/<int:pk>": alice.rota_memberships.get().rota_id,
        "routing/territories/<int:pk>": territory.pk,
        "setup/people/<int:pk>": alice.pk,
        "setup/teams/<int:pk>": alice.team_id,
        "setup/sources/<int:pk>": source.pk,
        "setup/tokens/<int:pk>": source.tokens.get().pk,
        "rows/<slug:key>": decision.rule_key,
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
        for prefix, value in by_prefix.items():
            placeholder = prefix[prefix.index("<") :]
            path = path.replace(prefix, prefix.replace(placeholder, str(value)))
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(others[found[1]]), path)

    return {path: f"/{filled(path)}" for path in ROUTES}


def test_who_is_not_signed_in_is_asked_to(client, addresses):
    for path, address in addresses.items():
        if path.startswith((*PUBLIC, API)):
            continue
        answer = client.get(address)
        if answer.status_code != 405:
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


def test_what_was_asked_for_is_there(client, addresses, alice):
    client.force_login(alice)
    for path in ("leads/<int:pk>/", "queue/<int:pk>/", "routing/decisions/<int:pk>/"):
        assert (path, client.get(addresses[path]).status_code) == (path, 200)
