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
LOOKS = ("dark", PHONE), ("light", WIDE)
# axe takes long, so nothing is asked twice. Colours follow from an element's tag and classes and
# those of what it stands in: each look is asked about once, on the first page that has it, in each
# theme. All else is the same in both, and at each width unless the element is shown at one alone.
COLOURS = ["color-contrast", "link-in-text-block"]
FIND_LOOKS = """part => {
    const look = each => each ? [look(each.parentElement), each.tagName, each.className,
        each.ariaCurrent, each.ariaInvalid, each.disabled].join(" ") : "";
    const says = each => each.matches("input, select, textarea")
        || [...each.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    shown = [...document.querySelectorAll(part), ...document.querySelectorAll(`${part} *`)]
        .filter(each => each.checkVisibility());
    ofEachLook = new Map(shown.filter(says).map(each => [look(each), each]));
    return [...ofEachLook.keys()];
}"""
ASK_AXE = """async ([part, colours, looks]) => {
    const others = Object.fromEntries(colours.map(rule => [rule, {enabled: false}]));
    const ask = (what, how) => axe.run(what, {...how, resultTypes: ["violations"], preload: false});
    const found = [];
    if (looks.length)
        found.push(await ask(looks.map(look => ofEachLook.get(look)), {runOnly: colours}));
    const unasked = shown.filter(each => !asked.has(each));
    if (unasked.length) found.push(await ask(asked.size ? unasked : part, {rules: others}));
    unasked.forEach(each => asked.add(each));
    return found.flatMap(each => each.violations)
        .map(each => [each.id, each.nodes.map(node => node.target)]);
}"""
# Of each theme, the looks whose colours were asked about.
asked_about = {theme: set() for theme, _ in LOOKS}


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
        self.page.evaluate(f"{AXE_SCRIPT}; var asked = new Set(), shown, ofEachLook")
        for theme, size in LOOKS:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size(size)
            looks = set(self.page.evaluate(FIND_LOOKS, part)) - asked_about[theme]
            found = self.page.evaluate(ASK_AXE, [part, COLOURS, [*looks]])
            assert found == [], (self.page.url, theme, size["width"])
            asked_about[theme] |= looks
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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
