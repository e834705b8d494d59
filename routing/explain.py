"""Decisions in words: to the rep "why you", to ops the route not taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leads.models import Handoff, User
from routing.models import Decision
from routing.trace import spelled_out

FAILING = ("false", "unknown")
# The verbs that reasons begin with (routing/outcomes.py, routing/routing.py), said to the rep.
YOU = {
    "is": "are",
    "was": "were",
    "has": "have",
    "owns": "own",
    "works": "work",
    "covers": "cover",
    "accepted": "accepted",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule as it was asked. verdict: decided, waits, nobody, failed or unknown.

    conditions: what decided it (text, value found, truth); nobody: why it led to nobody yet.
    """

    label: str
    verdict: str
    conditions: Sequence[Mapping[str, str]]
    nobody: str
    skipped: Sequence[Skipped]


def decisions_about(handoff: Handoff) -> list[Decision]:
    """Return every decision about `handoff`, the latest first."""
    found = Decision.objects.filter(handoff=handoff)
    return list(found.select_related("rep", "queue", "version__document", "by").order_by("-id"))


def sentence_for(reader: User, decision: Decision) -> str:
    return why_you(decision) if decision.rep_id == reader.pk else why_them(decision)


def why_you(decision: Decision) -> str:
    """Return a sentence for the packet: "You are next in rota Inbound (rule “Asked for a person”)".

    For a queue it says why nobody has the handoff yet.
    """
    if decision.rep is None:
        return decision.reason
    verb, _, rest = decision.reason.partition(" ")
    sentence = f"You {YOU[verb]} {rest}"
    return f"{sentence} (rule “{decision.rule_label}”)." if decision.rule_label else f"{sentence}."


def why_them(decision: Decision) -> str:
    """Return the same for anybody else: "Alice is next in rota Inbound."."""
    return f"{decision.rep} {decision.reason}." if decision.rep else decision.reason


def rules_asked(decision: Decision) -> list[Asked]:
    """Return each rule that was asked, in order, with what decided it."""
    return rules_in(decision.trace)


def rules_in(trace: Mapping[str, Any]) -> list[Asked]:
    """Return each rule that a trace, as it is kept, says was asked."""
    return list(_asked(spelled_out(trace)))


def _asked(trace: Mapping[str, Any]) -> Iterator[Asked]:
    for rule in trace["rules"]:
        yield Asked(
            label=rule["label"],
            verdict=_verdict(rule),
            conditions=_telling(rule),
            nobody=rule.get("nobody", ""),
            skipped=[
                Skipped(each["name"], each["reason"])
                for each in trace.get("skipped", [])
                if each["rule"] == rule["key"]
            ],
        )


def _verdict(rule: Mapping[str, Any]) -> str:
    if "waits" in rule:
        return "waits"
    if "failed" in rule:
        return "unknown" if _is_unknown(rule["failed"]) else "failed"
    if rule["matched"]:
        return "nobody" if "nobody" in rule else "decided"
    return "unknown" if rule["trace"]["truth"] == "unknown" else "failed"


def _telling(rule: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """Return the conditions that made a rule hold, or those that kept it from holding. The older
    decisions keep both by group.
    """
    if "failed" in rule:
        failed: Sequence[Mapping[str, str]] = rule["failed"]
        return failed
    groups = rule["trace"]["groups"]
    if rule["matched"]:
        return next((each["conditions"] for each in groups if each["truth"] == "true"), [])
    return [each for group in groups for each in group["conditions"] if each["truth"] in FAILING]


def _is_unknown(failed: Sequence[Mapping[str, str]]) -> bool:
    return any(each["truth"] == "unknown" for each in failed)
