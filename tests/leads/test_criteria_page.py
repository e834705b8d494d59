"""The criteria as everybody reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads.documents import live_version, publish, start_draft
from leads.fact_history import record_facts
from leads.instants import database_now
from leads.models import Account, Activity, Bands, Document, FitRule, Signal

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(defaults, at):
    return live_version(Document.Kind.CRITERIA, at)


@pytest.fixture
def read(client):
    def get(user, path="/criteria/", **query):
        client.force_login(user)
        return client.get(path, query)

    return get


def signal_view(answer, key):
    signals = [each for group in answer.context["page"].groups for each in group.signals]
    return next(each for each in signals if each.view.key == key)


@pytest.mark.parametrize("who", ["olga", "vera"])
def test_everybody_reads_the_live_criteria(read, live, request, who):
    page = read(request.getfixturevalue(who)).content.decode()
    assert "Employees is between 200 and 2,000" in page
    assert ("Start a draft" in page) is (who == "olga")


def test_before_anything_is_published_it_says_so(read, olga):
    assert "No criteria yet" in read(olga).content.decode()


def test_a_version_that_does_not_exist_is_not_found(read, olga, live):
    assert read(olga, "/criteria/99/").status_code == 404


def test_a_version_of_before_is_still_read(read, olga, live):
    draft = start_draft(live, by=olga)
    FitRule.objects.filter(version=draft, key="size-core").update(label="Middling")
    publish(draft, by=olga, note="Another word", at=database_now())
    assert "Middling" in read(olga).content.decode()
    assert "Middling" not in read(olga, f"/criteria/{live.number}/").content.decode()


def test_marketing_ops_starts_a_draft(client, olga, live):
    client.force_login(olga)
    answer = client.post("/criteria/draft/")
    draft = live.drafts.get()
    assert answer.url == f"/criteria/{draft.number}/"
    assert (draft.created_by, draft.fitrules.count()) == (olga, live.fitrules.count())


@pytest.mark.parametrize("who", ["mona", "alice", "vera"])
def test_others_start_no_draft(client, live, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.post("/criteria/draft/").status_code == 403


# Numbers ------------------------------------------------------------------------------------------
def do(lead, kind, *, days_ago=1, **fields):
    when = database_now() - timedelta(days=days_ago)
    return Activity.objects.create(lead=lead, kind=kind, occurred_at=when, **fields)


def test_a_signal_counts_leads_not_activities(read, olga, live, make_lead):
    ada, bea = make_lead("Ada"), make_lead("Bea")
    for lead in (ada, ada, bea):
        do(lead, "pricing_view")
    do(make_lead("Cid"), "pricing_view", days_ago=91)
    assert signal_view(read(olga), "pricing-view").fires == 2


def test_its_number_opens_those_leads(read, olga, live, make_lead):
    do(make_lead("Ada"), "pricing_view")
    make_lead("Bea")
    found = read(olga, "/leads/", criterion=f"{live.number}:signals:pricing-view")
    assert [lead.name for lead in found.context["leads"]] == ["Ada"]


def test_a_signal_with_a_filter_counts_only_what_passes_it(read, olga, live, make_lead):
    draft = start_draft(live, by=olga)
    pages = Signal.objects.filter(version=draft, key="pricing-view")
    pages.update(where={"plan": "Team", "seats": 5})
    do(make_lead("Ada"), "pricing_view", properties={"plan": "team", "seats": 5})
    do(make_lead("Bea"), "pricing_view", properties={"plan": "team", "seats": 6})
    do(make_lead("Cid"), "pricing_view", properties={"plan": "solo", "seats": 5})
    page = read(olga, f"/criteria/{draft.number}/")
    assert signal_view(page, "pricing-view").fires == 1


def test_what_an_account_did_counts_for_its_leads(read, olga, live, make_lead):
    account = Account.objects.create(name="Lumora Pay", name_key="lumora pay")
    for name in ("Ada", "Bea"):
        make_lead(name, account=account)
    do(None, "pricing_view", account=account)
    assert signal_view(read(olga), "pricing-view").fires == 2


def test_a_rep_reads_the_same_numbers(read, live, make_lead, make_handoff, alice, carol):
    for rep in (alice, carol):
        do(make_handoff(make_lead(), rep=rep).lead, "pricing_view")
    assert signal_view(read(alice), "pricing-view").fires == 2


def test_the_leads_a_fit_rule_holds_for_can_be_listed(read, olga, live, make_lead, at):
    ada = make_lead("Ada")
    record_facts(ada, {"account.employees": 300}, known_from=at)
    record_facts(make_lead("Bea"), {"account.employees": 30}, known_from=at)
    make_lead("Cid")
    found = read(olga, "/leads/", criterion=f"{live.number}:fit:size-core")
    assert [lead.name for lead in found.context["leads"]] == ["Ada"]


@pytest.mark.parametrize("criterion", ["99:fit:size-core", "1:fit:gone", "1:signals:gone"])
def test_a_criterion_that_no_longer_exists_touches_nobody(read, olga, live, make_lead, criterion):
    make_lead("Ada")
    assert list(read(olga, "/leads/", criterion=criterion).context["leads"]) == []


def test_a_criterion_that_is_none_is_refused(read, olga, live):
    assert read(olga, "/leads/", criterion="fit").status_code == 422


@pytest.mark.parametrize("leads", [2, 5])
def test_however_many_leads_the_page_asks_as_often(
    client, olga, live, make_lead, leads, django_assert_num_queries
):
    for _ in range(leads):
        do(make_lead(), "pricing_view")
    client.force_login(olga)
    client.get("/criteria/")
    with django_assert_num_queries(24):
        client.get("/criteria/")


def test_the_page_of_all_leads_calls_rules_by_their_names(client, draft, olga):
    client.force_login(olga)
    page = client.get(f"/criteria/{draft.number}/distribution/").content.decode()
    assert '<th scope="row" dir="auto">200 to 2,000 employees</th>' in page
    assert ">fit:size-core<" not in page


def test_changes_are_told_in_the_editors_words(client, draft, olga):
    Signal.objects.filter(version=draft, decay="half_life").update(half_life_days=3, window_days=9)
    client.force_login(olga)
    page = client.get(f"/criteria/{draft.number}/diff/").content.decode()
    assert "Half-life in days" in page and "Counts for days" in page
    assert "Half life days" not in page and "Window days" not in page


def test_a_summary_keeps_the_letters_of_grades(client, draft, olga):
    Bands.objects.filter(version=draft).update(fit_a=61)
    client.force_login(olga)
    assert "Bands: fit A from 60 to 61" in client.get(f"/criteria/{draft.number}/").content.decode()
