"""Real pages in headless Chromium: every test here watches for errors and can ask axe."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

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


@dataclass
class Screen:
    """One page in one window, with what its console said."""

    page: object
    base: str
    errors: list[str] = field(default_factory=list)

    def open(self, path):
        self.page.goto(f"{self.base}{path}")

    def assert_clean(self):
        """Fail on anything in the console, anything axe finds, and a page that scrolls sideways."""
        found = Axe().run(self.page).response["violations"]
        nodes = [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]
        assert nodes == []
        assert self.errors == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def make_screen(browser, live_server):
    """Give a function that opens a window: `make_screen(user, scheme="dark", width=390)`."""
    contexts = []

    def make(user=None, *, scheme="light", width=1440):
        height = 900 if width > 800 else 844
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": height}
        )
        contexts.append(context)
        if user:
            context.add_cookies([session_cookie(user, live_server.url)])
        return watch(Screen(context.new_page(), live_server.url))

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(params=["light-1440", "light-390", "dark-1440", "dark-390"])
def window(request):
    """Both themes at both widths, as arguments for `make_screen`."""
    scheme, width = request.param.split("-")
    return {"scheme": scheme, "width": int(width)}


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
