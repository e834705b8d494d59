"""The replay's page: run, followed, cancelled; what moves, why, and for whom; published with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from leads import documents
from leads.documents import live_version, start_draft
from leads.draft_runs import newest_done
from leads.instants import database_now
from leads.models import Document, FactSnapshot, Organisation, Publication, Queue
from revops import jobs
from routing import replay_job
from routing.foretold import foretold_of
from routing.models import Capacity, Replay, Rota, RotaMember, RoutingRule
from routing.replay_page import Report
from tests.routing.conftest import add_reps, routed, when

pytestmark = pytest.mark.django_db

HX = {"HX-Request": "true"}
IN_SWEDEN = when("account.country", "is", "SE")
RAISED = when("handoff.path", "is", "hand_raise")


@pytest.fixture
def hand(make_lead, make_handoff):
    """Open a handoff so many days ago, of a lead in a country."""

    def make(days_ago, country):
        opened_at = database_now() - timedelta(days=days_ago)
        lead = make_lead(f"Lead {country}{days_ago}", entered_at=opened_at)
        facts = {"account.country": country}
        FactSnapshot.objects.create(lead=lead, known_from=opened_at, facts=facts)
        return make_handoff(lead, at=opened_at)

    return make


@pytest.fixture
def draft(publish_rules, inbound, alice, hand, olga):
    """Sweden to Alice, the rest to a rota of one rep; the draft sends Sweden to the rota too."""
    publish_rules(
        {"outcome": "rep", "rep": alice, "conditions": IN_SWEDEN},
        {"outcome": "rota", "rota": inbound, "conditions": RAISED},
        {"outcome": "queue", "queue": Queue.objects.get(key="review")},
    )
    (rep,) = add_reps(inbound, 1)
    RotaMember.objects.create(rota=Rota.objects.create(name="Nordics"), rep=rep)
    for days_ago, country in ((4, "NO"), (3, "SE"), (2, "SE")):
        routed(made := hand(days_ago, country), made.opened_at)
    draft = start_draft(live_version(Document.Kind.ROUTING, database_now()), by=olga)
    nordics = Rota.objects.get(name="Nordics")
    RoutingRule.objects.filter(version=draft, key="rule-1").update(
        outcome="rota", rep=None, rota=nordics
    )
    return draft


def url(name, draft):
    return reverse(f"routing:table_replay{name}", args=[draft.number])


def run(draft, by):
    replay_job.start(draft, days=7, by=by, at=database_now())
    while jobs.run_step():
        pass
    return Report(newest_done(Replay, draft))


def test_it_is_started_followed_and_read(client, draft, olga, django_assert_num_queries):
    client.force_login(olga)
    assert "Not run yet." in client.get(url("", draft)).content.decode()
    assert client.post(url("", draft), {"days": 7}).status_code == 302
    part = client.get(url("", draft), headers=HX).content.decode()
    mark = part.split("progress/?mark=")[1].split('"')[0]
    assert "0 of 3 handoffs replayed." in part
    with django_assert_num_queries(5):
        polled = client.get(url("_progress", draft), {"mark": mark}, headers=HX)
    assert polled.status_code == 204
    jobs.run_step()
    whole = client.get(url("_progress", draft), {"mark": mark}, headers=HX)
    page = " ".join(whole.content.decode().split())
    assert whole["HX-Retarget"] == "#replay"
    assert "2 of 3 handoffs</a> (67&nbsp;%) would go elsewhere" in page
    assert '<td dir="auto">Alice</td><td dir="auto">rota Nordics</td>' in page


def test_cancelled_it_keeps_what_came_of_the_last(client, draft, olga):
    run(draft, olga)
    client.force_login(olga)
    client.post(url("", draft), {"days": 30})
    client.post(url("_cancel", draft))
    page = client.get(url("", draft)).content.decode()
    assert "Cancelled by Olga." in page and "2 of 3 handoffs" in page


def test_each_move_says_from_whom_to_whom_and_why(draft, alice, olga):
    report = run(draft, olga)
    (flow,) = report.flows
    assert (flow.source, flow.target, flow.count) == ("Alice", "rota Nordics", 2)
    newest = report.sample(olga)[0]
    assert (str(newest.lead), newest.really, newest.source) == ("Lead SE2", "Alice", "Alice")
    assert newest.target == "Rep1, rota Nordics"
    assert newest.why == "“Rule 1” takes it in both, and leads elsewhere."
    loads = {each.rep: (each.really, each.live.passed, each.draft.passed) for each in report.loads}
    assert loads == {"Alice": (2, 2, 0), "Rep1": (1, 1, 3)}


def test_caps_that_are_hit_are_told_with_who_is_passed_over(draft, olga):
    Capacity.objects.update_or_create(
        rep=RotaMember.objects.get(rota__name="Nordics").rep, defaults={"max_open": 1}
    )
    report = run(draft, olga)
    sums = {each.label: (each.live, each.draft) for each in report.sums}
    assert sums["To review"] == (0, 2) and sums["Passed over at a cap"] == (0, 2)
    assert "Rep1 is at cap: 1 of 1 open" in report.sample(olga)[0].why


def test_queues_other_than_review_are_told_apart(draft, olga):
    RoutingRule.objects.filter(version=draft, key="rule-1").update(
        outcome="queue", rota=None, queue=Queue.objects.get(key="nurture")
    )
    sums = {each.label: (each.live, each.draft) for each in run(draft, olga).sums}
    assert sums["To review"] == (0, 0) and sums["To other queues"] == (0, 2)


def test_why_names_rows_that_are_new_gone_or_moved(draft, alice, olga, inbound):
    rules = RoutingRule.objects.filter(version=draft)
    rules.filter(key="rule-1").delete()
    assert run(draft, olga).sample(olga)[0].why == "“Rule 1” is gone; “Rule 2” takes it."
    RoutingRule.objects.create(
        version=draft, key="new", label="New", position=1, outcome="rep", rep=alice,
        conditions=when("account.country", "is", "NO"),
    )  # fmt: skip
    (norway,) = [each for each in run(draft, olga).sample(olga) if each.lead.name == "Lead NO4"]
    assert norway.why == "The new row “New” takes it before “Rule 2”."


def test_a_manager_sees_only_leads_of_the_team(client, draft, olga, mona):
    nurture = Queue.objects.get(key="nurture")
    rules = RoutingRule.objects.filter(version=draft, key="rule-2")
    rules.update(outcome="queue", rota=None, queue=nurture)
    report = run(draft, olga)
    assert len(report.sample(olga)) == 3
    client.force_login(mona)
    shown = client.get(url("_leads", draft)).context["sample"]
    assert {each.really for each in shown} == {"Alice"} and len(shown) == 2


def test_the_leads_of_a_move(client, draft, olga):
    run(draft, olga)
    client.force_login(olga)
    assert (
        "From Alice to rota Nordics" in client.get(url("_leads", draft), {"of": 0}).content.decode()
    )
    assert not client.get(url("_leads", draft), {"of": 9}).context["sample"]
    assert client.get(url("_leads", draft), {"of": "x"}).status_code == 404


def test_publishing_shows_and_keeps_it_unless_the_draft_was_changed_since(client, draft, olga):
    Organisation.objects.update(publishers="ops")
    client.force_login(olga)
    address = reverse("routing:table_publish", args=[draft.number])
    assert "No replay was run" in client.get(address).content.decode()
    run(draft, olga)
    assert "from Alice to rota Nordics" in client.get(address).content.decode()
    documents.save_edit(draft, revision=draft.revision, by=olga, at=database_now())
    assert "The draft was changed since" in client.get(address).content.decode()
    draft.refresh_from_db()
    run(draft, olga)
    client.post(address, {"note": "Nordics for Sweden", "revision": draft.revision})
    assert Publication.objects.latest("id").predicted["moved"] == 2


def test_what_was_foretold_stands_beside_what_came(client, draft, olga, rosa, hand):
    run(draft, olga)
    foretold = replay_job.prediction_of(draft)
    documents.publish(draft, by=olga, note="Nordics", at=database_now(), predicted=foretold)
    routed(made := hand(0, "SE"), made.opened_at)
    told = foretold_of(draft, database_now())
    assert (told.asked, told.days, told.came, told.till) == (3, 7, 1, None)
    assert [(each.foretold, each.came) for each in told.sums] == [(3, 1), (0, 0), (0, 0)]
    assert [(each.label, each.foretold, each.came) for each in told.reps] == [("Rep1", 3, 1)]
    client.force_login(rosa)
    assert "Foretold, and what came" in client.get("/routing/").content.decode()
    behind = client.get(f"/routing/{draft.number}/came/passed/?rep={told.reps[0].rep}")
    assert [each.name for each in behind.context["page"]] == ["Lead SE0"]


def test_what_came_is_counted_for_as_long_as_was_replayed(draft, olga, hand):
    told = {"days": 7, "asked": 3, "draft": {"reps": {}, "in_review": 0, "waited": 0}}
    since = database_now() - timedelta(days=8)
    documents.publish(draft, by=olga, note="Nordics", at=since, predicted=told)
    routed(made := hand(0, "SE"), made.opened_at)
    found = foretold_of(draft, database_now())
    assert (found.came, found.till) == (0, since + timedelta(days=7))


def test_who_may_not_change_drafts_reads_only(client, draft, olga, mona, alice):
    run(draft, olga)
    client.force_login(mona)
    assert "Run again" not in client.get(url("", draft)).content.decode()
    assert client.post(url("", draft), {"days": 7}).status_code == 403
    assert client.post(url("_cancel", draft)).status_code == 403
    client.force_login(alice)
    assert client.get(url("", draft)).status_code == 403
