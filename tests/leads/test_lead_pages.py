"""The list of leads, its filters and export, one lead, and correcting it."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from leads import handoffs, lifecycle
from leads.activity_series import ActivityRecord, series_of
from leads.correcting import CorrectedFields, EmailTaken, correct
from leads.errors import LostRace
from leads.evidence import Evidence
from leads.fact_history import facts_of, record_facts
from leads.filters import LeadFilter
from leads.forms.corrections import CorrectionForm
from leads.instants import database_now
from leads.lead_page import deals_open_now, score_page
from leads.models import (
    Account,
    Activity,
    FactSnapshot,
    Handoff,
    Identity,
    Lead,
    Opportunity,
    Submission,
)
from leads.places import place_text, read_place
from leads.views import leads as lead_views

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>=cmd"


@pytest.fixture
def as_user(client):
    """Sign `user` in and return the client."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def listed(answer):
    return [lead.name for lead in answer.context["leads"]]


def get_list(client, **query):
    """Ask for the rows alone, as the page does when its filter changes."""
    return client.get("/leads/", query, headers={"HX-Request": "true"})


# Who sees what ------------------------------------------------------------------------------------
def test_a_rep_sees_only_their_own(as_user, make_lead, make_handoff, alice, carol):
    make_handoff(make_lead("Ada"), rep=alice)
    make_handoff(make_lead("Cid"), rep=carol)
    make_lead("Nobody's")
    assert listed(get_list(as_user(alice))) == ["Ada"]


@pytest.mark.parametrize(
    ("who", "own", "waits"), [("alice", 200, 404), ("carol", 404, 404), ("mona", 200, 200)]
)
def test_who_sees_a_lead_that_was_never_handed_over_reads_it(
    as_user, make_lead, alice, request, who, own, waits
):
    client = as_user(request.getfixturevalue(who))
    hers, nobodys = make_lead(owner=alice, queue=None), make_lead()
    for lead, status in ((hers, own), (nobodys, waits)):
        assert client.get(f"/leads/{lead.pk}/").status_code == status


def test_who_manages_no_more_reads_nothing_that_their_team_had(make_handoff, alice, mona, at):
    handoff = make_handoff(rep=alice)
    handoffs.close(handoff, closed_as="recycled", outcome="recycled", reason="-", at=at)
    assert Lead.objects.readable_by(mona).exists()
    mona = type(mona).objects.get(pk=mona.pk)
    mona.groups.clear()
    assert not Lead.objects.readable_by(mona).exists()


def test_a_search_finds_what_one_had_before(as_user, make_lead, make_handoff, alice, carol):
    handoff = make_handoff(make_lead("Zora"), rep=alice)
    how = {"closed_as": "disqualified", "outcome": "rejected", "reason": "No need"}
    handoffs.close(handoff, at=database_now(), by=alice, **how)
    found = get_list(as_user(alice), q="Zora").context
    assert (found["leads"], found["had"]) == ([], [handoff.lead])
    assert get_list(as_user(alice)).context["had"] == []
    assert get_list(as_user(carol), q="Zora").context["had"] == []


def test_a_manager_sees_their_teams_and_the_shared_queues(
    as_user, make_lead, make_handoff, mona, alice, rosa
):
    make_handoff(make_lead("Ada"), rep=alice)
    make_lead("In nurture")
    assert listed(get_list(as_user(mona))) == ["In nurture", "Ada"]


# Filters ------------------------------------------------------------------------------------------
@pytest.fixture
def two(make_lead, make_handoff, at, alice):
    """Ada: passed to Alice, by paid search, in March. Bea: untouched, in February."""
    ada = make_lead("Ada", stage_id="mql", band="A1", origin="paid_search", campaign="Spring")
    make_handoff(ada, rep=alice)
    make_lead("Bea", band="C3", entered_at=at - timedelta(days=20))


