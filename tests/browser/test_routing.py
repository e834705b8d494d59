"""The routing table as marketing ops meet it: reading, changing, checking, trying a lead."""

import pytest
from django.db import transaction
from playwright.sync_api import expect

from leads.documents import live_version, start_draft
from leads.models import Document
from routing.models import Capacity, Rota, RoutingRule

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def draft(defaults, olga, alice, carol, at):
    """A draft with a row that leads to nobody, a changed, a removed and a new one."""
    Capacity.objects.create(rep=alice, skills=["Payments"], languages=["de"])
    draft = start_draft(live_version(Document.Kind.ROUTING, at), by=olga)
    rows = RoutingRule.objects.filter(version=draft)
    rows.filter(key="demo").update(label=HOSTILE, off_hours="hold", languages=["de"], priority=40)
    rows.filter(key="inbound").update(rota=Rota.objects.create(name="East"))
    rows.filter(key="account-owner").delete()
    RoutingRule.objects.create(
        version=draft, key="germans", label="Germans", position=3, outcome="rep", rep=alice,
        conditions=[[{"fact": "account.country", "op": "is", "value": "DE"}]],
    )  # fmt: skip
    return draft


@pytest.fixture
def lead(make_handoff):
    return transaction.atomic(make_handoff)().lead


@pytest.fixture
def open_draft(make_screen, draft, lead):
    def open_as(user):
        screen = make_screen(user)
        screen.open(f"/routing/{draft.number}/")
        screen.page.get_by_text("The newest:").wait_for()
        screen.page.get_by_text("Only errors forbid publishing.").wait_for()
        return screen

    return open_as


def edit(screen, name):
    screen.page.get_by_label(f"Edit {name}", exact=True).click()
    editor = screen.page.locator(".row-editor")
    editor.wait_for()
    return editor


def test_the_live_table(make_screen, vera, lead, alice):
    screen = make_screen(vera)
    screen.open("/routing/")
    screen.page.get_by_text("Only errors forbid publishing.").wait_for()
    screen.assert_clean()


def test_a_draft(open_draft, olga):
    screen = open_draft(olga)
    expect(screen.page.get_by_text(HOSTILE).first).to_be_visible()
    expect(screen.page.locator("#rows-inbound").get_by_text("Empty rota.")).to_be_visible()
    screen.assert_clean()


def test_a_row_asks_for_what_its_outcome_needs(open_draft, olga, draft, alice):
    screen = open_draft(olga)
    editor = edit(screen, "A territory's")
    editor.get_by_label("Goes to").select_option("rep")
    editor.get_by_label("Which rep").select_option("Alice")
    screen.assert_clean(".row-editor")
    editor.get_by_role("button", name="Save to the draft").click()
    expect(screen.page.locator("#rows-territory")).to_contain_text("Alice")
    assert RoutingRule.objects.get(version=draft, key="territory").rep == alice


def test_rows_are_moved_removed_and_put_back_by_keyboard(open_draft, olga, draft):
    page = open_draft(olga).page
    page.get_by_label("Move Germans up").press("Enter")
    expect(page.locator("#rows-germans .handle")).to_contain_text("4")
    expect(page.get_by_label("Move Germans up")).to_be_focused()
    page.get_by_label("Remove Germans", exact=True).press("Enter")
    expect(page.locator("#rows-germans")).to_have_count(0)
    page.locator("#rows-account-owner").get_by_role("button", name="Put back").press("Enter")
    expect(page.get_by_label("Edit The account has an owner", exact=True)).to_be_visible()


def test_rows_are_dragged_to_another_place(open_draft, olga, draft):
    page = open_draft(olga).page
    page.locator("#rows-germans .handle").drag_to(page.locator("#rows-open-opportunity-asked"))
    expect(page.locator("#rows-germans .handle")).to_contain_text("1")
    keys = list(RoutingRule.objects.filter(version=draft).values_list("key", flat=True))
    assert keys[:2] == ["germans", "open-opportunity-asked"]


def test_a_lead_typed_in_is_tried_in_place(open_draft, olga):
    screen = open_draft(olga)
    page = screen.page
    page.get_by_text("Type one in").click()
    page.get_by_label("Country", exact=True).fill("DE")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#try")).to_contain_text("Alice is named by the rule.")
    screen.assert_clean("#try")


def test_pages_of_their_own(make_screen, olga, draft):
    screen = make_screen(olga)
    of_the_draft = ["check/", "try/?typed=1&country=FR", "diff/", "publish/", "rows/rows/demo/"]
    for path in [f"{draft.number}/{each}" for each in of_the_draft] + [
        "upkeep/",
        "rows/demo/taken/",
    ]:
        screen.open(f"/routing/{path}")
        screen.assert_clean()
