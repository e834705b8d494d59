"""One's own notifications: seen when opened, or all at once."""

import pytest
from django.urls import reverse

from leads import handoffs
from sla.models import Notification
from sla.notices import unseen_count
from sla.outbox import notify

LIST = "/notifications/"


@pytest.fixture
def told(handoff, alice, at):
    notify(alice, Notification.Kind.PASSED, key="1", subject="<b>New</b>", handoff=handoff, at=at)
    return Notification.objects.get(recipient=alice, channel="app")


def test_the_list_shows_only_ones_own(client, told, alice, carol):
    client.force_login(alice)
    assert "&lt;b&gt;New" in client.get(LIST).content.decode()
    client.force_login(carol)
    assert "New" not in client.get(LIST).content.decode()


def test_opening_marks_as_seen_and_leads_to_the_lead(client, told, alice, handoff):
    client.force_login(alice)
    response = client.post(reverse("sla:open_notification", args=[told.pk]))
    assert response.url == f"/queue/{handoff.pk}/"
    assert unseen_count(alice) == 0


@pytest.mark.parametrize("who", ["alice", "mona"])
def test_what_went_to_review_is_opened_there_by_whoever_may_look(
    client, told, handoff, request, who, at
):
    handoffs.send_to_review(handoffs.locked(handoff.pk), reason="Nobody answered", at=at)
    Notification.objects.update(recipient=request.getfixturevalue(who))
    client.force_login(request.getfixturevalue(who))
    page = client.post(reverse("sla:open_notification", args=[told.pk]), follow=True)
    assert page.status_code == 200
    expected = "/review/" if who == "mona" else f"/leads/{handoff.lead_id}/"
    assert page.redirect_chain[-1][0] == expected


def test_the_first_time_seen_stays(client, told, alice, at):
    Notification.objects.update(seen_at=at)
    client.force_login(alice)
    client.post(reverse("sla:open_notification", args=[told.pk]))
    told.refresh_from_db()
    assert told.seen_at == at


def test_anothers_notification_is_not_found(client, told, carol, rosa):
    for user in (carol, rosa):
        client.force_login(user)
        response = client.post(reverse("sla:open_notification", args=[told.pk]))
        assert response.status_code == 404
    told.refresh_from_db()
    assert told.seen_at is None


def test_all_are_marked_at_once_and_nobody_elses(client, told, alice, carol, at):
    notify(carol, Notification.Kind.MOVED, key="1", subject="News", at=at)
    client.force_login(alice)
    assert client.post(reverse("sla:mark_all_seen")).url == LIST
    assert (unseen_count(alice), unseen_count(carol)) == (0, 1)


@pytest.mark.parametrize("name", ["open_notification", "mark_all_seen"])
def test_marking_is_no_get(client, told, alice, name):
    client.force_login(alice)
    args = [told.pk] if name == "open_notification" else []
    assert client.get(reverse(f"sla:{name}", args=args)).status_code == 405


@pytest.mark.parametrize("number", [2, 20])
def test_the_number_of_queries_stays(client, alice, at, django_assert_max_num_queries, number):
    for n in range(number):
        notify(alice, Notification.Kind.MOVED, key=str(n), subject="News", at=at)
    client.force_login(alice)
    with django_assert_max_num_queries(10):
        client.get(LIST)


def test_ops_see_what_became_of_messages_and_send_again_what_was_given_up(
    client, told, rosa, alice
):
    mails = Notification.objects.filter(channel="email")
    mails.update(state="parked", tried=[{"at": "2026-03-10T10:00:00+00:00", "said": "<no>"}])
    client.force_login(rosa)
    page = client.get("/sla/deliveries/?period=all&state=parked").content.decode()
    assert "1 message" in page and "&lt;no&gt;" in page and "Send all again" in page
    client.post(f"/sla/deliveries/{mails.get().pk}/resend/")
    assert mails.get().state == "waiting"
    mails.update(state="nowhere")
    client.post(f"/sla/deliveries/of/{alice.pk}/resend/")
    assert mails.get().state == "waiting"
    mails.update(state="parked")
    client.post("/sla/deliveries/resend/")
    assert mails.get().state == "waiting"
    client.force_login(alice)
    assert client.get("/sla/deliveries/").status_code == 404
    assert client.post("/sla/deliveries/resend/").status_code == 404


def test_a_manager_sees_what_was_told_of_the_teams_leads_and_sends_nothing(
    client, handoff, make_lead, mona, olga, at
):
    for who, key, told_of in [(olga, "theirs", {"handoff": handoff}), (olga, "of-nobody", {})]:
        notify(who, Notification.Kind.BREACH, key=key, subject=key, at=at, **told_of)
    Notification.objects.update(state="parked")
    client.force_login(mona)
    log = "/sla/deliveries/?period=all"
    page = client.get(log).content.decode()
    assert "theirs" in page and "of-nobody" not in page and "Send" not in page.split("<thead")[0]
    assert "Send again" not in page and client.post("/sla/deliveries/resend/").status_code == 404
    assert b"theirs" in client.get(f"{log}&lead={handoff.lead_id}").content
    assert b"theirs" not in client.get(f"{log}&lead={make_lead('Nils Ek').pk}").content
    assert client.get(f"{log}&lead=x").status_code == 422
    assert f"lead={handoff.lead_id}&" in client.get(f"/leads/{handoff.lead_id}/").content.decode()


@pytest.mark.parametrize("number", [2, 6])
def test_the_log_takes_the_same_queries_for_many(
    client, rosa, alice, at, django_assert_max_num_queries, number
):
    for each in range(number):
        notify(alice, Notification.Kind.MOVED, key=f"{each}", subject="News", at=at)
    client.force_login(rosa)
    with django_assert_max_num_queries(16):
        client.get("/sla/deliveries/?period=all")
