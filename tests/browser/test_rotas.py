"""Rotas, territories, absences and leavers in a real browser."""

from datetime import timedelta

import pytest
from django.db import transaction
from playwright.sync_api import expect

from leads import handoffs
from leads.instants import database_now
from leads.models import Absence, Account
from revops import jobs
from routing.models import Capacity, Rota, Territory
from routing.routing import route

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def inbound(alice, carol, make_handoff, at):
    """A rota with a turn taken and a skip, two territories that overlap, and somebody away."""
    with transaction.atomic():
        rota = Rota.objects.get(name="Inbound")
        Capacity.objects.create(rep=alice, max_open=1)
        for _ in range(2):
            route(handoffs.locked(make_handoff().pk), at=database_now())
        fields = {"countries": ["DE"], "rep": alice}
        Territory.objects.create(name=HOSTILE, precedence=1, **fields)
        Territory.objects.create(name="Bavaria", precedence=2, states=["Bayern"], rota=rota)
        now = database_now()
        Absence.objects.create(user=alice, starts_at=now, ends_at=now + timedelta(days=2))
        Account.objects.create(name=HOSTILE, owner=alice)
    return rota


def test_the_pages_are_clean_in_both_themes_wide_and_on_a_phone(make_screen, olga, inbound):
    screen = make_screen(olga)
    for path in [
        "rotas/",
        "rotas/{}/",
        "rotas/{}/edit/",
        "rotas/{}/skips/",
        "territories/",
        "absences/",
    ]:
        screen.open(f"/routing/{path.format(inbound.pk)}")
        screen.assert_clean()


def test_territories_are_put_in_order_by_keyboard(make_screen, olga, inbound):
    screen = make_screen(olga)
    screen.open("/routing/territories/")
    screen.page.get_by_role("button", name="Move Bavaria up").press("Enter")
    expect(screen.page.locator("tbody tr").first).to_contain_text("Bavaria")


def test_a_rota_is_changed_in_its_form(make_screen, olga, inbound):
    screen = make_screen(olga)
    screen.open(f"/routing/rotas/{inbound.pk}/edit/")
    screen.page.get_by_label("Weight of Carol").fill("3")
    screen.page.get_by_label("Take out Alice").check()
    screen.page.get_by_role("button", name="Save").press("Enter")
    expect(screen.page.get_by_role("heading", name="Rota Inbound")).to_be_visible()
    assert list(inbound.members.values_list("rep__name", "weight")) == [("Carol", 3)]


def test_the_page_of_a_leaver_follows_their_leads(make_screen, rosa, alice, carol, inbound):
    screen = make_screen(rosa)
    screen.open(f"/setup/people/{alice.pk}/leave/")
    screen.assert_clean()
    screen.page.get_by_label("Their accounts go to").select_option("Carol")
    screen.page.get_by_role("button", name="Deactivate").click()
    expect(screen.page.get_by_text("0 of 1 lead has moved on.")).to_be_visible()
    jobs.run_steps(for_s=5)
    expect(screen.page.get_by_text("1 lead moved on, and 1 account went to Carol")).to_be_visible()
    screen.assert_clean()