def test_each_filter_narrows_the_list(rf, olga, two):
    request = rf.get("/leads/")
    request.user = olga
    for query, names in [
        ({"stage": "mql"}, ["Ada"]),
        ({"band": "C3"}, ["Bea"]),
        ({"origin": "paid_search"}, ["Ada"]),
        ({"origin": "-"}, ["Bea"]),
        ({"campaign": "spring"}, ["Ada"]),
        ({"handoff": "passed"}, ["Ada"]),
        ({"handoff": "none"}, ["Bea"]),
        ({"entered_from": "2026-03-10"}, ["Ada"]),
        ({"entered_to": "2026-02-18"}, ["Bea"]),
        ({"reached": "mql"}, ["Ada"]),
        ({"review": "false"}, ["Ada", "Bea"]),
        ({"closed_as": "recycled"}, []),
        ({"code": "wrong-size"}, []),
    ]:
        found = LeadFilter(query, queryset=Lead.objects.order_by("name"), request=request)
        assert (query, [lead.name for lead in found.qs]) == (query, names)


def test_the_list_holds_what_its_filter_leaves(as_user, olga, two):
    client = as_user(olga)
    assert listed(get_list(client)) == ["Ada", "Bea"]
    assert listed(get_list(client, band="C3")) == ["Bea"]
    assert listed(get_list(client, q="bea")) == ["Bea"]


@pytest.mark.parametrize("address", ["/leads/", "/leads/export.csv"])
def test_a_day_off_the_calendar_is_refused(as_user, olga, defaults, address):
    answer = as_user(olga).get(address, {"entered_from": "0001-01-01", "entered_to": "9999-12-31"})
    assert answer.status_code == 422
    assert list(answer.context["filter"].form.errors) == ["entered_from", "entered_to"]
    assert b"Choose a day" in answer.content


def test_owner_and_team_narrow_the_list(as_user, olga, two, alice):
    client = as_user(olga)
    assert listed(get_list(client, owner=alice.pk)) == ["Ada"]
    assert listed(get_list(client, team=alice.team_id)) == ["Ada"]


def test_a_stage_reached_stays_reached(as_user, olga, make_lead, at):
    lead = make_lead("Ada")
    lifecycle.move(lead, "mql", at=at, reason="Asked")
    lifecycle.move(lead, "ml", at=at, reason="Recycled")
    assert listed(get_list(as_user(olga), reached="mql")) == ["Ada"]


def test_days_are_those_of_the_organisation(as_user, olga, organisation, make_lead, at):
    organisation.zone = "Asia/Tokyo"
    organisation.save()
    make_lead("Late", entered_at=at.replace(hour=16))  # 01:00 on the 11th in Tokyo
    client = as_user(olga)
    assert listed(get_list(client, entered_from="2026-03-11", entered_to="2026-03-11")) == ["Late"]
    assert listed(get_list(client, entered_to="2026-03-10")) == []


def test_a_filter_without_sense_is_refused(as_user, olga, two):
    client = as_user(olga)
    for query in ({"entered_from": "soon"}, {"band": "Z9"}, {"stage": "none"}):
        answer = get_list(client, **query)
        assert (answer.status_code, listed(answer)) == (422, [])


def test_merged_leads_are_left_out(as_user, olga, make_lead):
    left = make_lead("Left")
    make_lead("Gone", merged_into=left)
    assert listed(get_list(as_user(olga))) == ["Left"]


# Pages --------------------------------------------------------------------------------------------
def test_pages_follow_one_another_without_a_gap(as_user, olga, make_lead, at, monkeypatch):
    monkeypatch.setattr(lead_views, "PAGE_SIZE", 2)
    for name, hours in [("First", 1), ("Same 1", 2), ("Same 2", 2), ("Last", 3)]:
        make_lead(name, entered_at=at - timedelta(hours=hours))
    client, seen, query = as_user(olga), [], ""
    while True:
        answer = client.get(f"/leads/?{query}")
        seen += listed(answer)
        query = answer.context["next_query"]
        if not query:
            break
    assert seen == ["First", "Same 2", "Same 1", "Last"]


@pytest.mark.parametrize("text", ["", "x", "%00", "MjAyNi0wMy0xMCAx", "////", "é"])
def test_a_place_that_was_never_written_is_none(text):
    assert read_place(text, numbers=1) is None


