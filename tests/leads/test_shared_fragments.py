import re
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template.loader import render_to_string

from revops.navigation import Link

MESSAGES = [
    Message(constants.SUCCESS, "Accepted Ana."),
    Message(constants.ERROR, "That date is in the past."),
]


def test_what_was_done_is_a_toast():
    html = render_to_string("_toasts.html", {"messages": MESSAGES})
    assert "Accepted Ana." in html
    assert "in the past" not in html


def test_what_needs_attention_is_a_banner():
    html = render_to_string("_banners.html", {"messages": MESSAGES})
    assert "in the past" in html
    assert "Accepted Ana." not in html


def test_the_messages_of_a_fragment_take_the_place_of_earlier_ones():
    html = render_to_string("_messages_oob.html", {"messages": MESSAGES})
    assert 'hx-swap-oob="innerHTML:#toasts"' in html
    assert html.count("data-toast>") == 2


def test_no_line_of_a_page_breaks_before_a_percent_sign():
    loose = re.compile(r"(?<=[\d}]) %(?!})")
    pages = Path(settings.BASE_DIR, "templates").rglob("*.html")
    assert [str(page) for page in pages if loose.search(page.read_text(encoding="utf-8"))] == []


def test_a_hostile_message_is_escaped():
    message = Message(constants.SUCCESS, "<script>alert(1)</script>")
    assert "<script>" not in render_to_string("_toasts.html", {"messages": [message]})


def test_undo_is_a_form_that_works_without_a_script():
    html = render_to_string("_toast.html", {"text": "Accepted", "undo_url": "/queue/7/undo/"})
    assert '<form method="post" action="/queue/7/undo/">' in html


def test_the_pager_keeps_the_filters(rf):
    page = Paginator(range(120), 50).page(2)
    html = render_to_string("_pager.html", {"page": page}, rf.get("/leads/", {"q": "ana"}))
    assert 'href="?q=ana&amp;page=3"' in html
    assert "51 to 100 of 120" in html


def test_one_page_needs_no_pager(rf):
    page = Paginator(range(3), 50).page(1)
    assert "<nav" not in render_to_string("_pager.html", {"page": page}, rf.get("/"))


@pytest.mark.parametrize(("count", "shown"), [(0, True), (11, True), (None, False)])
def test_a_link_of_the_bar_counts_what_waits(count, shown):
    nav = [Link("Queue", "q", "/queue/", True, count)]
    html = render_to_string("_nav_links.html", {"nav": nav})
    assert 'aria-current="page"' in html
    assert (f">{count}</span>" in html) is shown


def test_a_page_carries_the_servers_time():
    html = render_to_string("base.html")
    stamp = html.partition('data-server-time="')[2].partition('"')[0]
    assert datetime.fromisoformat(stamp).tzinfo
