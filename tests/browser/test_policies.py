"""The policies as marketing ops meet them: trying a lead as if something else had opened it."""

import pytest
from django.db import transaction
from playwright.sync_api import expect


@pytest.fixture
def lead(make_handoff):
    return transaction.atomic(make_handoff)(trigger_key="trial-start").lead


@pytest.mark.parametrize("is_tried", [False, True])
def test_a_lead_is_tried_as_if_they_had_done_what_is_chosen(make_screen, olga, lead, is_tried):
    screen = make_screen(olga)
    screen.open("/sla/policies/1/")
    name = screen.page.locator("#try").get_by_role("link", name=str(lead))
    if is_tried:
        name.click()
        screen.page.get_by_text("As handed over on").wait_for()
    screen.page.get_by_label("As if they").select_option("demo-request")
    if not is_tried:
        name.click()
    expect(screen.page.get_by_text("As if they now: Asked for a demo")).to_be_visible()
    expect(screen.page.get_by_label("As if they")).to_have_value("demo-request")
    screen.assert_clean("#try")