def test_a_place_is_read_as_it_was_written(at):
    assert read_place(place_text(at, 7), numbers=1) == (at, (7,))
    assert read_place(place_text(at, 7), numbers=2) is None


def test_the_list_asks_as_much_for_five_as_for_two(
    as_user, olga, make_lead, make_handoff, django_assert_num_queries
):
    client = as_user(olga)
    client.get("/leads/")
    for number in (2, 5):
        for _ in range(Lead.objects.count(), number):
            make_handoff(make_lead())
        with django_assert_num_queries(15):
            assert len(listed(client.get("/leads/"))) == number


def test_htmx_gets_the_rows_alone(as_user, olga, two):
    answer = get_list(as_user(olga))
    assert answer.content.lstrip().startswith(b'<div id="rows">')


# Export -------------------------------------------------------------------------------------------
def exported(client, **query):
    answer = client.get("/leads/export.csv", query)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_the_export_has_what_the_filter_leaves(as_user, olga, two):
    rows = exported(as_user(olga), band="A1")
    assert [(row["Name"], row["Stage"], row["Owner"]) for row in rows] == [
        ("Ada", "Marketing qualified", "Alice")
    ]


def test_the_export_has_only_what_one_may_see(as_user, carol, two):
    assert exported(as_user(carol)) == []


def test_no_exported_cell_is_a_formula(as_user, olga, make_lead):
    starts = ["=", "+", "-", "@", "\t", "\r"]
    for start in starts:
        make_lead(f"{start}cmd|' /C calc'!A0", phone="+4930123456")
    text = as_user(olga).get("/leads/export.csv").getvalue().decode()
    lines = text.split("\r\n", 1)[1]
    assert all(f"'{start}cmd" in lines for start in starts)
    assert lines.count("'+4930123456") == len(starts)


def test_a_filter_without_sense_exports_nothing(as_user, olga, two):
    assert as_user(olga).get("/leads/export.csv?band=Z9").status_code == 422


# One lead -----------------------------------------------------------------------------------------
def test_what_a_stranger_wrote_is_escaped(as_user, olga, make_lead, source, at):
    lead = make_lead(HOSTILE, title=HOSTILE, company=HOSTILE, campaign=HOSTILE)
    record_facts(lead, {"person.reason": HOSTILE, "custom.plan": HOSTILE}, known_from=at)
    Submission.objects.create(
        source=source, door="api", body_sha256="", payload={HOSTILE: HOSTILE}, received_at=at,
        next_attempt_at=at, state="done", lead=lead, processed_at=at,
    )  # fmt: skip
    page = as_user(olga).get(f"/leads/{lead.pk}/").content.decode()
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 6


def test_only_ops_read_what_was_handed_in_as_it_came(as_user, mona, olga, make_lead, source, at):
    lead = make_lead()
    Submission.objects.create(
        source=source, door="api", body_sha256="", payload={"secret": "word"}, received_at=at,
        next_attempt_at=at, state="done", lead=lead, processed_at=at,
    )  # fmt: skip
    assert b"secret" in as_user(olga).get(f"/leads/{lead.pk}/").content
    assert b"secret" not in as_user(mona).get(f"/leads/{lead.pk}/").content


def test_what_nobody_knows_is_shown_as_unknown(as_user, olga, make_lead, at):
    lead = make_lead()
    record_facts(lead, {"account.industry": "fintech"}, known_from=at)
    groups = as_user(olga).get(f"/leads/{lead.pk}/").context["groups"]
    known = {fact.label: fact.value for group in groups for fact in group.facts}
    assert (known["Industry"], known["Employees"]) == ("fintech", None)


def test_the_lines_of_a_score_add_up(defaults, at):
    days = [2, 9, 16, 23]
    did = [ActivityRecord("pricing_view", {}, at - timedelta(days=ago)) for ago in days]
    did += [ActivityRecord("demo_request", {}, at)] * 3
    facts = {"account.employees": 400, "person.seniority": "vp"}
    page = score_page(Evidence(facts, series_of(did, at), at))
    fit, readiness = page.ledgers
    assert (fit.points, readiness.points) == (page.score.fit, page.score.readiness)
    assert readiness.earned - readiness.decayed - readiness.capped == readiness.points
    assert readiness.decayed > 0 and readiness.capped > 0


