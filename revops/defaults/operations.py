"""The shipped way of working: hours, promises, sources, the routing table."""

from datetime import timedelta
from typing import Any

from revops.defaults.definitions import when

CALENDAR = "Office hours"
OFFICE_DAY = [["09:00", "17:30"]]
OFFICE_HOURS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE_DAY)

ASKED_FOR_A_PERSON = when(
    "handoff.hand_raise", "is_any_of", ["demo-request", "contact-form", "inbound-call"]
)

SEGMENTS = ("SMB", "Mid-market", "Enterprise")
ATTRIBUTES: list[dict[str, Any]] = [
    {
        "slug": "segment",
        "type": "choice",
        "label": "Segment",
        "help": "By size, how we sell to the company.",
        "choices": list(SEGMENTS),
        "is_ordered": True,
    },
]

QUEUES = [
    {"key": "nurture", "name": "Marketing nurture"},
    {"key": "review", "name": "Review"},
    {"key": "routing", "name": "Waiting for a rep"},
]


MISSED = (100, "tell_manager")


def promise(kind: str, measure: str, allowed: timedelta, *steps: tuple[int, str]) -> dict[str, Any]:
    levels, actions = zip(*steps, strict=True)
    ladder = {"levels": list(levels), "actions": list(actions)}
    return {"kind": kind, "measure": measure, "allowed": allowed, **ladder}


def promises(
    first_response: timedelta, rep: timedelta, *unanswered: tuple[int, str]
) -> list[dict[str, Any]]:
    """What the prospect is promised in wall time, and the rep asked for in working time.

    unanswered: what is done beyond the deadline with a lead that its rep did not answer.
    """
    half, soon = (50, "remind"), (80, "remind")
    return [
        promise("first_response", "wall", first_response, soon, MISSED),
        promise("accept", "working", rep, half, soon, MISSED, *unanswered),
        promise("first_touch", "working", rep * 2, soon, MISSED),
        promise("review", "working", timedelta(hours=4), soon, MISSED),
    ]


POLICIES: list[dict[str, Any]] = [
    {
        "key": "asked-for-a-person",
        "label": "Demo, contact form or call: 5 minutes",
        "conditions": ASKED_FOR_A_PERSON,
        "targets": promises(timedelta(minutes=5), timedelta(minutes=15), (200, "reassign")),
    },
    {
        "key": "trial",
        "label": "Trial started: 1 hour",
        "conditions": when("handoff.hand_raise", "is", "trial-start"),
        "targets": promises(timedelta(hours=1), timedelta(hours=1)),
    },
    {
        "key": "high-intent",
        "label": "High-intent content: 4 hours",
        "conditions": when("score.readiness", "is", "1"),
        "targets": promises(timedelta(hours=4), timedelta(hours=2)),
    },
    {
        "key": "nurture",
        "label": "Everything else: 24 hours",
        "conditions": [],
        "targets": promises(timedelta(hours=24), timedelta(hours=4)),
    },
]

SOURCES: list[dict[str, Any]] = [
    {
        "slug": "demo-request",
        "name": "Demo request",
        "activity_kind": "demo_request",
        "has_form": True,
        "form_title": "Ask for a demo",
        "form_intro": "Tell us what you want to see.",
    },
    {"slug": "website", "name": "Website", "activity_kind": "page_view"},
    {"slug": "webinar", "name": "Webinars", "activity_kind": "webinar_registration"},
    {
        "slug": "trial",
        "name": "Free trial",
        "motion": "self_serve",
        "activity_kind": "trial_start",
    },
    {"slug": "partner", "name": "Partners", "motion": "partner", "activity_kind": "import_note"},
    {"slug": "list", "name": "Lists", "motion": "outbound"},
    {"slug": "by-hand", "name": "Added by hand", "activity_kind": "import_note"},
]

DEAL_RUNS = when("account.has_open_opportunity", "is_true")
HAS_OWNER = when("account.has_owner", "is_true")
NAMED = when("account.is_named", "is_true")
ROTA = "Inbound"
NAMED_ROTA, SEGMENT_ROTA = "Named accounts", "Enterprise"

ROUTING_RULES: list[dict[str, Any]] = [
    # Who asked for a person, whoever they are; then everybody else in the same order.
    {
        "key": "open-opportunity-asked",
        "label": "A deal is running, and they asked for a person: its owner",
        "conditions": [DEAL_RUNS[0] + ASKED_FOR_A_PERSON[0]],
        "outcome": "opportunity_owner",
        "priority": 30,
    },
    {
        "key": "account-owner-asked",
        "label": "The account has an owner, and they asked for a person",
        "conditions": [HAS_OWNER[0] + ASKED_FOR_A_PERSON[0]],
        "outcome": "account_owner",
        "priority": 30,
    },
    {
        "key": "named-account-asked",
        "label": "A named account that asked for a person",
        "conditions": [NAMED[0] + ASKED_FOR_A_PERSON[0]],
        "outcome": "rota",
        "rota": NAMED_ROTA,
        "priority": 30,
    },
    {
        "key": "demo",
        "label": "Asked for a person",
        "conditions": ASKED_FOR_A_PERSON,
        "outcome": "rota",
        "rota": ROTA,
        "priority": 30,
    },
    {
        "key": "open-opportunity",
        "label": "A deal is running: its owner",
        "conditions": DEAL_RUNS,
        "outcome": "opportunity_owner",
        "priority": 20,
    },
    {
        "key": "account-owner",
        "label": "The account has an owner",
        "conditions": HAS_OWNER,
        "outcome": "account_owner",
        "priority": 10,
    },
    {
        "key": "named-account",
        "label": "A named account",
        "conditions": NAMED,
        "outcome": "rota",
        "rota": NAMED_ROTA,
        "priority": 10,
    },
    {
        "key": "territory",
        "label": "A territory's",
        "conditions": when("account.country", "is_known"),
        "outcome": "territory",
    },
    {
        "key": "segment",
        "label": "1,000 employees or more",
        "conditions": when("account.employees", "at_least", 1_000),
        "outcome": "rota",
        "rota": SEGMENT_ROTA,
    },
    {
        "key": "inbound",
        "label": "All other inbound",
        "conditions": when("lead.motion", "is_any_of", ["inbound", "partner", "self_serve"]),
        "outcome": "rota",
        "rota": ROTA,
    },
    {
        "key": "review",
        "label": "Nobody's yet: review",
        "conditions": [],
        "outcome": "queue",
    },
]
