"""What the packet tells a rep, frozen, with instants that age."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from feedback.next_actions import next_action
from feedback.packet_page import readable
from feedback.packets import build_packet, thawed, told_deal
from leads.activity_series import ActivityRecord, series_of
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.evidence import Evidence
from leads.models import Opportunity
from leads.scoring import score

FACTS = {
    "account.employees": 420,
    "account.industry": "fintech",
    "account.status": "prospect",
    "account.is_named": True,
    "person.reason": "We route by spreadsheet.",
    "person.time_window": "Wed 10:00",
}


@pytest.fixture
def packet(make_lead, make_handoff, at):
    """Build the packet of a lead that did `activities` (kind, minutes ago, properties)."""

    def build(*activities, facts=FACTS, **fields):
        records = [
            ActivityRecord(kind, properties, at - timedelta(minutes=minutes))
            for kind, minutes, properties in activities
        ]
        evidence = Evidence(facts, series_of(records, at), at)
        version = live_version("criteria", at)
        result = score(facts, records, criteria_of(version), at)
        handoff = make_handoff(make_lead(campaign="Nordics"), criteria=version, **fields)
        return build_packet(handoff.lead, handoff, result, evidence, at)

    return build


DEMO = ("demo_request", 4, {})


def test_a_packet_is_plain_json_with_absolute_instants(packet, at):
    built = packet(DEMO)
    assert json.loads(json.dumps(built)) == built
    assert built["made_at"] == at.isoformat()
    assert thawed(built)["events"][0]["at"] == at - timedelta(minutes=4)


def test_it_says_who_why_now_and_what_to_do(packet, at):
    built = packet(DEMO, ("pricing_view", 9, {}), ("pricing_view", 90, {}))
    assert built["headline"]["company"] == "Lumora Pay"
    assert built["why_now"] == {
        "text": "Asked for a demo",
        "at": at.isoformat(),
        "also": ["2 pricing views", "420 staff", "fintech"],
    }
    assert built["next_action"]["text"] == "Send meeting times: Wed 10:00"


def test_it_has_their_words(packet):
    words = packet(DEMO)["words"]
    assert words == {"text": "We route by spreadsheet.", "lines": [["Wants", "Wed 10:00"]]}


def test_a_trial_tells_what_was_used_instead(packet):
    built = packet(
        ("trial_start", 30, {"plan": "Team"}),
        ("trial_feature_used", 20, {"feature": "CRM sync"}),
        ("trial_feature_used", 10, {"feature": "CRM sync"}),
        facts={},
        trigger_key="trial-start",
    )
    assert built["words"]["lines"] == [["Trial", "plan Team"], ["Main feature used", "CRM sync"]]


def test_a_webinar_tells_topic_and_sessions(packet):
    watched = {"topic": "Deadlines", "sessions": "2 of 3"}
    built = packet(("webinar_attendance", 30, watched), facts={}, trigger_key="webinar")
    assert built["words"]["lines"] == [["Topic", "Deadlines"], ["Sessions watched", "2 of 3"]]


def test_it_tells_the_last_five_meaningful_events_newest_first(packet):
    noise = [("email_open", n, {}) for n in range(1, 4)]
    views = [("pricing_view", n * 60, {"page": f"Page {n}"}) for n in range(1, 8)]
    events = packet(DEMO, *views, *noise)["events"]
    assert [event["label"] for event in events] == ["Demo request", *["Pricing view"] * 4]
    assert events[1]["detail"] == "Page 1"


def test_fit_facts_fit_miss_or_are_unknown(packet):
    fit = packet(DEMO, facts={"account.employees": 3, "account.region": "emea"})["fit"]
    verdicts = {fact["label"]: fact["verdict"] for fact in fit}
    assert verdicts["Employees"] == "misses"
    assert verdicts["Region"] == "fits"
    assert verdicts["Industry"] == "unknown"


def test_it_names_what_is_missing_and_where_the_lead_came_from(packet):
    built = packet(DEMO, facts={})
    assert "Employees" in built["missing"]
    assert built["source"]["campaign"] == "Nordics"


def test_the_account_is_told_in_words(packet):
    account = packet(DEMO)["account"]
    assert (account["status"], account["is_named"], account["deal"]) == ("Prospect", True, None)


def test_an_open_deal_is_in_it_and_on_its_page(client, make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    deal = Opportunity.objects.create(lead=handoff.lead, name="Renewal", amount=1200, opened_at=at)
    assert told_deal(deal)["worth"] == "1,200 EUR"
    client.force_login(alice)
    page = client.get(f"/queue/{handoff.pk}/").content.decode()
    assert "A deal is open</b>: Renewal, 1,200 EUR, with Alice, since 10 Mar 2026." in page
    assert "No deal is open" not in page


def test_the_score_shown_adds_up(packet):
    shown = readable(packet(DEMO, ("pricing_view", 9000, {}), ("pricing_view", 20000, {})))
    for part in shown["ledger"]:
        assert sum(line["points"] for line in part["lines"]) == part["sum"]
    assert any(line["lost"] for line in shown["ledger"][1]["lines"])


def test_the_same_inputs_give_the_same_packet(packet):
    assert packet(DEMO)["fit"] == packet(DEMO)["fit"]


def test_of_features_used_as_often_the_first_is_named(packet):
    used = [("trial_feature_used", ago, {"feature": name}) for ago, name in ((5, "A"), (9, "Z"))]
    trial = packet(("trial_start", 30, {}), *used, trigger_key="trial-start")
    assert ["Main feature used", "Z"] in trial["words"]["lines"]


def test_a_packet_of_nothing_known_still_stands(packet):
    built = packet(facts={}, path="manual", trigger_key="", hand_raised_at=None)
    assert (built["events"], built["last_engaged_at"], built["why_now"]["at"]) == ([], None, None)
    assert built["next_action"]["text"] == "Start the first-touch sequence"


def test_a_handoff_without_a_packet_can_be_shown():
    assert readable({}) == {}


@pytest.mark.parametrize(
    ("trigger", "facts", "readiness", "channel"),
    [
        ("demo_request", {"person.phone": "+4685550142"}, "1", "call"),
        ("demo_request", {}, "1", "email"),
        ("contact_form", {}, "3", "email"),
        ("inbound_call", {}, "2", "call"),
        ("trial_start", {}, "2", "email"),
        ("", {"person.phone": "+4685550142"}, "1", "call"),
        ("", {}, "1", "email"),
        ("", {"person.phone": "+4685550142"}, "2", "email"),
    ],
)
def test_the_next_action_goes_by_what_they_asked(trigger, facts, readiness, channel):
    action = next_action(trigger, facts, readiness=readiness)
    assert action.channel == channel
    assert action.text and action.reason