def test_a_merged_lead_leads_to_the_one_that_is_left(as_user, olga, make_lead):
    left = make_lead("Left")
    between = make_lead("Between", merged_into=left)
    gone = make_lead("Gone", merged_into=between)
    answer = as_user(olga).get(f"/leads/{gone.pk}/")
    assert (answer.status_code, answer.url) == (302, f"/leads/{left.pk}/")


@pytest.mark.parametrize(("days", "said"), [(3, "Rests till"), (-3, "Rested till")])
def test_the_page_says_till_when_a_lead_rests_or_rested(as_user, olga, make_lead, days, said):
    wakes_at = database_now() + timedelta(days=days)
    lead = make_lead(nurture_until=wakes_at.date(), wakes_at=wakes_at)
    page = as_user(olga).get(f"/leads/{lead.pk}/").content.decode()
    assert f"{said} {wakes_at:%-d %b %Y}" in page


def test_a_lead_without_criteria_has_a_page_too(as_user, olga, rosa, make_lead, at):
    lead = make_lead()
    assert as_user(olga).get(f"/leads/{lead.pk}/").status_code == 200


def test_a_leads_page_asks_as_much_for_a_long_story(
    as_user, olga, make_lead, make_handoff, alice, at, django_assert_num_queries
):
    handoff = make_handoff(make_lead(), rep=alice)
    client = as_user(olga)
    client.get(f"/leads/{handoff.lead_id}/")
    for number in (2, 5):
        for n in range(Activity.objects.count(), number):
            Activity.objects.create(lead=handoff.lead, kind="pricing_view", occurred_at=at)
            record_facts(handoff.lead, {"custom.n": n}, known_from=at)
        with django_assert_num_queries(19):
            client.get(f"/leads/{handoff.lead_id}/")


def test_an_open_deal_is_told_as_such(as_user, olga, make_lead, at):
    lead = make_lead()
    page = as_user(olga).get(f"/leads/{lead.pk}/")
    assert 'Open opportunity</dt><dd dir="auto">no' in page.content.decode()
    Opportunity.objects.create(lead=lead, name="Renewal", opened_at=at)
    page = as_user(olga).get(f"/leads/{lead.pk}/").content.decode()
    assert 'Open opportunity</dt><dd dir="auto">yes' in page and "Renewal" in page


def test_a_deal_names_no_lead_that_the_viewer_may_not_see(alice, carol, olga, make_lead, at):
    account = Account.objects.create(name="Shared")
    mine, other = (make_lead(account=account, owner=rep, queue=None) for rep in (alice, carol))
    Opportunity.objects.create(lead=other, opened_at=at)
    named = [deals_open_now(mine, viewer)[0].names_lead for viewer in (alice, carol, olga)]
    assert named == [False, True, True]


def test_who_may_hands_a_lead_over_once(as_user, olga, vera, make_lead, make_handoff):
    lead = make_lead()
    assert b"Hand over" in as_user(olga).get(f"/leads/{lead.pk}/").content
    assert b"Hand over" not in as_user(vera).get(f"/leads/{lead.pk}/").content
    make_handoff(lead)
    assert b"Hand over" not in as_user(olga).get(f"/leads/{lead.pk}/").content


def test_the_page_says_who_in_sales_has_a_lead(as_user, olga, alice, make_handoff):
    handoff = make_handoff(rep=alice, accepted=True)
    page = as_user(olga).get(f"/leads/{handoff.lead_id}/").content.decode()
    assert "Alice has it: Accepted" in page


@pytest.mark.parametrize("stage", ["sql", "opportunity", "customer"])
def test_what_sales_took_on_is_not_offered_again(as_user, olga, alice, make_lead, stage):
    lead = make_lead(stage_id=stage, owner=alice, queue=None)
    page = as_user(olga).get(f"/leads/{lead.pk}/").content.decode()
    assert "Alice has it: " in page
    assert "Hand over" not in page


