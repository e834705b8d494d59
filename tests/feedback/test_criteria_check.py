"""The check gathers what it needs, is shown as a page and a part of one, and keeps what it found."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from feedback import criteria_check
from feedback.criteria_check import next_steps, report_on
from leads import documents
from leads.bulk_evidence import evenly
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.fact_history import record_facts
from leads.models import Activity, Bands, CustomFact, FitRule, Signal, Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewers(make_lead, at):
    """Two leads that viewed a page."""
    leads = [make_lead("Ada"), make_lead("Bea")]
    for lead in leads:
        Activity.objects.create(lead=lead, kind="page_view", occurred_at=at - timedelta(days=1))
    return leads


def add_views(draft):
    """A second signal for every page view."""
    Signal.objects.create(
        version=draft, key="views", label="Views", kind="page_view", points=1, cap=5, position=99
    )


def check_url(draft):
    return reverse("feedback:criteria_check", args=[draft.number])


def ids(findings):
    return {each.id.removeprefix("criteria.") for each in findings}


def test_what_ships_has_no_error_and_no_fault_of_its_own(live, at):
    report = report_on(live, at)
    assert report.problems == []
    assert ids(report.findings) <= {"stage_without_exit"}


def test_a_rule_that_never_held_of_many_leads_is_found_with_its_row(draft, make_lead, at):
    for number in range(101):
        facts = {"account.employees": 900}
        record_facts(make_lead(f"Lead {number}"), facts, known_from=at - timedelta(days=1))
    FitRule.objects.filter(version=draft).exclude(key="size-core").delete()
    FitRule.objects.create(
        version=draft,
        key="huge",
        label="Huge",
        conditions=[[{"fact": "account.employees", "op": "at_least", "value": 90_000}]],
        points=90,
    )
    found = {(each.id, each.anchor): each.sentence for each in report_on(draft, at).findings}
    assert "none of 101 leads" in found["criteria.never_fires", "fit-huge"]
    assert ("criteria.never_fires", "fit-size-core") not in found


def test_a_doubled_signal_names_its_leads(draft, viewers, at):
    add_views(draft)
    (doubled,) = [
        each for each in report_on(draft, at).findings if each.id == "criteria.counts_twice"
    ]
    assert doubled.anchor == "signals-views"
    assert sorted(doubled.leads) == [lead.pk for lead in viewers]


def test_a_warning_and_its_row_lead_to_one_another(client, draft, viewers, olga):
    add_views(draft)
    client.force_login(olga)
    htmx = {"HX-Request": "true"}
    part = client.get(f"{check_url(draft)}?rows", headers=htmx).content.decode()
    mark = part.partition('<span id="w-signals-views" hx-swap-oob="true">')[2].partition("</span>")[
        0
    ]
    place = mark.partition('href="#')[2].partition('"')[0]
    warning = part.partition(f'id="{place}"')[2].partition("</li>")[0]
    assert f'/criteria/{draft.number}/#signals-views"' in warning and "counts twice" in warning
    page = client.get(f"/criteria/{draft.number}/").content.decode()
    assert '<span id="w-signals-views"></span>' in page
    assert "hx-swap-oob" not in client.get(check_url(draft), headers=htmx).content.decode()


def test_a_broken_draft_shows_its_errors_instead(client, draft, olga, at):
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=[])
    client.force_login(olga)
    page = client.get(check_url(draft)).content.decode()
    assert "This can’t be published." in page and "200 to 2,000 employees" in page


def test_bands_are_told_apart_by_what_opens_and_by_policies(live, at):
    steps = next_steps(criteria_of(live), at)
    assert steps["A1"] == steps["B1"] != steps["A2"]
    assert steps["B2"] == steps["B3"] == steps["C3"] != steps["C1"]


def test_a_line_that_nothing_uses_is_found(draft, at):
    Bands.objects.filter(version=draft).update(opens_at=["A1", "B1", "C1"])
    assert {each.rule for each in report_on(draft, at).findings if each.table == "bands"} == {
        "Fit A and B",
        "Fit B and C",
        "Readiness 2 and 3",
    }


def test_the_check_is_kept_until_the_draft_changes(draft, olga, at, django_assert_num_queries):
    report_on(draft, at)
    with django_assert_num_queries(4):
        report_on(draft, at)
    documents.save_edit(draft, revision=draft.revision, by=olga, at=at)
    draft.refresh_from_db()
    Bands.objects.filter(version=draft).update(fit_a=900)
    assert "threshold_out_of_reach" in ids(report_on(draft, at).findings)


def give_stages_an_exit(by, at):
    Stage.objects.update(longest_stay=timedelta(days=30))


def publish_routing(by, at):
    draft = documents.start_draft(live_version("routing", at), by=by)
    documents.publish(draft, by=by, note="Another table", at=at)


def switch_an_attribute_off(by, at):
    CustomFact.objects.update(is_active=False)


@pytest.mark.parametrize("change", [give_stages_an_exit, publish_routing, switch_an_attribute_off])
def test_the_check_looks_anew_after_a_change_beside_the_draft(draft, olga, at, change):
    CustomFact.objects.create(slug="tier", type="text", label="Tier")
    kept = report_on(draft, at)
    assert report_on(draft, at + timedelta(minutes=1)).at == kept.at
    change(olga, at)
    later = at + timedelta(minutes=2)
    assert report_on(draft, later).at == later


def test_checking_again_looks_anew(client, draft, olga, at):
    report_on(draft, at)
    Bands.objects.filter(version=draft).update(fit_a=900)
    client.force_login(olga)
    assert "out of reach" not in said(client, check_url(draft))
    assert client.post(check_url(draft)).status_code == 302
    assert "Threshold out of reach." in said(client, check_url(draft))
    part = client.post(check_url(draft), headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<section") and "Threshold out of reach." in part


@pytest.mark.parametrize("who", ["alice", "vera"])
def test_who_may_not_edit_has_nothing_checked_again(client, draft, request, who):
    client.force_login(request.getfixturevalue(who))
    assert "Check again" not in client.get(check_url(draft)).content.decode()
    assert client.post(check_url(draft)).status_code == 403


def said(client, url):
    return client.get(url).content.decode().split("Nothing of this kind")[0]


def test_the_fragment_is_the_part_and_the_page_the_whole(client, draft, vera):
    client.force_login(vera)
    part = client.get(check_url(draft), headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<section") and part in client.get(check_url(draft)).content.decode()


def test_another_verb_and_another_number_are_refused(client, draft, olga):
    client.force_login(olga)
    assert client.put(check_url(draft)).status_code == 405
    assert client.get(reverse("feedback:criteria_check", args=[999])).status_code == 404


@pytest.mark.parametrize("number_of_leads", [2, 5])
def test_the_leads_behind_a_finding_in_few_queries(
    client, draft, olga, make_lead, at, number_of_leads, django_assert_max_num_queries
):
    add_views(draft)
    for number in range(number_of_leads):
        lead = make_lead(f"Lead {number}")
        Activity.objects.create(lead=lead, kind="page_view", occurred_at=at)
    report_on(draft, at)
    client.force_login(olga)
    url = reverse("feedback:criteria_check_leads", args=[draft.number])
    with django_assert_max_num_queries(14):
        page = client.get(url, {"of": "criteria.counts_twice:signals-views"})
    assert page.content.decode().count("/leads/") >= number_of_leads
    assert client.get(url, {"of": "criteria.counts_twice:signals-none"}).status_code == 404


def test_a_rep_sees_only_their_own_leads_behind_a_finding(client, draft, alice, make_lead, at):
    add_views(draft)
    Activity.objects.create(lead=make_lead("Not Alice's"), kind="page_view", occurred_at=at)
    client.force_login(alice)
    url = reverse("feedback:criteria_check_leads", args=[draft.number])
    report_on(draft, at)
    page = client.get(url, {"of": "criteria.counts_twice:signals-views"})
    assert "Not Alice" not in page.content.decode()


def test_a_sample_is_even_and_no_larger_than_asked():
    assert evenly([1, 2, 3], 5) == [1, 2, 3]
    assert evenly(list(range(1000)), 4) == [0, 250, 500, 750]


def test_only_so_many_leads_are_looked_at(draft, viewers, make_lead, at, monkeypatch):
    make_lead("Cleo")
    monkeypatch.setattr(criteria_check, "SAMPLE", 2)
    report = report_on(draft, at)
    assert (report.looked_at, report.live) == (2, 3)
