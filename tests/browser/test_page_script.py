import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from playwright.sync_api import expect

from leads.countdown import overdue_text, seconds_text
from leads.models import User
from leads.templatetags.handoff import countdown_tag

# A page of every signed-in person, made of base.html.
PAGE = "/accounts/password/change/"
SECONDS = [0, 59, 60, 3599, 3600, 3661, 172_799, 172_800, 300_000]


@pytest.fixture
def priya(db):
    return User.objects.create_user("priya@kestrel.example", name="Priya Raman")


@pytest.fixture
def screen(make_screen, priya):
    screen = make_screen(priya)
    screen.open(PAGE)
    return screen


def add_html(screen, html):
    screen.page.evaluate(
        "html => document.querySelector('main').insertAdjacentHTML('afterbegin', html)", html
    )


def add_countdown(screen, *, seconds_left, whole):
    at = timezone.now()
    due_at = at + timedelta(seconds=seconds_left)
    clock = SimpleNamespace(started_at=due_at - whole, due_at=due_at, stopped_at=None)
    context = countdown_tag(clock, at, word="to accept", name="Ana Kovač")
    add_html(screen, render_to_string("_countdown.html", context))


def test_browser_and_server_write_times_alike(screen):
    assert screen.page.evaluate("all => all.map(each => secondsText(each))", SECONDS) == [
        seconds_text(seconds) for seconds in SECONDS
    ]
    assert screen.page.evaluate("all => all.map(each => overdueText(each))", SECONDS) == [
        overdue_text(timedelta(seconds=seconds)) for seconds in SECONDS
    ]


def test_browser_and_server_write_working_time_alike(screen):
    write = "all => all.map(each => [secondsText(each, true), overdueText(each, true)])"
    assert screen.page.evaluate(write, SECONDS) == [
        [
            seconds_text(seconds, is_working=True),
            overdue_text(timedelta(seconds=seconds), is_working=True),
        ]
        for seconds in SECONDS
    ]


def test_what_is_late_counts_on_in_its_own_time(screen):
    at = timezone.now()
    clock = SimpleNamespace(
        started_at=at - timedelta(days=9), due_at=at - timedelta(days=4), stopped_at=None
    )
    closed = timedelta(days=1, hours=-1)
    context = countdown_tag(clock, at, word="to accept", closed=closed, measure="working")
    add_html(screen, render_to_string("_countdown.html", context))
    screen.page.evaluate("tick()")
    expect(screen.page.locator(".cd time")).to_have_text("+73h")


def test_a_countdown_runs_out_and_is_announced_once(screen):
    add_countdown(screen, seconds_left=3, whole=timedelta(seconds=100))
    expect(screen.page.locator(".cd")).to_have_class("cd cd-urgent")
    expect(screen.page.locator(".cd")).to_have_class("cd cd-missed")
    expect(screen.page.locator(".cd")).to_contain_text("missed")
    expect(screen.page.locator("#announce")).to_have_text("Ana Kovač: missed")


def test_a_wrong_clock_on_the_desk_does_not_matter(make_screen, priya):
    screen = make_screen(priya)
    screen.page.add_init_script("const right = Date.now; Date.now = () => right() - 3 * 3600e3")
    screen.open(PAGE)
    add_countdown(screen, seconds_left=1200, whole=timedelta(hours=1))
    expect(screen.page.locator(".cd")).to_contain_text("19:5")


def test_a_question_mark_lists_the_keys(screen):
    screen.page.keyboard.press("?")
    expect(screen.page.get_by_role("dialog")).to_contain_text("Search leads")
    screen.assert_clean()


def test_a_key_presses_its_button_but_not_while_typing(screen):
    add_html(screen, '<a data-key="1,a" href="#accepted">Accept</a>')
    screen.page.locator("main input[type=password]").first.press("a")
    assert not screen.page.url.endswith("#accepted")
    screen.page.locator("body").press("Escape")
    screen.page.evaluate("document.activeElement.blur()")
    screen.page.keyboard.press("Control+a")
    assert not screen.page.url.endswith("#accepted")
    screen.page.keyboard.press("a")
    assert screen.page.url.endswith("#accepted")


def test_two_keys_one_after_another(screen):
    add_html(
        screen, '<a data-key="g q" href="#queue">Queue</a><a data-key="q" href="#quit">Quit</a>'
    )
    screen.page.keyboard.press("g")
    screen.page.keyboard.press("q")
    assert screen.page.url.endswith("#queue")