# Correcting ---------------------------------------------------------------------------------------
@pytest.fixture
def lead(make_lead, at):
    """Clara of Lumora Pay: 50 employees, in software, in Sweden."""
    account = Account.objects.create(
        name="Lumora Pay", name_key="lumora pay", employees=50, industry="software", country="SE"
    )
    account.domains.create(domain="lumora.example")
    lead = make_lead(title="Analyst", account=account)
    facts = {"account.employees": 50, "person.title": "Analyst", "custom.plan": "pro"}
    record_facts(lead, facts, known_from=at - timedelta(days=1))
    return lead


def typed_over(lead, **changes):
    """Return what the form of a correction would send with something typed over it."""
    form = CorrectionForm(lead, at=database_now())
    shown = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in {**shown, **changes}.items()}


def post_correction(client, lead, **changes):
    return client.post(f"/leads/{lead.pk}/correct/", typed_over(lead, **changes))


def test_a_correction_is_known_from_now_on(as_user, olga, lead):
    answer = post_correction(as_user(olga), lead, title="VP Sales", employees=400)
    assert answer.url == f"/leads/{lead.pk}/"
    lead.refresh_from_db()
    snapshot = FactSnapshot.objects.filter(lead=lead).latest("pk")
    assert (lead.title, lead.account.employees, snapshot.by) == ("VP Sales", 400, olga)
    assert snapshot.facts["person.seniority"] == "vp"
    assert snapshot.facts["custom.plan"] == "pro"
    assert lead.reconsider_at == snapshot.known_from


def test_a_companys_facts_are_known_of_all_its_leads_at_once(as_user, olga, lead, make_lead, at):
    same, resting, elsewhere = (make_lead(account=lead.account) for _ in range(3))
    wakes_at = at + timedelta(days=400)
    Lead.objects.filter(pk=resting.pk).update(reconsider_at=wakes_at)
    Lead.objects.filter(pk=elsewhere.pk).update(account=None)
    for each in (same, resting, elsewhere):
        facts = {"account.employees": 50, "custom.n": each.pk}
        record_facts(each, facts, known_from=at - timedelta(days=1))
    post_correction(as_user(olga), lead, employees=400, industry="")
    told = {each: FactSnapshot.objects.filter(lead=each).latest("pk") for each in (same, resting)}
    assert {each.facts["account.employees"] for each in told.values()} == {400}
    assert told[same].facts["custom.n"] == same.pk
    assert "account.industry" not in told[same].facts
    same.refresh_from_db(), resting.refresh_from_db()
    assert (same.reconsider_at, resting.reconsider_at) == (told[same].known_from, wakes_at)
    assert FactSnapshot.objects.filter(lead=elsewhere).count() == 1


def test_a_title_is_no_news_for_the_others_of_a_company(as_user, olga, lead, make_lead, at):
    other = make_lead(account=lead.account)
    record_facts(other, {"account.employees": 50}, known_from=at - timedelta(days=1))
    post_correction(as_user(olga), lead, title="VP Sales")
    assert FactSnapshot.objects.filter(lead=other).count() == 1


def test_what_was_known_before_stays_on_record(as_user, olga, lead, at):
    post_correction(as_user(olga), lead, employees=400)
    assert facts_of(lead, at)["account.employees"] == 50


def test_a_blank_makes_it_unknown(as_user, olga, lead):
    post_correction(as_user(olga), lead, employees="", title="")
    facts = FactSnapshot.objects.filter(lead=lead).latest("pk").facts
    assert facts.keys().isdisjoint({"account.employees", "person.title", "person.seniority"})


def test_a_country_brings_its_region(as_user, olga, lead):
    post_correction(as_user(olga), lead, country="BR")
    lead.account.refresh_from_db()
    assert (lead.account.country, lead.account.region) == ("BR", "latam")


def test_a_new_address_is_the_leads_from_now_on(as_user, olga, lead):
    post_correction(as_user(olga), lead, email="Clara@Lumora.example")
    lead.refresh_from_db()
    assert lead.email == "clara@lumora.example"
    assert Identity.objects.get(value="clara@lumora.example").lead == lead


