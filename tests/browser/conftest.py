"""Real pages in headless Chromium: every test here watches the console and can ask axe."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from playwright.sync_api import Page

from devstack.browser import find_browser

CHROMIUM = find_browser()
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


WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# What is asked about colours takes longer than everything else together. They are the same at each
# width and the dark theme changes them alone; in a table, rows from the fourth on look like others.
COLOURS = ["color-contrast", "link-in-text-block"]
ABOUT_COLOURS = {"runOnly": {"type": "rule", "values": COLOURS}}
ABOUT_THE_REST = {"rules": {name: {"enabled": False} for name in COLOURS}}
ROWS_ALIKE = "tbody tr:nth-child(n+4)"
LOOKS = (
    ("dark", PHONE, [ABOUT_COLOURS]),
    ("light", PHONE, [ABOUT_THE_REST]),
    ("light", WIDE, [ABOUT_COLOURS, ABOUT_THE_REST]),
)


@dataclass
class Screen:
    """One page in one window, with what its console said."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    def open(self, path):
        self.page.goto(f"{self.base}{path}")

    def assert_clean(self, part="html"):
        """Fail on what axe finds and on sideways scrolling, in both themes, wide and on a phone.

        part: what of the page to ask about, where another test asks about all of it.
        """
        self.page.evaluate(AXE_SCRIPT)
        for theme, size, questions in LOOKS:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size(size)
            found = [each for asked in questions for each in violations(self.page, part, asked)]
            assert (theme, size["width"], found) == (theme, size["width"], [])
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def violations(page, part, asked):
    """Return what axe finds within `part` of a page that has its script."""
    where = {"include": [part], "exclude": [ROWS_ALIKE] if asked is ABOUT_COLOURS else []}
    found = page.evaluate(
        "([where, options]) => axe.run(where, options).then(results => results.violations)",
        [where, {"resultTypes": ["violations"], **asked}],
    )
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]


@pytest.fixture(scope="session")
def windows(browser):
    """Windows that one test after another uses: a new one would fetch all static files again."""
    return []


@pytest.fixture
def make_screen(browser, live_server, windows):
    """Give a function that opens a page, signed in as whom it is given, in a window of its own.

    apart: in a window that no other test uses afterwards, for what can't be undone.
    Whatever a page's console complained of fails the test, unless the test cleared `errors`.
    """
    screens, apart_from_others = [], []

    def new_window():
        return browser.new_context(viewport=WIDE, reduced_motion="reduce")

    def make(user=None, *, apart=False):
        if apart:
            apart_from_others.append(window := new_window())
        else:
            used = {screen.page.context for screen in screens}
            if not (free := [each for each in windows if each not in used]):
                windows.append(new_window())
            window = (free or windows)[-1]
        if user:
            window.add_cookies([session_cookie(user, live_server.url)])
        screens.append(watch(Screen(window.new_page(), live_server.url)))
        return screens[-1]

    yield make
    # Before they are left: a request that leaving breaks off is no fault of the page.
    complaints = [[*screen.errors] for screen in screens]
    for screen in screens:
        leave(screen)
    for window in apart_from_others:
        window.close()
    assert complaints == [[]] * len(screens)


def leave(screen):
    """Close the page and have its window forget who was signed in and what was chosen."""
    window = screen.page.context
    browser_itself = window.new_cdp_session(screen.page)
    kept = {"origin": screen.base, "storageTypes": "local_storage"}
    browser_itself.send("Storage.clearDataForOrigin", kept)
    screen.page.close()
    window.clear_cookies()


def watch(screen):
    screen.page.on("pageerror", lambda error: screen.errors.append(str(error)))
    screen.page.on("console", lambda message: note(message, screen.errors))
    return screen


# What htmx says of a request that a newer one took the place of; one that failed says sendError.
OVERTAKEN = ("htmx:afterRequest", "htmx:sendAbort")


def note(message, errors):
    if message.type in ("error", "warning") and not message.text.startswith(OVERTAKEN):
        errors.append(message.text)


def session_cookie(user, url):
    client = Client()
    client.force_login(user)
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}
