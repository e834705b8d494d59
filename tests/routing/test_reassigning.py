from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from leads import handoffs
from leads.errors import LostRace
from leads.models import Absence, Assignment, Handoff, RefusedOwnership
from routing.errors import CannotTake
from routing.models import Capacity, Turn
from routing.routing import reassign
from sla.handoff_clocks import start_assignment_clocks, start_review_clock
from sla.models import Clock, Notification
from tests.routing.conftest import routed

REASON = {"note": "Knows the sector"}


def test_a_handoff_passes_on_by_hand(alice, carol, mona, make_handoff, at):
    handoff = make_handoff(rep=alice)
    decision = reassign(handoff, carol, by=mona, at=at, **REASON)
    handoff.refresh_from_db()
    assert (handoff.owner, handoff.lead.owner, decision.by) == (carol, carol, mona)
    assert decision.reason == "was given it by Mona: Knows the sector"
    assert [each.outcome for each in handoff.assignments.all()] == ["reassigned", ""]
    assert not Turn.objects.exists()


def test_the_clocks_of_one_end_and_those_of_the_other_begin(alice, carol, mona, make_handoff, at):
    handoff = make_handoff(rep=alice)
    start_assignment_clocks(Assignment.objects.get(), at=at)
    reassign(handoff, carol, by=mona, at=at)
    reps = Clock.objects.values_list("assignment__rep__name", "stop_reason").distinct()
    assert set(reps) == {("Alice", "ended"), ("Carol", "")}


def test_what_was_accepted_waits_for_the_next_reps_answer(alice, carol, mona, make_handoff, at):
    handoff = make_handoff(rep=alice, accepted=True)
    reassign(handoff, carol, by=mona, at=at)
    assert Handoff.objects.get().lead.stage_id == "ml"


def test_both_reps_are_told(alice, carol, mona, make_handoff, at):
    reassign(make_handoff(rep=alice), carol, by=mona, at=at)
    told = Notification.objects.filter(channel="app").values_list("recipient__name", "kind")
    assert set(told) == {("Carol", "passed"), ("Alice", "moved")}


def test_what_waited_in_review_is_assigned_and_its_clock_is_met(carol, olga, make_handoff, at):
    handoff = make_handoff()
    handoffs.send_to_review(handoff, reason="No rule fits this lead.", at=at)
    start_review_clock(handoff, at)
    reassign(handoff, carol, by=olga, at=at)
    assert Clock.objects.get(kind="review").stop_reason == Clock.StopReason.MET


def test_a_cap_is_set_aside_by_hand_and_that_is_on_record(alice, carol, mona, make_handoff, at):
    Capacity.objects.create(rep=carol, max_open=1)
    make_handoff(rep=carol)
    decision = reassign(make_handoff(rep=alice), carol, by=mona, at=at)
    assert decision.trace["against"] == [
        {"rep": carol.pk, "name": "Carol", "reason": "is at cap: 1 of 1 open"}
    ]


def test_a_leaver_gets_nothing_even_by_hand(alice, carol, mona, make_handoff, at):
    carol.is_active = False
    carol.save()
    with pytest.raises(CannotTake, match="Carol is inactive."):
        reassign(make_handoff(rep=alice), carol, by=mona, at=at)


def test_who_has_it_cannot_be_given_it(alice, mona, make_handoff, at):
    with pytest.raises(CannotTake, match="Alice has this handoff already."):
        reassign(make_handoff(rep=alice), alice, by=mona, at=at)


def test_the_second_of_two_is_told_who_has_it(alice, carol, mona, olga, make_handoff, at):
    handoff = make_handoff()
    seen_by_olga = Handoff.objects.get(pk=handoff.pk)
    reassign(handoff, carol, by=mona, at=at)
    with pytest.raises(LostRace, match="Carol has this handoff now.") as lost:
        reassign(seen_by_olga, alice, by=olga, at=at)
    assert lost.value.winner == carol


def test_a_closed_handoff_stays_with_whom_it_was(alice, carol, mona, make_handoff, at):
    handoff = make_handoff(rep=alice)
    seen = Handoff.objects.get(pk=handoff.pk)
    handoffs.close(handoff, closed_as="recycled", outcome="recycled", reason="Not now", at=at)
    with pytest.raises(LostRace, match="closed in the meantime"):
        reassign(seen, carol, by=mona, at=at)


# The view ----------------------------------------------------------------------------------------


@pytest.fixture
def alices(alice, make_handoff, at):
    handoff = make_handoff()
    routed(handoff, at)
    return handoff


def url(handoff):
    return f"/handoffs/{handoff.pk}/reassign/"


def test_a_manager_passes_it_on(client, mona, alices, carol):
    client.force_login(mona)
    answer = client.post(url(alices), {"rep": carol.pk, "note": "Yours", "next": "/sla/"})
    alices.refresh_from_db()
    assert (answer.status_code, answer["Location"], alices.owner) == (302, "/sla/", carol)


def test_who_is_away_gets_a_lead_only_on_a_second_yes_and_the_truth_is_told(
    client, mona, alices, alice, carol
):
    now = timezone.now()
    ends_at = now + timedelta(days=2)
    Absence.objects.create(user=carol, starts_at=now - timedelta(days=1), ends_at=ends_at)
    client.force_login(mona)
    asked = client.post(url(alices), {"rep": carol.pk})
    assert asked.status_code == 422 and "Carol is absent" in asked.content.decode()
    client.post(url(alices), {"rep": carol.pk, "sure": alice.pk})
    alices.refresh_from_db()
    assert alices.owner == alice
    page = client.post(url(alices), {"rep": carol.pk, "sure": carol.pk}, follow=True)
    alices.refresh_from_db()
    assert alices.owner == carol
    assert "Carol is away: Mona has been told." in page.content.decode()


def test_htmx_is_sent_back_to_where_it_came_from(client, mona, alices, carol):
    client.force_login(mona)
    answer = client.post(
        url(alices), {"rep": carol.pk, "next": "/sla/"}, headers={"HX-Request": "true"}
    )
    assert answer["HX-Redirect"] == "/sla/"


def test_it_leads_to_no_foreign_site(client, mona, alices, carol):
    client.force_login(mona)
    answer = client.post(url(alices), {"rep": carol.pk, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_the_form_offers_everybody_but_who_has_it(client, mona, alices, carol):
    client.force_login(mona)
    page = client.get(url(alices)).content.decode()
    assert "Carol, North (0 open)" in page
    assert "Alice, North" not in page


def test_a_lost_race_names_who_has_it(client, mona, olga, alices, carol, at):
    client.force_login(olga)
    seen = client.get(url(alices)).context["form"].initial["seen"]
    reassign(Handoff.objects.get(pk=alices.pk), carol, by=mona, at=at)
    dan = alices.assignments.first().rep
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(url(alices), {"rep": dan.pk, "seen": seen}, headers=headers)
        assert answer.status_code == 409
        refused = RefusedOwnership.objects.latest("pk")
        assert (refused.by, refused.to_owner, refused.against.to_owner) == (olga, dan, carol)
        assert "Carol has this handoff now." in answer.content.decode()
    assert RefusedOwnership.objects.count() == 2


def test_a_form_without_a_rep_is_refused(client, mona, alices):
    client.force_login(mona)
    assert client.post(url(alices), {"rep": ""}).status_code == 422


def test_who_may_open_the_form(client, alices, alice, carol, vera, olga, rosa, mona):
    expected = {alice: 403, carol: 404, vera: 403, olga: 200, rosa: 200, mona: 200}
    for person, status in expected.items():
        client.force_login(person)
        assert (person, client.get(url(alices)).status_code) == (person, status)