def test_the_first_key_waits_for_the_second_and_another_one_does_nothing(screen):
    add_html(screen, '<a data-key="g q" href="#queue">Queue</a><a data-key="a" href="#yes">Yes</a>')
    page = screen.page
    page.keyboard.press("g")
    expect(page.locator("#hint")).to_contain_text("G, then")
    page.wait_for_timeout(1200)
    page.keyboard.press("a")
    assert not page.url.endswith("#yes")
    expect(page.locator("#hint")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert page.url.endswith("#yes")


def test_j_and_k_move_over_the_rows(screen):
    add_html(screen, "".join(f'<p data-row><a href="#{n}">Row {n}</a></p>' for n in (1, 2, 3)))
    for key in "jjk":
        screen.page.keyboard.press(key)
    expect(screen.page.get_by_role("link", name="Row 1")).to_be_focused()


def test_who_turned_the_keys_off_has_none(make_screen, priya):
    User.objects.update(has_shortcuts=False)
    screen = make_screen(priya)
    screen.open(PAGE)
    screen.page.keyboard.press("?")
    expect(screen.page.locator("#keys")).to_be_hidden()


def test_a_toast_can_be_closed_and_else_goes_by_itself(make_screen, priya):
    screen = make_screen(priya, apart=True)
    screen.page.clock.install()
    screen.open(PAGE)
    screen.page.evaluate("showToast('Kept')")
    expect(screen.page.get_by_text("Kept")).to_be_visible()
    # What it lies on can be scrolled out from under it.
    expect(screen.page.locator("main")).to_have_css("padding-bottom", "96px")
    screen.page.clock.run_for(12_000)
    expect(screen.page.get_by_text("Kept")).to_have_count(0)


def test_what_takes_long_says_that_it_is_being_done(screen):
    asked = []
    screen.page.route("**/slow/", lambda route: asked.append(route))
    add_html(
        screen, '<form hx-post="/slow/"><button class="btn" data-key="1">Accept</button></form>'
    )
    screen.page.evaluate("htmx.process(document.querySelector('main form'))")
    screen.page.keyboard.press("1")
    form = screen.page.locator("main form").first
    expect(form).to_have_attribute("aria-busy", "true")
    expect(screen.page.locator("#announce")).to_have_text("Being done")
    asked[0].fulfill(status=204)
    expect(form).not_to_have_attribute("aria-busy", "true")


def test_a_lost_race_is_swapped_in_and_a_failure_is_told(screen):
    screen.page.route("**/race/", lambda route: route.fulfill(status=409, body="Dana was faster"))
    screen.page.route("**/broken/", lambda route: route.fulfill(status=503, body="no"))
    screen.page.evaluate("htmx.ajax('GET', '/race/', {target: 'main'})")
    expect(screen.page.get_by_text("Dana was faster")).to_be_visible()
    screen.page.evaluate("htmx.ajax('GET', '/broken/', {target: 'main'})")
    expect(screen.page.get_by_text("The server answered 503")).to_be_visible()
    screen.errors.clear()  # Chromium notes each refused answer


def test_a_poll_rests_while_its_tab_is_hidden(make_screen, priya):
    screen = make_screen(priya, apart=True)
    screen.page.route("**/poll/", lambda route: route.fulfill(status=204))
    screen.page.clock.install()
    screen.open(PAGE)
    screen.page.evaluate(
        "sent = 0; addEventListener('htmx:beforeSend', ({target}) => { sent += target.id === 'poll' })"
    )
    add_html(screen, '<p id="poll" hx-get="/poll/" hx-trigger="every 5s, awake from:body"></p>')
    screen.page.evaluate("htmx.process(document.getElementById('poll'))")
    screen.page.evaluate("addEventListener('htmx:afterRequest', () => { poll.title = 'over' })")
    hide(screen, is_hidden=True)
    screen.page.clock.run_for(11_000)
    assert screen.page.evaluate("sent") == 0
    hide(screen, is_hidden=False)
    assert screen.page.evaluate("sent") == 1
    # htmx sends the next one only after the answer to the last.
    expect(screen.page.locator("#poll")).to_have_attribute("title", "over")
    screen.page.clock.run_for(5_000)
    assert screen.page.evaluate("sent") == 2


def hide(screen, *, is_hidden):
    screen.page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


def test_a_fragment_asked_for_after_the_session_ended_leads_to_sign_in(screen):
    screen.page.context.clear_cookies()
    screen.page.evaluate("path => { htmx.ajax('GET', path, {target: 'main'}) }", PAGE)
    expect(screen.page).to_have_url(re.compile("/accounts/login/"))
