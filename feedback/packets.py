"""The packet: what a rep gets to know about a lead, frozen when the handoff is passed on.

Instants in it are absolute, so that "4 min ago" is worked out when it is shown. What happened since
is shown beside it, from the records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from feedback.next_actions import next_action
from leads.activity_series import ActivityRecord
from leads.conditions import Condition, Evidence
from leads.criteria import criteria_of
from leads.facts import ACTIVITY_KINDS, FACTS
from leads.models import Handoff, Lead, Opportunity, Organisation
from leads.scoring import Criteria, Score

Packet = dict[str, Any]

EVENTS_SHOWN = 5
FIT_FACTS_SHOWN = 8
# What says little about a person by itself; shown only where there is nothing better.
MINOR_KINDS = frozenset({"email_open", "page_view", "import_note"})
# Properties that tell what an activity was about, the most telling first.
TELLING = ("title", "topic", "feature", "page", "name", "subject", "url")


def build_packet(
    lead: Lead,
    handoff: Handoff,
    score: Score,
    evidence: Evidence,
    at: datetime,
    *,
    deal: Opportunity | None = None,
) -> Packet:
    """Return the packet of `handoff` as plain values for JSON; instants in ISO 8601.

    deal: the account's newest open one. Reads what it is given, the criteria that the handoff names
    and what currency deals are in. The same inputs give the same packet.
    """
    criteria = criteria_of(handoff.criteria) if handoff.criteria else None
    events = meaningful(evidence.activities)
    trigger = trigger_kind(handoff, criteria, events)
    return {
        "made_at": at.isoformat(),
        "headline": headline(lead),
        "why_now": why_now(handoff, evidence, events, trigger),
        "next_action": next_action(
            trigger, evidence.facts, readiness=score.readiness_grade
        ).to_json(),
        "words": words(trigger, evidence),
        "events": [event(each) for each in events[:EVENTS_SHOWN]],
        "last_engaged_at": events[0].occurred_at.isoformat() if events else None,
        "fit": fit_facts(criteria, evidence) if criteria else [],
        "account": account(lead, evidence) | {"deal": told_deal(deal) if deal else None},
        "score": score.to_json(),
        "source": source(lead),
        "missing": missing(handoff, score),
    }


def headline(lead: Lead) -> Packet:
    return {"name": lead.name, "title": lead.title, "company": lead.company, "email": lead.email}


def why_now(
    handoff: Handoff, evidence: Evidence, events: list[ActivityRecord], trigger: str
) -> Packet:
    """Return why this lead and why now: a reason, its instant, and what else speaks for it."""
    instant = handoff.hand_raised_at or (events[0].occurred_at if events else None)
    return {
        "text": handoff.reason,
        "at": instant.isoformat() if instant else None,
        "also": [*_repeated(events, trigger), *_company(evidence)],
    }


def meaningful(activities: Iterable[ActivityRecord]) -> list[ActivityRecord]:
    """Return what a rep should hear of, newest first."""
    newest = sorted(activities, key=lambda each: each.occurred_at, reverse=True)
    return [each for each in newest if each.kind not in MINOR_KINDS] or newest


def trigger_kind(handoff: Handoff, criteria: Criteria | None, events: list[ActivityRecord]) -> str:
    """Return the kind of activity that opened `handoff`; "" if none did by itself."""
    if handoff.path != Handoff.Path.HAND_RAISE:
        return ""
    for rule in criteria.hand_raises if criteria else ():
        if rule.key == handoff.trigger_key:
            return rule.kind
    return events[0].kind if events else ""


def event(activity: ActivityRecord) -> Packet:
    return {
        "kind": activity.kind,
        "label": kind_label(activity.kind),
        "detail": detail(activity),
        "at": activity.occurred_at.isoformat(),
    }


def kind_label(kind: str) -> str:
    known = ACTIVITY_KINDS.get(kind)
    return known.label if known else kind.replace("_", " ").capitalize()


def detail(activity: ActivityRecord) -> str:
    """Return what an activity was about, as its source said; "" if it did not."""
    found = (activity.properties.get(name) for name in TELLING)
    return next((str(value)[:120] for value in found if value not in (None, "")), "")


def words(trigger: str, evidence: Evidence) -> Packet:
    """Return what they said or, after a trial or a webinar, what they did there."""
    facts = evidence.facts
    lines: list[tuple[str, object]] = [
        ("Wants", facts.get("person.time_window")),
        ("Interested in", facts.get("person.product_interest")),
    ]
    if trigger.startswith("trial"):
        lines = [*_trial(evidence), *lines]
    if trigger.startswith("webinar"):
        lines = [*_webinar(evidence), *lines]
    return {
        "text": str(facts.get("person.reason") or ""),
        "lines": [[label, str(value)] for label, value in lines if value not in (None, "")],
    }


def fit_facts(criteria: Criteria, evidence: Evidence) -> list[Packet]:
    """Return each fact that fit depends on, with its value and whether it "fits", "misses" or is
    "unknown".
    """
    found: dict[str, Packet] = {}
    for rule, compiled in criteria.fit:
        for condition in compiled.conditions:
            if condition.fact.is_behaviour or not (
                verdict := _verdict(rule.points, condition, evidence)
            ):
                continue
            entry = {"label": condition.fact.label, "verdict": verdict}
            entry["value"] = with_capital(condition.trace(evidence).actual_text)
            _keep_best(found, condition.fact.name, entry)
    return list(found.values())[:FIT_FACTS_SHOWN]


def with_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def account(lead: Lead, evidence: Evidence) -> Packet:
    facts = evidence.facts
    status = str(facts.get("account.status") or "")
    owner = lead.account.owner if lead.account else None
    return {
        "name": lead.account.name if lead.account else lead.company,
        "status": FACTS["account.status"].choice_label(status) if status else "",
        "is_named": bool(facts.get("account.is_named")),
        "owner": str(owner) if owner else "",
    }


def told_deal(deal: Opportunity) -> Packet:
    """Return what a rep should hear of a deal: what it is called and worth, with whom, since when.

    Reads who has it, and what currency deals are in.
    """
    rep = deal.handoff.owner if deal.handoff else deal.lead.owner
    worth = ""
    if deal.amount is not None:
        worth = f"{deal.amount:,.0f} {Organisation.objects.get().currency}"
    return {
        "name": deal.name,
        "worth": worth,
        "with": str(rep) if rep else "",
        "opened_at": deal.opened_at.isoformat(),
    }


def source(lead: Lead) -> Packet:
    return {
        "name": lead.source.name,
        "motion": lead.source.get_motion_display(),
        "campaign": lead.campaign,
        "origin": lead.origin.replace("_", " "),
    }


def missing(handoff: Handoff, score: Score) -> list[str]:
    """Return the labels of the facts that nobody knows and that would matter."""
    names = dict.fromkeys([*handoff.missing, *score.unknown])
    return [FACTS[name].label if name in FACTS else name for name in names]


def thawed(packet: Any) -> Any:
    """Return a stored packet with its instants as datetimes, for a page."""
    if isinstance(packet, dict):
        return {name: _thawed_entry(name, value) for name, value in packet.items()}
    return [thawed(each) for each in packet] if isinstance(packet, list) else packet


def _thawed_entry(name: str, value: Any) -> Any:
    if isinstance(value, str) and (name == "at" or name.endswith("_at")):
        return datetime.fromisoformat(value)
    return thawed(value)


def _repeated(events: list[ActivityRecord], trigger: str) -> list[str]:
    """Return the two things done most often, beside the trigger: "3 pricing views"."""
    counts = Counter(each.kind for each in events if each.kind != trigger)
    often = [(kind, times) for kind, times in counts.most_common(2) if times > 1]
    return [f"{times} {ACTIVITY_KINDS[kind].plural.lower()}" for kind, times in often]


def _company(evidence: Evidence) -> list[str]:
    facts = evidence.facts
    employees, industry = facts.get("account.employees"), facts.get("account.industry")
    size = f"{employees:,} staff" if isinstance(employees, int | float) else ""
    return [each for each in (size, str(industry or "")) if each]


def _trial(evidence: Evidence) -> list[tuple[str, object]]:
    started = _latest(evidence, "trial_start")
    settings = ", ".join(f"{name} {value}" for name, value in (started or {}).items())
    used = Counter[str]()
    for each in sorted(evidence.done("trial_feature_used"), key=lambda each: min(each.instants)):
        if feature := each.properties.get("feature"):
            used[str(feature)] += len(each)
    most_used = used.most_common(1)[0][0] if used else None
    return [("Trial", settings), ("Main feature used", most_used)]


def _webinar(evidence: Evidence) -> list[tuple[str, object]]:
    attended = _latest(evidence, "webinar_attendance") or {}
    booked = _latest(evidence, "webinar_registration") or {}
    about = {**booked, **attended}
    return [("Topic", about.get("topic")), ("Sessions watched", attended.get("sessions"))]


def _latest(evidence: Evidence, kind: str) -> dict[str, object] | None:
    latest = max(evidence.done(kind), key=lambda each: max(each.instants), default=None)
    return dict(latest.properties) if latest else None


def _verdict(points: int, condition: Condition, evidence: Evidence) -> str:
    """Return how a fact speaks under a rule of so many points; "" if it has nothing to say."""
    holds = condition.check(evidence)
    if points > 0:
        return {True: "fits", False: "misses", None: "unknown"}[holds]
    return "misses" if holds else ""


def _keep_best(found: dict[str, Packet], name: str, entry: Packet) -> None:
    """Of several rules about one fact, the one that it fits speaks for it."""
    if name not in found or entry["verdict"] == "fits":
        found[name] = entry
