"""The rep's queue, worked by keys in a real browser."""

from __future__ import annotations

import pytest
from django.db import transaction
from playwright.sync_api import expect

from feedback import answers
from feedback.models import Disposition
from leads import handoffs
from leads.instants import database_now
from leads.models import Assignment, Stage, Touch
from sla import handoff_clocks
from sla.models import Clock


@pytest.fixture
def pass_lead(make_lead, make_handoff):
    """Pass a lead to `rep` just now, with its clocks running."""

    @transaction.atomic
    def make(rep, name):
        now = database_now()
        lead = make_lead(name, stage_id="mql", title="VP Revenue Operations")
        handoff = make_handoff(lead, rep=rep, hand_raised_at=now, at=now)
        assignment = Assignment.objects.get(handoff=handoff)
        Assignment.objects.filter(pk=assignment.pk).update(passed_at=now)
        assignment.refresh_from_db()
        handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=now, at=now)
        handoff_clocks.start_assignment_clocks(assignment, at=now)
        return handoff

    return make


def answer_to(handoff):
    return Assignment.objects.get(handoff=handoff).answer


def read_the_lead(page):
    """Let the time pass in which no key answers a lead that has just come up."""
    page.wait_for_timeout(1050)


def test_a_rep_accepts_and_rejects_by_keys(make_screen, alice, pass_lead):
    first, second = pass_lead(alice, "Clara Nyström"), pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    expect(page.get_by_role("heading", name="Clara Nyström")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    expect(page.get_by_role("heading", name="Marcus Bell", exact=True)).to_be_visible()
    read_the_lead(page)
    page.keyboard.press("r")
    read_the_picker(page)
    page.keyboard.press("1")
    expect(page.get_by_text("Rejected: Marcus Bell, Wrong size.")).to_be_visible()
    assert answer_to(first) == Assignment.Answer.ACCEPTED
    assert Disposition.objects.get().assignment.handoff == second


PRESS_ONCE_SHOWN = """([keys, shown]) => new MutationObserver((changes, watch) => {
    if (!document.querySelector(shown)) return;
    watch.disconnect();
    keys.forEach(key => document.body.dispatchEvent(
        new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})));
}).observe(document.body, {childList: true, subtree: true})"""


def press_once_shown(page, keys, shown):
    """Have `keys` pressed at the instant that an element `shown` (a selector) comes up."""
    page.evaluate(PRESS_ONCE_SHOWN, [keys, shown])


def read_the_picker(page):
    expect(page.get_by_role("form", name="Give a reason")).to_be_visible()
    page.wait_for_timeout(350)


def test_a_lead_that_an_answer_brought_is_read_before_keys_answer_it(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    second = pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    press_once_shown(page, ["1", "a", "3"], f"#packet[data-handoff='{second.pk}']")
    page.keyboard.press("1")
    expect(page.locator("#hint")).to_have_text("Next lead: press again")
    expect(page.get_by_role("form", name="Give a reason")).to_have_count(0)
    read_the_lead(page)
    assert answer_to(second) == ""
    page.keyboard.press("1")
    expect(page.get_by_text("Accepted Marcus Bell.")).to_be_visible()


def test_a_picker_is_read_before_a_number_rejects(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    picker = page.get_by_role("form", name="Give a reason")
    press_once_shown(page, ["1"], "#answer .picker")
    page.keyboard.press("3")
    expect(page.locator("#hint")).to_have_text("Reasons: press again")
    read_the_picker(page)
    expect(picker).to_be_visible()
    assert not Disposition.objects.exists()
    page.keyboard.press("1")
    expect(page.get_by_text("Rejected: Clara Nyström, Wrong size.")).to_be_visible()


@pytest.mark.parametrize("how", ["dblclick", "keys"])
def test_what_is_undone_twice_at_once_is_undone_once(make_screen, alice, pass_lead, how):
    handoff = pass_lead(alice, "Clara Nyström")
    pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    page = screen.page
    screen.open(f"/queue/{handoff.pk}/")
    page.keyboard.press("3")
    read_the_picker(page)
    page.keyboard.press("1")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    if how == "keys":
        page.keyboard.press("u")
        page.keyboard.press("u")
    else:
        undo.dblclick(no_wait_after=True)
    expect(page.get_by_text("Undone: Clara Nyström is with Alice again.")).to_be_visible()
    expect(page.get_by_text("can’t be undone")).to_have_count(0)
    assert "/queue/" in page.url


def test_a_key_answers_while_the_page_still_asks_who_is_on_it(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    Clock.objects.filter(kind="first_response").update(next_level=100, levels=[1, 100])
    screen = make_screen(alice)
    page = screen.page
    asked = []  # and never answered
    page.route("**/acknowledge/", lambda route: asked.append(route))
    screen.open("/queue/")
    expect(page.get_by_role("link", name="On it?")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    assert asked and answer_to(handoff) == Assignment.Answer.ACCEPTED
    page.unroute_all(behavior="ignoreErrors")


def test_the_second_click_of_a_double_click_answers_nothing(make_screen, alice, pass_lead):
    first, second = pass_lead(alice, "Clara Nyström"), pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    accept = page.locator("#answer").get_by_role("button", name="Accept")
    accept.click()
    expect(page.get_by_role("heading", name="Marcus Bell", exact=True)).to_be_visible()
    accept.dispatch_event("click", {"detail": 2})
    page.wait_for_timeout(300)
    assert [answer_to(first), answer_to(second)] == [Assignment.Answer.ACCEPTED, ""]


def test_the_number_after_o_never_answers_however_late(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    now = database_now()
    answers.log_touch(
        handoff, by=alice, channel="call", outcome="", occurred_at=now, note="", at=now
    )
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    page.keyboard.press("o")
    expect(page.locator(".is-awaited")).to_have_count(5)
    expect(page.locator("#hint")).to_have_text("O, then 1–5 · Esc")
    page.keyboard.press("9")
    page.wait_for_timeout(1500)
    page.keyboard.press("1")
    expect(page.get_by_text("What came of it?")).to_have_count(0)
    assert Touch.objects.get().outcome
    assert answer_to(handoff) == ""


def test_an_answer_never_goes_to_another_lead_than_the_framed_one(make_screen, alice, pass_lead):
    first, second = pass_lead(alice, "Clara Nyström"), pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Clara Nyström")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="Marcus Bell", exact=True)).to_be_visible()
    expect(page.locator(".row-lead.is-on")).to_contain_text("Marcus Bell")
    assert [answer_to(first), answer_to(second)] == ["", ""]
    page.keyboard.press("1")
    expect(page.get_by_text("Accepted Marcus Bell.")).to_be_visible()
    assert [answer_to(first), answer_to(second)] == ["", Assignment.Answer.ACCEPTED]


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["laptop", "phone"])
def test_all_reasons_and_their_button_are_seen_without_scrolling(
    make_screen, alice, pass_lead, size
):
    handoff = pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    screen.open(f"/queue/{handoff.pk}/reject/#packet")
    picker = screen.page.get_by_role("form", name="Give a reason").bounding_box()
    assert picker["y"] >= 0
    assert picker["y"] + picker["height"] <= size[1]


def test_a_reason_that_needs_a_day_asks_for_it(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    page.keyboard.press("3")
    read_the_picker(page)
    page.keyboard.press("4")
    expect(page.get_by_label("Ask again on")).to_be_focused()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("needs the day on which to ask again")).to_be_visible()
    screen.errors.clear()  # the browser logs the 422
    page.get_by_label("Ask again on").fill("2027-03-01")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rejected: Clara Nyström, Wrong timing.")).to_be_visible()


def test_a_lead_that_its_stage_refuses_is_accepted_with_a_reason(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    asked = [[{"fact": "person.has_phone", "op": "is_true"}]]
    Stage.objects.filter(pk="sal").update(entry_criteria=asked)
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    page.keyboard.press("a")
    reason = page.get_by_label("Go on all the same, because")
    expect(reason).to_be_visible()
    expect(page.locator(".row-lead")).to_be_visible()  # the list stays beside it
    reason.fill("They called me")
    reason.press("Enter")
    expect(page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    assert answer_to(handoff) == Assignment.Answer.ACCEPTED
    screen.errors.clear()  # of the answer that asked for the reason


def test_of_two_windows_one_wins_and_the_other_is_told(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    here, there = make_screen(alice), make_screen(alice)
    for screen in (here, there):
        screen.open("/queue/")
    here.page.keyboard.press("a")
    expect(here.page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    there.page.keyboard.press("a")
    expect(there.page.get_by_text("Alice accepted this")).to_be_visible()
    there.errors.clear()  # the browser logs the 409


def test_a_call_is_logged_with_one_key_and_enter(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    page.keyboard.press("c")
    expect(page.get_by_role("form", name="Log a touch")).to_be_visible()
    expect(page.get_by_label("Channel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Spoke")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Call: spoke").first).to_be_visible()
    touch = Touch.objects.get()
    assert (touch.handoff, touch.outcome) == (handoff, Touch.Outcome.SPOKE)


def test_enter_and_esc_in_an_open_list_are_the_lists_and_then_the_forms(
    make_screen, alice, pass_lead
):
    pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    page = screen.page
    screen.open("/queue/")
    page.keyboard.press("c")
    expect(page.get_by_label("Channel")).to_be_focused()
    for key in ("Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_label("Channel")).to_have_value("email")
    assert not Touch.objects.exists()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")  # closes the list,
    expect(page.get_by_role("form", name="Log a touch")).to_be_visible()
    page.keyboard.press("Escape")  # and then the form
    expect(page.get_by_role("form", name="Log a touch")).not_to_be_visible()
    expect(page.locator("#packet")).to_be_focused()


def test_the_count_in_the_bar_follows_each_answer(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    screen.open("/queue/")
    count = screen.page.locator(".nav-main [data-count=Queue]")
    expect(count).to_have_text("2")
    screen.page.keyboard.press("r")
    read_the_picker(screen.page)
    screen.page.keyboard.press("1")
    expect(count).to_have_text("1")
    pass_lead(alice, "Tom Hale")
    expect(count).to_have_text("2", timeout=15_000)


def test_keys_move_along_the_list_and_open_a_lead(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    second = pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    screen.open("/queue/")
    screen.page.keyboard.press("j")
    screen.page.keyboard.press("Enter")
    expect(screen.page).to_have_url(f"{screen.base}/queue/{second.pk}/#packet")
    assert handoffs.open_assignment(second).evidence == Assignment.Evidence.OPENED


def listed(dialog, which):
    """The keys that the list behind ? names, as one text each, and what each does."""
    rows = dialog.locator(f"[data-keys-{which}] dt").all()
    return {row.inner_text().replace("\n", ""): row.evaluate(SAID) for row in rows}


SAID = "term => term.nextElementSibling.textContent"


def test_a_question_mark_lists_what_works_now_and_what_does_at_other_times(
    make_screen, alice, pass_lead
):
    pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    page, dialog = screen.page, screen.page.get_by_role("dialog")
    screen.open("/queue/")
    page.keyboard.press("?")
    now, others = listed(dialog, "now"), listed(dialog, "else")
    assert [*now][:7] == ["JK", "↵", "1A", "3R", "C", "E", "GQ"]
    assert others["U"] == "Undo what was just done, for ten seconds"
    assert {"Q", "S", "W", "B", "D", "M", "O1…5", ".", "Esc"} < others.keys()
    assert not now.keys() & others.keys()
    screen.assert_clean("#keys")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.get_by_role("form", name="Give a reason")).to_be_visible()
    page.keyboard.press("?")
    now = [*listed(dialog, "now")]
    assert [each for each in now if each.isdecimal()] == ["1", "2", "3", "4", "5", "7", "8", "9"]


def test_a_new_lead_waits_under_a_pill(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    screen.open("/queue/")
    pass_lead(alice, "Marcus Bell")
    pill = screen.page.get_by_role("link", name="1 new")
    expect(pill).to_be_visible(timeout=15_000)
    expect(screen.page).to_have_title("Clara Nyström · Handoff")
    expect(screen.page.get_by_text("Marcus Bell")).not_to_be_visible()
    pill.click()
    expect(screen.page.get_by_text("Marcus Bell").first).to_be_visible()


def test_the_list_and_an_open_lead_are_clean(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    pass_lead(alice, "A very long name of somebody who goes by many names indeed")
    screen = make_screen(alice)
    for path in ["", f"{handoff.pk}/#packet"]:
        screen.open(f"/queue/{path}")
        screen.assert_clean()
    for action in ["reject/", "touch/"]:
        screen.open(f"/queue/{handoff.pk}/{action}#packet")
        screen.assert_clean("#packet")


def test_an_empty_queue_is_clean(make_screen, alice, mona):
    for user in (alice, mona):
        screen = make_screen(user)
        screen.open("/queue/")
        screen.assert_clean()


def test_on_a_phone_the_answers_stand_below_the_packet(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    screen = make_screen(alice)
    page = screen.page
    page.set_viewport_size({"width": 390, "height": 844})
    screen.open("/queue/")
    expect(page.get_by_role("button", name="Accept")).not_to_be_visible()
    page.get_by_text("Clara Nyström").first.click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    expect(page.get_by_role("link", name="Hand back")).to_be_visible()  # it stays, to be touched
    assert answer_to(handoff) == Assignment.Answer.ACCEPTED


def test_on_a_phone_an_address_of_a_lead_shows_the_lead(make_screen, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    page = screen.page
    page.set_viewport_size({"width": 390, "height": 844})
    screen.open(f"/queue/{handoff.pk}/")
    expect(page.get_by_role("heading", name="Clara Nyström")).to_be_visible()
    expect(page.get_by_role("heading", name="Queue")).to_be_hidden()
    page.get_by_role("link", name="Back to the queue").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page.get_by_role("button", name="Accept")).to_be_hidden()
    page.get_by_text("Clara Nyström").first.click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()  # the next is to be chosen


def test_the_title_keeps_the_name_of_the_open_lead(make_screen, alice, pass_lead):
    pass_lead(alice, "Clara Nyström")
    pass_lead(alice, "Marcus Bell")
    screen = make_screen(alice)
    screen.open("/queue/")
    expect(screen.page).to_have_title("Clara Nyström · Handoff")
    screen.page.keyboard.press("1")
    expect(screen.page).to_have_title("Marcus Bell · Handoff")


def test_it_works_without_javascript(make_screen, browser, live_server, alice, pass_lead):
    handoff = pass_lead(alice, "Clara Nyström")
    signed_in = make_screen(alice).page.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in)
    page = context.new_page()
    page.goto(f"{live_server.url}/queue/{handoff.pk}/")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [760, 1000, 1030, 1200, 1300, 1440])
def test_keys_work_and_what_was_done_covers_neither_list_nor_keys_at_any_width(
    make_screen, alice, pass_lead, width
):
    for name in ("Clara Nyström", "Marcus Bell"):
        pass_lead(alice, name)
    screen = make_screen(alice)
    page = screen.page
    page.set_viewport_size({"width": width, "height": 700})
    screen.open("/queue/")
    page.keyboard.press("a")
    expect(page.get_by_text("Accepted Clara Nyström.")).to_be_visible()
    toast = page.locator("#toasts [data-toast]").bounding_box()
    for part in (".pane-list", ".pane-answer"):
        box = page.locator(part).bounding_box()
        beside = box["x"] + box["width"] <= toast["x"] or toast["x"] + toast["width"] <= box["x"]
        assert beside or toast["y"] + toast["height"] <= box["y"], part
