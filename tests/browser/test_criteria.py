"""The criteria as a marketer meets them: reading, changing, colliding, comparing."""

from datetime import timedelta

import pytest
from django.db import transaction

from leads.documents import live_version, start_draft
from leads.fact_history import record_facts
from leads.instants import database_now
from leads.models import Activity, Document, FitRule

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def ada(make_lead, at):
    lead = transaction.atomic(make_lead)("Ada Berg")
    record_facts(lead, {"account.employees": 300, "person.seniority": "vp"}, known_from=at)
    when = database_now() - timedelta(days=1)
    Activity.objects.create(lead=lead, kind="pricing_view", occurred_at=when)
    return lead


@pytest.fixture
def draft(defaults, olga, ada, at):
    draft = start_draft(live_version(Document.Kind.CRITERIA, at), by=olga)
    FitRule.objects.filter(version=draft, key="size-near").update(points=12, label=HOSTILE)
    FitRule.objects.filter(version=draft, key="free-mail").delete()
    return draft


@pytest.fixture
def open_draft(make_screen, draft):
    def open_as(user):
        screen = make_screen(user)
        screen.open(f"/criteria/{draft.number}/")
        screen.page.locator("#n-fit-size-core a").wait_for()  # counted
        return screen

    return open_as


def edit(screen, name="200 to 2,000 employees"):
    screen.page.get_by_label(f"Edit {name}", exact=True).click()
    editor = screen.page.locator(".row-editor")
    editor.wait_for()
    return editor


def test_the_live_criteria(make_screen, vera, ada):
    screen = make_screen(vera)
    screen.open("/criteria/")
    screen.page.locator("#n-fit-size-core a").wait_for()
    screen.assert_clean()


def test_a_draft(open_draft, olga):
    screen = open_draft(olga)
    screen.page.get_by_text("The newest:").wait_for()
    screen.assert_clean()


def test_a_number_is_changed_in_the_table(open_draft, olga, draft):
    screen = open_draft(olga)
    editor = edit(screen)
    editor.get_by_label("Points").fill("35")
    screen.assert_clean(".row-editor")
    editor.get_by_role("button", name="Save to the draft").click()
    screen.page.locator("#fit-size-core ins", has_text="+35").wait_for()


def test_a_condition_is_added_and_a_mistake_mended(open_draft, olga, draft):
    screen = open_draft(olga)
    editor = edit(screen)
    editor.get_by_label("Points").fill("35")
    editor.get_by_role("button", name="And").click()
    facts = editor.get_by_label("What to ask about")
    facts.nth(1).select_option("account.revenue")
    editor.get_by_label("How to compare Revenue").select_option("between")
    editor.get_by_label("Revenue from").fill("5,000,000")
    editor.get_by_label("Revenue to").fill("1,000,000")
    editor.get_by_role("button", name="Save to the draft").click()
    editor.get_by_text("The range is upside down: 5,000,000 is more than 1,000,000.").wait_for()
    assert editor.get_by_label("Points").input_value() == "35"
    screen.assert_clean(".row-editor")
    editor.get_by_label("Revenue to").fill("9,000,000")
    editor.get_by_role("button", name="Save to the draft").click()
    screen.page.locator("#fit-size-core ins", has_text="Revenue is between").wait_for()
    screen.errors.clear()  # Chromium notes the 422


def test_every_kind_of_value_can_be_typed(open_draft, olga):
    screen = open_draft(olga)
    screen.page.locator("#fit").get_by_role("link", name="Rule").click()
    editor = screen.page.locator(".row-editor")
    editor.get_by_label("What to ask about").select_option("person.seniority")
    editor.get_by_label("How to compare Seniority").select_option("is_any_of")
    editor.get_by_label("C-level").check()
    editor.get_by_role("button", name="Or").click()
    editor.get_by_label("What to ask about").nth(1).select_option("account.tech_stack")
    editor.get_by_label("Tech stack: values").fill("Salesforce\nHubSpot")
    editor.get_by_role("button", name="Or").click()
    editor.get_by_label("What to ask about").nth(2).select_option("activity.count")
    editor.get_by_label("Of which activity").select_option("pricing_view")
    assert editor.get_by_label("C-level").is_checked()
    screen.assert_clean(".row-editor")


def test_enter_saves_and_removes_nothing(open_draft, olga, draft):
    screen = open_draft(olga)
    editor = edit(screen)
    editor.get_by_label("Points").fill("36")
    editor.get_by_label("Points").press("Enter")
    screen.page.locator("#fit-size-core ins", has_text="+36").wait_for()
    (rule,) = FitRule.objects.filter(version=draft, key="size-core")
    assert len(rule.conditions[0]) == 1


def test_two_people_meet_in_one_row(open_draft, olga, rosa):
    mine, theirs = open_draft(olga), open_draft(rosa)
    my_editor, their_editor = edit(mine), edit(theirs)
    their_editor.get_by_label("Points").fill("40")
    their_editor.get_by_role("button", name="Save to the draft").click()
    theirs.page.locator("#fit-size-core ins", has_text="+40").wait_for()
    my_editor.get_by_label("Points").fill("35")
    my_editor.get_by_role("button", name="Save to the draft").click()
    mine.page.get_by_text("Rosa changed").wait_for()
    mine.assert_clean(".row-editor")
    mine.page.get_by_role("button", name="Save mine over theirs").click()
    mine.page.locator("#fit-size-core ins", has_text="+35").wait_for()
    mine.errors.clear()  # Chromium notes the 409


def test_a_removed_row_stays_in_sight_below_the_bar(open_draft, olga):
    screen = open_draft(olga)
    screen.page.get_by_label("Remove 200 to 2,000 employees").click()
    row = screen.page.locator("tr:target")
    row.get_by_role("button", name="Put back").wait_for()
    bar = screen.page.locator(".topbar").bounding_box()
    assert row.bounding_box()["y"] >= bar["y"] + bar["height"]


def test_one_lead_before_and_after(open_draft, olga, ada):
    screen = open_draft(olga)
    screen.page.get_by_placeholder("Name or e-mail").fill("ada")
    screen.page.get_by_role("button", name="Find").click()
    screen.page.locator("#one-lead").get_by_role("link", name="Ada Berg").click()
    screen.page.locator("#one-lead").get_by_text("Readiness").wait_for()
    screen.assert_clean("#one-lead")


def test_pages_of_their_own(make_screen, olga, draft):
    screen = make_screen(olga)
    of_the_draft = ["diff/", "distribution/", "discard/", "bands/", "lead/"]
    for path in [f"{draft.number}/{each}" for each in of_the_draft] + ["history/"]:
        screen.open(f"/criteria/{path}")
        screen.assert_clean()


def test_without_javascript_a_rule_is_changed_all_the_same(browser, make_screen, olga, draft):
    cookies = make_screen(olga).page.context.cookies()
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{make_screen().base}/criteria/{draft.number}/rows/fit/size-core/")
    page.get_by_label("What to ask about").select_option("person.seniority")
    page.get_by_role("button", name="Update").click()
    page.get_by_label("How to compare Seniority").select_option("at_least")
    page.get_by_label("Seniority: value").select_option("vp")
    page.get_by_role("button", name="Save to the draft").click()
    assert "Seniority is at least VP" in page.locator("#fit-size-core").inner_text()
    context.close()
