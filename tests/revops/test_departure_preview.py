"""Who would get what somebody has: as it comes then, and nothing is locked or written for it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from leads.instants import database_now
from leads.models import Account, Handoff, Opportunity, Role
from revops.departure_preview import Preview, who_would_get
from revops.departures import let_go
from revops.jobs import run_steps
from routing.models import Capacity, Rota, RotaMember
from tests.conftest import make_user
from tests.routing.conftest import inbound, publish_rules, routed, when  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(inbound):  # noqa: F811
    """A rep in two rotas who takes three a day; one of the rotas goes by the least work."""
    bob = make_user("Bob", Role.REP)
    least = Rota.objects.create(name="Least", method="least_work")
    for rota in (inbound, least):
        RotaMember.objects.create(rota=rota, rep=bob)
    Capacity.objects.create(rep=bob, max_per_day=3)
    return bob


@pytest.fixture
def leaves_much(bob, alice, carol, inbound, publish_rules, make_handoff):  # noqa: F811
    """Alice, whose handoffs lead to both rotas, to an account's owner and to an open deal's."""
    least = Rota.objects.get(name="Least")
    RotaMember.objects.create(rota=least, rep=carol)
    RotaMember.objects.create(rota=inbound, rep=make_user("Dan", Role.REP))
    publish_rules(
        {"outcome": "opportunity_owner", "conditions": when("account.has_open_opportunity", "is_true")},
        {"outcome": "account_owner", "conditions": when("account.has_owner", "is_true")},
        {"outcome": "rota", "rota": least, "conditions": when("handoff.path", "is", "score")},
        {"outcome": "rota", "rota": inbound},
    )  # fmt: skip
    account = Account.objects.create(name="Lumora", owner=alice)
    made = [make_handoff(rep=alice) for _ in range(6)]
    made += [make_handoff(rep=alice, path="score", hand_raised_at=None) for _ in range(5)]
    for each in (made[2], made[7], made[8]):
        each.lead.account = account
        each.lead.save()
    Opportunity.objects.create(lead=made[0].lead, name="Deal", opened_at=made[0].opened_at)
    return alice


def test_it_is_as_it_then_comes_and_locks_and_writes_nothing(leaves_much, carol, rosa):
    at = database_now()
    with CaptureQueriesContext(connection) as asked:
        found = who_would_get(leaves_much, accounts_to=carol, at=at)
    told = [each["sql"] for each in asked.captured_queries]
    assert not [sql for sql in told if " FOR " in sql or "UPDATE" in sql or "INSERT" in sql]
    theirs = list(
        Handoff.objects.filter(owner=leaves_much).order_by("-priority", "opened_at", "pk")
    )
    let_go(leaves_much, by=rosa, at=at, accounts_to=carol)
    run_steps(for_s=20)
    came = Counter(decision.rep or decision.queue for decision in (routed(h, at) for h in theirs))
    assert {each.to: each.handoffs for each in found.shares} == came
    assert len(came) == 3


def test_without_a_live_table_nobody_is_said_to_be_waited_for(alice, make_handoff):
    make_handoff(rep=alice)
    found = who_would_get(alice, accounts_to=None, at=datetime(2020, 1, 1, tzinfo=UTC))
    assert found == Preview([], left_out=1, has_table=False)
    page = render_to_string("setup/_person_leaves_preview.html", {"preview": found})
    assert "No routing table is live" in page and "held" not in page
