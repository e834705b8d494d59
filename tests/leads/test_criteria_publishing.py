"""History, going back, discarding, and what a draft would do to leads."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.criteria_compare import compare, distribution
from leads.criteria_counts import surveys
from leads.documents import discard, live_version, publish, revert, save_edit, start_draft
from leads.errors import NotPublishable, StaleDraft
from leads.fact_history import record_facts
from leads.instants import database_now
from leads.models import (
    Activity,
    Bands,
    CustomFact,
    Disqualifier,
    Document,
    FitRule,
    Organisation,
    Publication,
    RequiredField,
    Signal,
    Version,
)
from tests.at_once import wait_for_a_lock
from tests.leads.criteria_forms import HTMX

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept(db):
    cache.clear()


@pytest.fixture
def published(draft, rosa):
    """A second version is live, with 35 points where there were 30."""
    FitRule.objects.filter(version=draft, key="size-core").update(points=35)
    publish(draft, by=rosa, note="Size tells more", at=database_now())
    return draft


def live():
    return live_version(Document.Kind.CRITERIA, database_now() + timedelta(seconds=1))


# History ------------------------------------------------------------------------------------------
def test_everybody_reads_who_published_what_and_why(client, published, vera):
    client.force_login(vera)
    page = client.get("/criteria/history/").content.decode()
    assert "Size tells more" in page and "Rosa" in page
    assert f"/criteria/{published.number}/diff/?against={published.base.number}" in page
    assert "Go back to" not in page


def test_who_may_publish_goes_back_with_a_note(client, published, rosa):
    client.force_login(rosa)
    assert "Go back to v1" in client.get("/criteria/history/").content.decode()
    path = f"/criteria/{published.base.number}/go-back/"
    page, old = client.get(path).content.decode(), f'hx-get="/criteria/{published.base.number}'
    assert '<ins dir="auto">+30</ins>' in page
    assert f"{old}/check/" in page and f"{old}/backtest/" in page
    assert client.post(path, {"note": ""}).status_code == 422
    client.post(path, {"note": "It told less"})
    assert live() == published.base
    assert live().publications.first().note


def test_what_is_live_or_was_never_is_not_gone_back_to(client, published, rosa):
    client.force_login(rosa)
    answer = client.post(f"/criteria/{published.number}/go-back/", {"note": "x"}, follow=True)
    assert "is live already" in answer.content.decode()
    second = start_draft(published, by=rosa)
    answer = client.post(f"/criteria/{second.number}/go-back/", {"note": "x"}, follow=True)
    assert "was never published" in answer.content.decode()


@pytest.mark.parametrize("who", ["olga", "mona", "alice", "vera"])
def test_others_do_not_go_back(client, published, request, who):
    Organisation.objects.update(publishers=Organisation.Publishers.ADMINS)
    client.force_login(request.getfixturevalue(who))
    path = f"/criteria/{published.base.number}/go-back/"
    assert {client.get(path).status_code, client.post(path, {"note": "x"}).status_code} == {403}


def test_marketing_ops_do_where_the_organisation_lets_them(client, published, olga):
    assert Organisation.objects.get().publishers == Organisation.Publishers.OPS
    client.force_login(olga)
    client.post(f"/criteria/{published.base.number}/go-back/", {"note": "Back"})
    assert live() == published.base


@pytest.mark.parametrize("times", [1, 3])
def test_a_long_history_asks_as_often(client, published, rosa, times, django_assert_num_queries):
    for _ in range(times):
        publish(start_draft(live(), by=rosa), by=rosa, note="Again", at=database_now())
    client.force_login(rosa)
    client.get("/criteria/history/")
    with django_assert_num_queries(11):
        client.get("/criteria/history/")


def test_what_is_made_live_again_as_it_is_stands_once_in_the_history(client, published, rosa):
    Publication.objects.create(version=live(), at=database_now(), note="The same again")
    client.force_login(rosa)
    entries = client.get("/criteria/history/").context["entries"]
    assert [each.publication.version.number for each in entries] == [2, 1]
    assert entries[0].publication.note != "The same again"


# Discarding ---------------------------------------------------------------------------------------
def test_a_draft_is_discarded_after_showing_what_is_lost(editor, draft):
    FitRule.objects.filter(version=draft, key="size-core").update(points=35)
    path = f"/criteria/{draft.number}/discard/"
    assert "+35" in editor.get(path).content.decode()
    editor.post(path, {"revision": draft.revision})
    assert not Version.objects.filter(pk=draft.pk).exists()


def test_what_was_published_is_not_discarded(editor, draft):
    answer = editor.post(f"/criteria/{draft.base.number}/discard/", follow=True)
    assert "is no draft" in answer.content.decode()
    assert Version.objects.filter(pk=draft.base.pk).exists()


def test_a_draft_that_another_is_built_on_stays(editor, draft, olga):
    start_draft(draft, by=olga)
    confirmed = {"revision": draft.revision}
    answer = editor.post(f"/criteria/{draft.number}/discard/", confirmed, follow=True)
    assert "another draft" in answer.content.decode()


def test_a_draft_that_somebody_edited_since_is_not_discarded(editor, draft, rosa):
    seen = {"revision": draft.revision}
    save_edit(draft, revision=draft.revision, by=rosa, at=database_now())
    FitRule.objects.filter(version=draft, key="size-core").update(points=99)
    answer = editor.post(f"/criteria/{draft.number}/discard/", seen)
    assert (answer.status_code, "+99" in answer.content.decode()) == (409, True)
    assert "Rosa" in answer.content.decode()
    assert Version.objects.filter(pk=draft.pk).exists()


def test_an_edit_after_a_draft_was_read_keeps_it(draft, rosa):
    save_edit(draft, revision=draft.revision, by=rosa, at=database_now())
    with pytest.raises(StaleDraft):
        discard(draft)


def test_the_number_of_a_discarded_draft_is_not_given_again(draft, olga):
    number, base = draft.number, draft.base
    discard(draft)
    assert start_draft(base, by=olga).number == number + 1


@pytest.mark.django_db(transaction=True)
def test_what_somebody_builds_on_at_the_same_moment_stays(draft, olga):
    said = []

    def let_go():
        with pytest.raises(NotPublishable) as refused:
            discard(Version.objects.get(pk=draft.pk))
        said.append(str(refused.value))
        connection.close()

    with transaction.atomic():
        start_draft(draft, by=olga)
        thread = threading.Thread(target=let_go)
        thread.start()
        wait_for_a_lock()
    thread.join()
    assert "another draft" in said[0]


@pytest.mark.parametrize("who", ["mona", "alice", "vera"])
def test_others_discard_nothing(client, draft, request, who):
    client.force_login(request.getfixturevalue(who))
    assert client.post(f"/criteria/{draft.number}/discard/").status_code == 403


# One lead -----------------------------------------------------------------------------------------
@pytest.fixture
def ada(make_lead, at):
    lead = make_lead("Ada Berg")
    facts = {"account.employees": 300, "person.seniority": "vp", "person.function": "sales"}
    record_facts(lead, facts, known_from=at)
    when = database_now() - timedelta(days=1)
    for kind in ("pricing_view", "pricing_view", "page_view"):
        Activity.objects.create(lead=lead, kind=kind, occurred_at=when)
    return lead


def test_the_lines_of_both_sum_to_their_scores(draft, ada):
    FitRule.objects.filter(version=draft, key="size-core").update(points=1)
    FitRule.objects.filter(version=draft, key="seniority-decides").delete()
    Signal.objects.filter(version=draft, key="pricing-view").update(points=3, cap=5)
    found = compare(ada, draft.base, draft, database_now())
    for ledger in found.ledgers:
        before = sum(line.before for line in ledger.lines) + ledger.others_sum
        after = sum(line.after for line in ledger.lines) + ledger.others_sum
        assert (before, after) == (ledger.before, ledger.after)
    fit, readiness = found.ledgers
    assert (fit.after, readiness.after) == (found.after.fit, found.after.readiness)
    assert fit.before - fit.after == 29 + 20


def test_another_band_and_what_it_opens_is_told(editor, draft, ada):
    Bands.objects.filter(version=draft).update(fit_a=10, fit_b=5, readiness_1=1, readiness_2=0)
    answer = editor.get(f"/criteria/{draft.number}/lead/", {"lead": ada.pk})
    found = answer.context["comparison"]
    assert (found.after.band, found.opens) == ("A1", True)
    assert "Ada Berg" in answer.content.decode()


def test_a_hand_raise_opens_whatever_the_band(draft, ada):
    Bands.objects.filter(version=draft).update(opens_at=[])
    Activity.objects.create(lead=ada, kind="demo_request", occurred_at=database_now())
    assert compare(ada, draft.base, draft, database_now()).opens


def test_whom_a_draft_rules_out_it_hands_over_no_more(editor, draft, ada):
    is_vp = [[{"fact": "person.seniority", "op": "is", "value": "vp"}]]
    Disqualifier.objects.create(version=draft, key="vp", label="VPs", conditions=is_vp)
    Activity.objects.create(lead=ada, kind="demo_request", occurred_at=database_now())
    answer = editor.get(f"/criteria/{draft.number}/lead/", {"lead": ada.pk})
    found = answer.context["comparison"]
    assert (found.opened, found.opens) == (True, False)
    assert "would be ruled out" in answer.content.decode()


def test_a_lead_is_found_by_name_or_address(editor, draft, ada, make_lead):
    make_lead("Bea")
    for words in ("ada", ada.email):
        answer = editor.get(f"/criteria/{draft.number}/lead/", {"q": words})
        assert answer.context["offered"][0] == ada


def test_a_rep_tries_only_leads_they_see(client, draft, ada, alice):
    client.force_login(alice)
    path = f"/criteria/{draft.number}/lead/"
    assert client.get(path, {"lead": ada.pk}).status_code == 404
    assert client.get(path, {"q": "ada"}).context["offered"] == []


def test_a_draft_that_asks_a_fact_that_is_gone_says_so(editor, draft, ada):
    gone = [[{"fact": "custom.gone", "op": "is_known"}]]
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=gone)
    for part in ("lead/", "distribution/"):
        answer = editor.get(f"/criteria/{draft.number}/{part}", {"lead": ada.pk})
        assert "“custom.gone” does not exist" in answer.content.decode()
    assert editor.get(f"/criteria/{draft.number}/").status_code == 200


# All leads ----------------------------------------------------------------------------------------
def test_all_leads_are_counted_under_both(draft, ada, make_lead):
    make_lead("Bea")
    Bands.objects.filter(version=draft).update(fit_a=61)
    found = distribution(draft.base, draft, database_now())
    moved = {each.band: each.change for each in found.bands if each.change}
    assert found.moved == sum(abs(change) for change in moved.values()) / 2 == 1
    assert sum(each.after for each in found.charts[0][2].bins) == 2
    assert found.after.held_for["fit:size-core"] == 1


def test_an_edit_is_counted_at_once(draft, ada, olga):
    at = database_now()
    (before,) = surveys([draft], at)
    FitRule.objects.filter(version=draft, key="size-core").update(points=99)
    Version.objects.filter(pk=draft.pk).update(revision=2)
    draft.refresh_from_db()
    (after,) = surveys([draft], at)
    assert after.leads[0].fit - before.leads[0].fit == 69


def test_above_a_limit_every_second_lead_is_asked(draft, make_lead, monkeypatch):
    monkeypatch.setattr("leads.criteria_counts.MOST_SURVEYED", 2)
    for _ in range(4):
        make_lead()
    (survey,) = surveys([draft], database_now())
    assert (survey.every, len(survey.leads)) == (2, 2)


def test_a_number_of_the_chart_opens_its_leads(editor, draft, ada, make_lead):
    make_lead("Bea")
    page = editor.get(f"/criteria/{draft.number}/distribution/").context["found"]
    full = next(each for each in page.charts[0][2].bins if each.low > 0 and each.after)
    criterion = f"{draft.number}:fit-points:{full.span}"
    found = editor.get("/leads/", {"criterion": criterion}, headers=HTMX).context["leads"]
    assert found == [ada]


def test_a_number_that_no_version_can_have_is_refused(editor):
    for number in ("9" * 19, "9" * 5000):
        answer = editor.get("/leads/", {"criterion": f"{number}:fit:size-core"}, headers=HTMX)
        assert answer.context["filter"].form.errors.keys() == {"criterion"}
    answer = editor.get("/leads/", {"criterion": f"{number}:fit:size-core"})
    assert "Follow a number on the criteria page" in answer.content.decode()


def test_a_draft_that_asks_a_switched_off_attribute_is_told_its_name(draft):
    CustomFact.objects.create(slug="tier", type="text", label="Tier", is_active=False)
    gone = [[{"fact": "custom.tier", "op": "is_known"}]]
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=gone)
    RequiredField.objects.create(version=draft, path="any", fact="custom.tier")
    said = " ".join(criteria_problems(criteria_of(draft)))
    assert "Tier was switched off; choose another" in said
    assert "The required field Tier was switched off" in said


def test_a_draft_that_asks_a_switched_off_attribute_lists_no_leads(editor, draft, ada):
    CustomFact.objects.create(slug="tier", type="text", label="Tier", is_active=False)
    gone = [[{"fact": "custom.tier", "op": "is_known"}]]
    FitRule.objects.filter(version=draft, key="size-core").update(conditions=gone)
    asked = {"criterion": f"{draft.number}:fit:size-core"}
    answer = editor.get("/leads/", asked, headers=HTMX)
    assert (answer.status_code, answer.context["leads"]) == (200, [])


def test_the_part_brings_the_counts_into_the_table(editor, draft, ada):
    path = f"/criteria/{draft.number}/distribution/"
    part = editor.get(path, headers=HTMX).content.decode()
    assert 'id="n-fit-size-core" hx-swap-oob="true"' in part
    assert "hx-swap-oob" not in editor.get(path).content.decode()


@pytest.mark.parametrize("leads", [2, 5])
def test_however_many_leads_it_asks_as_often(
    editor, draft, make_lead, leads, django_assert_num_queries
):
    for _ in range(leads):
        make_lead()
    editor.get(f"/criteria/{draft.number}/distribution/")  # what is live is read once for all
    cache.clear()
    with django_assert_num_queries(60):
        editor.get(f"/criteria/{draft.number}/distribution/")


def test_what_is_published_after_another_is_live_or_refused(defaults, rosa, at):
    """However early whoever waited for the other had asked what time it is."""
    base = live_version(Document.Kind.CRITERIA, at)
    first, second = start_draft(base, by=rosa), start_draft(base, by=rosa)
    publish(first, by=rosa, note="First", at=at + timedelta(seconds=2))
    with pytest.raises(NotPublishable, match="is live now"):
        publish(second, by=rosa, note="Second", at=at)
    revert(base, by=rosa, note="Back", at=at)
    assert live_version(Document.Kind.CRITERIA, at + timedelta(hours=1)) == base
