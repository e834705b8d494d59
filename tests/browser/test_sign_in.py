import re

import pytest
from playwright.sync_api import expect

from leads.models import User

PASSWORD = "a long enough pass phrase"
CHANGE = "/accounts/password/change/"


@pytest.fixture
def priya(db):
    return User.objects.create_user("priya@kestrel.example", PASSWORD, name="Priya Raman")


def sign_in(page, password):
    page.get_by_label("Email").fill("priya@kestrel.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_signing_in_leads_where_one_wanted_to_go(make_screen, priya):
    screen = make_screen()
    screen.open(CHANGE)
    sign_in(screen.page, PASSWORD)
    expect(screen.page.get_by_role("heading", name="Change your password")).to_be_visible()


def test_the_sign_in_page_is_clean(make_screen):
    screen = make_screen()
    screen.open("/accounts/login/")
    screen.assert_clean()


def test_a_wrong_password_is_said_and_clean(make_screen, priya):
    screen = make_screen()
    screen.open("/accounts/login/")
    sign_in(screen.page, "not this one")
    expect(screen.page.get_by_role("alert")).to_contain_text("not correct")
    screen.assert_clean()


def test_the_other_doors_are_clean(make_screen):
    screen = make_screen()
    for path in ["password/reset/", "password/reset/done/", "inactive/", "signup/"]:
        screen.open(f"/accounts/{path}")
        screen.assert_clean()


def test_the_page_of_a_signed_in_person_is_clean(make_screen, priya):
    screen = make_screen(priya)
    screen.open(CHANGE)
    screen.page.locator("summary[aria-label*='your menu']").click()
    expect(screen.page.get_by_role("button", name="Sign out")).to_be_visible()
    screen.assert_clean()


def test_the_chosen_theme_is_remembered(make_screen, priya):
    screen = make_screen(priya)
    screen.open(CHANGE)
    screen.page.get_by_role("button", name="Light or dark").click()
    screen.page.reload()
    expect(screen.page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_signing_out_is_one_press(make_screen, priya):
    screen = make_screen(priya)
    screen.open(CHANGE)
    screen.page.locator("summary[aria-label*='your menu']").click()
    screen.page.get_by_role("button", name="Sign out").click()
    screen.open(CHANGE)
    expect(screen.page).to_have_url(re.compile("/accounts/login/"))


def test_the_first_admin_finds_the_browsers_zone_chosen(make_screen):
    screen = make_screen()
    screen.open("/setup/first/")
    zone = screen.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(screen.page.get_by_label("Time zone")).to_have_value(zone)
    screen.assert_clean()