def test_another_leads_address_is_refused(as_user, olga, lead, make_lead):
    other = make_lead("Other", email="other@lumora.example")
    answer = post_correction(as_user(olga), lead, email="other@lumora.example")
    assert answer.status_code == 422
    assert f"Lead {other.pk} has this" in answer.context["form"].errors["email"][0]
    assert Lead.objects.get(pk=lead.pk).email == lead.email
    assert FactSnapshot.objects.filter(lead=lead).count() == 1


@pytest.mark.parametrize(
    ("name", "value"), [("email", "no address"), ("employees", -1), ("name", "a\x00b")]
)
def test_what_can_not_be_is_refused(lead, at, name, value):
    assert CorrectionForm(lead, typed_over(lead), at=at).is_valid()
    form = CorrectionForm(lead, typed_over(lead, **{name: value}), at=at)
    assert list(form.errors) == [name]


def test_nothing_changed_writes_nothing(as_user, olga, lead):
    post_correction(as_user(olga), lead)
    assert FactSnapshot.objects.filter(lead=lead).count() == 1


def test_the_second_of_two_who_correct_is_told(lead, olga, mona, at):
    seen = FactSnapshot.objects.get(lead=lead).pk
    correct(lead, CorrectedFields(title="CFO"), ["title"], by=mona, at=at, seen=seen)
    with pytest.raises(LostRace, match="Mona told more"):
        correct(lead, CorrectedFields(title="CEO"), ["title"], by=olga, at=at, seen=seen)


def test_the_page_tells_the_second_of_two(as_user, olga, lead, mona, at):
    seen = FactSnapshot.objects.get(lead=lead).pk
    correct(lead, CorrectedFields(title="CFO"), ["title"], by=mona, at=at)
    answer = as_user(olga).post(f"/leads/{lead.pk}/correct/", {"title": "CEO", "seen": seen})
    assert answer.status_code == 409
    assert b"Mona told more about this lead" in answer.content


def test_a_company_of_the_leads_own_domain_is_renamed(lead, olga, at):
    fields = CorrectedFields(company="Lumora", email=lead.email)
    correct(lead, fields, ["company"], by=olga, at=at)
    assert Account.objects.get().name == "Lumora"


def test_a_company_of_another_name_is_another_company(lead, olga, at):
    lead.account.domains.all().delete()
    fields = CorrectedFields(company="Acme", email=lead.email, industry="software")
    moved = correct(lead, fields, ["company"], by=olga, at=at)
    assert (moved.account.name, moved.account.industry) == ("Acme", "")


def test_an_address_is_claimed_or_nothing_happens(lead, make_lead, olga, at):
    make_lead(email="taken@lumora.example")
    with pytest.raises(EmailTaken):
        correct(lead, CorrectedFields(email="taken@lumora.example"), ["email"], by=olga, at=at)
    assert Lead.objects.get(pk=lead.pk).reconsider_at is None


def test_who_types_anothers_address_is_led_to_both(as_user, olga, lead, make_lead):
    other = make_lead(email="taken@lumora.example")
    sent = {"email": "taken@lumora.example", "name": lead.name}
    page = as_user(olga).post(f"/leads/{lead.pk}/correct/", sent)
    assert page.status_code == 422
    assert f"/leads/{lead.pk}/same-person/{other.pk}/" in page.content.decode()


def test_reps_and_viewers_correct_nothing(as_user, vera, lead):
    assert as_user(vera).post(f"/leads/{lead.pk}/correct/", {"title": "x"}).status_code == 403


def test_a_lead_that_is_held_says_till_when(client, olga, make_handoff):
    handoff = make_handoff()
    Handoff.objects.filter(pk=handoff.pk).update(reroute_at=database_now() + timedelta(days=2))
    client.force_login(olga)
    response = client.get(f"/leads/{handoff.lead_id}/")
    till = localtime(response.context["held"].till)
    assert response.content.decode().count(f"till {till:%a} {till.day} {till:%b, %H:%M}") == 2
