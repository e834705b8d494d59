"""What to do first about a lead, and why: a recommendation, never a script. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

CALL, EMAIL = "call", "email"


@dataclass(frozen=True, slots=True)
class NextAction:
    """channel: "call" or "email", as a touch of it would be logged."""

    text: str
    reason: str
    channel: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def next_action(trigger: str, facts: Mapping[str, object], *, readiness: str) -> NextAction:
    """Return what to do first.

    trigger:   the kind of activity that opened the handoff; "" if the score did.
    readiness: its grade, "1" the readiest.
    """
    can_call = bool(facts.get("person.phone"))
    match trigger:
        case "demo_request":
            return _demo(facts, can_call=can_call)
        case "contact_form":
            return NextAction("Answer their message", "They wrote to us and wait.", EMAIL)
        case "inbound_call":
            return NextAction("Call them back", "They called us.", CALL)
        case "trial_start" | "trial_feature_used":
            return NextAction("Ask how the trial goes", "They are trying the product now.", EMAIL)
        case "webinar_attendance" | "webinar_registration":
            return NextAction("Follow up on the webinar", "They gave time to its topic.", EMAIL)
    if readiness == "1":
        text = "Call them" if can_call else "Write to them by hand"
        return NextAction(
            text, "Much interest of late, nothing asked yet.", CALL if can_call else EMAIL
        )
    return NextAction("Start the first-touch sequence", "Early: nothing asked for yet.", EMAIL)


def _demo(facts: Mapping[str, object], *, can_call: bool) -> NextAction:
    if window := facts.get("person.time_window"):
        return NextAction(f"Send meeting times: {window}", "The time they asked for.", EMAIL)
    if can_call:
        return NextAction("Call to set up the demo", "They asked for one, and left a phone.", CALL)
    return NextAction("Offer two meeting times", "They asked for a demo.", EMAIL)
