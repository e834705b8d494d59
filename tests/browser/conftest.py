"""Real pages in headless Chromium: every test here watches the console and can ask axe."""

import os
import shutil
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")
HERE = Path(__file__).parent
# Playwright's event loop runs in the thread in which tests reach for the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(
                pytest.mark.skipif(not CHROMIUM, reason="NO CHROMIUM: pages are not looked at")
            )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    quiet = "--no-first-run --disable-background-networking --disable-component-update"
    args = f"--no-sandbox --disable-gpu --disable-quic --disable-sync {quiet}".split()
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": args}


THEMES = ("light", "dark")
SIZES = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})


@dataclass
class Screen:
    """One page in one window, with what its console said."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    def open(self, path):
        self.page.goto(f"{self.base}{path}")

    def assert_clean(self):
        """Fail on what axe finds and on sideways scrolling, in both themes, wide and on a phone."""
        for theme, size in product(THEMES, SIZES):
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size(size)
            assert (theme, size["width"], violations(self.page)) == (theme, size["width"], [])
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]


@pytest.fixture
def make_screen(browser, live_server):
    """Give a function that opens a window, signed in as whom it is given.

    Whatever a window's console complained of fails the test, unless the test cleared `errors`.
    """
    screens = []

    def make(user=None):
        context = browser.new_context(viewport=SIZES[0], reduced_motion="reduce")
        if user:
            context.add_cookies([session_cookie(user, live_server.url)])
        screens.append(watch(Screen(context.new_page(), live_server.url)))
        return screens[-1]

    yield make
    for screen in screens:
        screen.page.context.close()
    assert [screen.errors for screen in screens] == [[]] * len(screens)


def watch(screen):
    screen.page.on("pageerror", lambda error: screen.errors.append(str(error)))
    screen.page.on("console", lambda message: note(message, screen.errors))
    return screen


def note(message, errors):
    if message.type in ("error", "warning"):
        errors.append(message.text)


def session_cookie(user, url):
    client = Client()
    client.force_login(user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}
