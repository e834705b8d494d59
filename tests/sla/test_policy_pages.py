"""The promises on pages: the live set, a draft of it, its check, and what it means for a lead."""

from datetime import timedelta

import pytest

from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Document, Version
from sla.models import Policy, Target
from sla.policy_check import problems_of, warnings_of
from sla.policy_trying import try_policies


@pytest.fixture
def live(defaults) -> Version:
    return live_version(Document.Kind.POLICIES, database_now())


@pytest.fixture
def draft(live, olga) -> Version:
    return start_draft(live, by=olga)


def policy(version, key) -> Policy:
    return Policy.objects.get(version=version, key=key)


def test_a_promise_is_told_in_words():
    target = Target(
        kind="accept",
        measure="working",
        allowed=timedelta(minutes=15),
        warn_at=[50, 80],
        reroute_after=timedelta(hours=1),
    )
    assert str(target) == (
        "Accept or reject within 15 minutes, working time, warned at 50 and 80 %,"
        " to the next rep 1 hour later"
    )
    target = Target(kind="qualified", measure="wall", allowed=timedelta(days=1), starts="passed")
    target.goes_on = True
    assert target.terms == (
        "within 24 hours, wall time, from: passing to the rep, goes on with the next rep"
    )


def test_anybody_reads_the_live_set_and_editors_start_a_draft_of_it(client, alice, olga, live):
    client.force_login(alice)
    page = client.get("/sla/policies/").content.decode()
    assert "Trial started: 1 hour" in page and "within 5 minutes, wall time" in page
    assert client.post("/sla/policies/draft/").status_code == 403
    client.force_login(olga)
    answer = client.post("/sla/policies/draft/")
    assert "Edit in the records" in client.get(answer["Location"]).content.decode()


def test_a_draft_shows_what_it_changes(client, olga, draft):
    Target.objects.filter(policy=policy(draft, "trial"), kind="review").delete()
    client.force_login(olga)
    page = client.get(f"/sla/policies/{draft.number}/").content.decode()
    assert "1 change" in page and "Review within 4 hours" in page and "<del>" in page


def test_a_set_that_forgets_a_case_is_not_published(client, rosa, draft):
    policy(draft, "nurture").delete()
    assert problems_of(draft, database_now()) == [
        "The last row must have no conditions: it takes what nothing above did."
    ]
    client.force_login(rosa)
    said = {"note": "Shorter", "revision": draft.revision}
    assert client.post(f"/sla/policies/{draft.number}/publish/", said).status_code == 422
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_draft_that_asks_what_is_no_fact_says_so(draft):
    unknown = [[{"fact": "lead.shoe_size", "op": "is", "value": "9"}]]
    Policy.objects.filter(version=draft, key="trial").update(conditions=unknown)
    (problem,) = problems_of(draft, database_now())
    assert "lead.shoe_size" in problem


def test_the_check_warns_of_what_can_hardly_be_meant(client, olga, draft):
    trial = policy(draft, "trial")
    Target.objects.filter(policy=trial, kind="first_response").delete()
    Target.objects.filter(policy=trial, kind="first_touch").update(allowed=timedelta(minutes=5))
    assert warnings_of(draft) == [
        f"“{trial}” promises nothing about first response.",
        f"“{trial}” asks for the first touch before the answer is due.",
    ]
    client.force_login(olga)
    assert "2 warnings" in client.get(f"/sla/policies/{draft.number}/check/").content.decode()


def test_a_lead_is_tried_as_it_was_handed_over(live, make_handoff, at):
    handoff = make_handoff(trigger_key="trial-start")
    tried = try_policies(live, handoff.lead, at, zone="Europe/Berlin")
    first, chosen = tried.asked
    assert first.against is not None and first.against.actual_text == "Started a trial"
    assert (chosen.label, chosen.against) == ("Trial started: 1 hour", None)
    due = {each.what: each.by for each in tried.due}
    assert due["First response"] == "Tue 10 Mar, 12:00 Berlin"


def test_a_lead_that_one_may_not_see_is_not_tried(client, live, make_handoff, carol, alice):
    handoff = make_handoff(rep=alice)
    client.force_login(carol)
    address = f"/sla/policies/{live.number}/try/?lead={handoff.lead_id}"
    assert client.get(address).status_code == 404
    client.force_login(alice)
    assert "if what starts it happened now" in client.get(address).content.decode()
