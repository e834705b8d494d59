"""Trying a lead: where it would go, and why nowhere else; nothing is written."""

from __future__ import annotations

import pytest

from leads.documents import live_version, start_draft
from leads.models import Account, AccountDomain, Document, FactSnapshot, Handoff, Stage
from routing.models import Capacity, Decision, RoutingRule, Turn
from tests.tables import count_rows

pytestmark = pytest.mark.django_db
# What the criteria require of whatever opens a handoff.
WHOLE = {"email": "new@globex.example", "company": "Globex", "country": "BR"}


@pytest.fixture
def ops(client, olga, defaults):
    client.force_login(olga)
    return client


def verdicts(answer):
    return [(each.label, each.verdict) for each in answer.context["tried"].asked]


def typed(client, number=1, **fields):
    return client.get(f"/routing/{number}/try/", {"typed": 1, **fields})


def test_one_finds_a_lead_by_name(ops, make_lead):
    ada = make_lead("Ada Berg")
    make_lead("Bo Lund")
    assert ops.get("/routing/1/try/", {"q": "Ada"}).context["offered"] == [ada]


def test_a_lead_on_record_goes_where_its_hand_raise_leads(ops, make_handoff, alice, carol):
    handoff = make_handoff()
    answer = ops.get("/routing/1/try/", {"lead": handoff.lead_id})
    assert verdicts(answer) == [
        ("A deal is running, and they asked for a person: its owner", "failed"),
        ("The account has an owner, and they asked for a person", "failed"),
        ("A named account that asked for a person", "failed"),
        ("Asked for a person", "decided"),
    ]
    page = answer.content.decode()
    assert "Alice is next in rota Inbound." in page
    assert "Account has an owner" in page and "found: no" in page
    assert "not asked any more" in page


def test_what_lacks_a_required_field_goes_to_review_before_any_row(ops, make_handoff, alice, carol):
    lead = make_handoff().lead
    tried = ops.get("/routing/1/try/", {"lead": lead.pk}).context["tried"]
    assert (tried.goes_to, tried.led_to) == ("Review", "Alice")
    missing, refused = (each.why for each in tried.before)
    assert missing.startswith("Missing: ") and "Company country" in missing and not refused
    lacking = typed(ops, opened_by="demo-request", company="Globex", country="DE")
    assert "Missing: Email." in lacking.content.decode()


def test_what_may_not_become_mql_goes_to_review_before_any_row(ops, make_handoff, alice, carol):
    asked = [[{"fact": "account.industry", "op": "is_known"}]]
    Stage.objects.filter(pk="mql").update(entry_criteria=asked)
    lead = make_handoff().lead
    FactSnapshot.objects.create(
        lead=lead, known_from=lead.entered_at, facts={"account.country": "DE"}
    )
    tried = ops.get("/routing/1/try/", {"lead": lead.pk}).context["tried"]
    assert tried.goes_to == "Review"
    assert tried.before[1].why == "Marketing qualified asks for: Industry is known."
    assert (
        typed(ops, **WHOLE).context["tried"].before[1].why
        == "Marketing qualified asks for: Industry is known."
    )


def test_nothing_is_written(ops, make_handoff, alice, carol):
    lead = make_handoff().lead
    ops.get("/routing/1/try/")  # which touches the session
    before = count_rows()
    ops.get("/routing/1/try/", {"lead": lead.pk})
    typed(ops, opened_by="demo-request", company="Globex")
    assert count_rows() == before
    assert not Decision.objects.exists() and not Turn.objects.exists()
    assert Handoff.objects.get().state == Handoff.State.WAITING


def test_who_is_passed_over_is_told_with_the_reason(ops, alice, carol):
    Capacity.objects.create(rep=alice, is_online=False)
    answer = typed(ops, opened_by="demo-request", **WHOLE)
    assert answer.context["tried"].goes_to == "Carol"
    assert "Skipped: Alice takes no leads now" in answer.content.decode()


def test_a_lead_typed_in_belongs_to_its_company_on_record(ops, alice):
    account = Account.objects.create(name="Lumora Pay", owner=alice)
    AccountDomain.objects.create(account=account, domain="lumora.example")
    answer = typed(ops, **WHOLE | {"email": "new@lumora.example", "company": "Lumora Pay"})
    assert answer.context["tried"].goes_to == "Alice"
    assert "owns the account Lumora Pay" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "verdict"), [({"country": "de"}, "nobody"), ({}, "failed")], ids=["DE", "blank"]
)
def test_what_is_typed_is_known_and_what_is_blank_is_not(ops, alice, fields, verdict):
    assert dict(verdicts(typed(ops, **fields)))["A territory's"] == verdict


def test_what_makes_no_sense_is_refused(ops):
    assert typed(ops, employees="many").status_code == 422
    assert typed(ops, country="zz").status_code == 422
    assert typed(ops, opened_by="telepathy").status_code == 422


def test_a_draft_is_asked_as_it_stands(ops, olga, alice, carol, at):
    draft = start_draft(live_version(Document.Kind.ROUTING, at), by=olga)
    RoutingRule.objects.filter(version=draft, key="demo").update(
        outcome="rep", rota=None, rep=carol
    )
    assert typed(ops, draft.number, opened_by="demo-request").context["tried"].led_to == "Carol"
    assert typed(ops, opened_by="demo-request").context["tried"].led_to == "Alice"


def test_it_asks_for_what_else_the_table_asks(ops, olga, at):
    draft = start_draft(live_version(Document.Kind.ROUTING, at), by=olga)
    asked = [[{"fact": "account.is_named", "op": "is_true"}]]
    RoutingRule.objects.filter(version=draft, key="demo").update(conditions=asked)
    form = typed(ops, draft.number).context["form"]
    assert form["account-is_named"].label == "Named account"


def test_a_country_decides_the_region_as_at_intake(ops, olga, at):
    draft = start_draft(live_version(Document.Kind.ROUTING, at), by=olga)
    asked = [[{"fact": "account.region", "op": "is", "value": "emea"}]]
    RoutingRule.objects.filter(version=draft, key="demo").update(conditions=asked)
    label = RoutingRule.objects.get(version=draft, key="demo").label
    told = dict(verdicts(typed(ops, draft.number, country="Germany")))
    assert told[label] != "failed"
    assert dict(verdicts(typed(ops, draft.number, country="US")))[label] == "failed"


def test_another_teams_lead_is_not_found(client, mona, make_lead, make_handoff, alice):
    alice.team = None
    alice.save()
    lead = make_handoff(rep=alice).lead
    client.force_login(mona)
    assert client.get("/routing/1/try/", {"lead": lead.pk}).status_code == 404


def test_a_hostile_name_stays_text(ops, make_lead):
    lead = make_lead("<b>Bobby</b>")
    page = ops.get("/routing/1/try/", {"lead": lead.pk}).content.decode()
    assert "<b>Bobby</b>" not in page and "&lt;b&gt;Bobby" in page
