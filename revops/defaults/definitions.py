"""The shipped definition of a qualified lead: stages, hop, criteria, reason codes."""

from datetime import timedelta
from typing import Any


def when(fact: str, op: str, *value: Any, **about: Any) -> list[list[dict[str, Any]]]:
    """One condition in the form that rules store."""
    condition = {"fact": fact, "op": op, **about}
    return [[condition | {"value": value[0]} if value else condition]]


STAGES: list[dict[str, Any]] = [
    {
        "key": "ml",
        "label": "Marketing lead",
        "definition": "Known by e-mail or phone, and did something on our pages or events.",
        "owner_role": "marketing",
    },
    {
        "key": "mql",
        "label": "Marketing qualified",
        "definition": "Raised a hand, or fits and is ready enough for a person to call.",
        "owner_role": "marketing",
        "longest_stay": timedelta(days=2),
    },
    {
        "key": "sal",
        "label": "Sales accepted",
        "definition": "A rep looked at it and will work it. Not yet confirmed as a deal.",
        "owner_role": "sdr",
        "longest_stay": timedelta(days=14),
    },
    {
        "key": "sql",
        "label": "Sales qualified",
        "definition": "Confirmed in a conversation: fits, has a need, and is ready for an offer.",
        "owner_role": "ae",
        "longest_stay": timedelta(days=30),
    },
    {
        "key": "opportunity",
        "label": "Opportunity",
        "definition": "A deal is open.",
        "owner_role": "ae",
        "longest_stay": timedelta(days=90),
    },
    {"key": "customer", "label": "Customer", "definition": "A deal was won.", "owner_role": "csm"},
    {
        "key": "disqualified",
        "label": "Disqualified",
        "definition": "Will not become a customer as things are. Says why.",
        "owner_role": "marketing",
    },
]

HOP = {
    "key": "marketing_sales",
    "label": "Marketing to sales",
    "from_role": "marketing",
    "to_role": "sdr",
    "accept_stage_id": "sal",
    "qualify_stage_id": "sql",
    "return_stage_id": "ml",
}


FIT_RULES: list[dict[str, Any]] = [
    {
        "key": "size-core",
        "label": "200 to 2,000 employees",
        "conditions": when("account.employees", "between", [200, 2000]),
        "points": 30,
    },
    {
        "key": "size-near",
        "label": "50 to 199 employees",
        "conditions": when("account.employees", "between", [50, 199]),
        "points": 15,
    },
    {
        "key": "size-large",
        "label": "More than 2,000 employees",
        "conditions": when("account.employees", "at_least", 2001),
        "points": 18,
    },
    {
        "key": "industry-core",
        "label": "Software, fintech or professional services",
        "conditions": when(
            "account.industry", "is_any_of", ["software", "fintech", "professional services"]
        ),
        "points": 20,
    },
    {
        "key": "region-served",
        "label": "In a region we serve",
        "conditions": when("account.region", "is_any_of", ["amer", "emea"]),
        "points": 10,
    },
    {
        "key": "seniority-decides",
        "label": "Director or above",
        "conditions": when("person.seniority", "at_least", "director"),
        "points": 20,
    },
    {
        "key": "seniority-manages",
        "label": "Manager",
        "conditions": when("person.seniority", "is", "manager"),
        "points": 10,
    },
    {
        "key": "function-core",
        "label": "Sales, marketing or revenue operations",
        "conditions": when(
            "person.function", "is_any_of", ["sales", "marketing", "revenue_operations"]
        ),
        "points": 10,
    },
    {
        "key": "free-mail",
        "label": "Private e-mail address",
        "conditions": when("person.email_is_free", "is_true"),
        "points": -10,
    },
]

DISQUALIFIERS: list[dict[str, Any]] = [
    {
        "key": "competitor",
        "label": "Works for a competitor",
        "conditions": when("account.status", "is", "competitor"),
    },
    {
        "key": "too-small",
        "label": "Fewer than 5 employees",
        "conditions": when("account.employees", "at_most", 4),
    },
]

SIGNALS: list[dict[str, Any]] = [
    {
        "key": "demo-request",
        "label": "Asked for a demo",
        "kind": "demo_request",
        "points": 40,
        "intent": "high",
        "decay": "half_life",
        "half_life_days": 14,
        "window_days": 90,
        "cap": 60,
        "group": "asked",
    },
    {
        "key": "contact-form",
        "label": "Wrote through the contact form",
        "kind": "contact_form",
        "points": 30,
        "intent": "high",
        "decay": "half_life",
        "half_life_days": 14,
        "window_days": 90,
        "cap": 45,
        "group": "asked",
    },
    {
        "key": "inbound-call",
        "label": "Called us",
        "kind": "inbound_call",
        "points": 40,
        "intent": "high",
        "decay": "half_life",
        "half_life_days": 14,
        "window_days": 90,
        "cap": 60,
        "group": "asked",
    },
    {
        "key": "trial-start",
        "label": "Started a trial",
        "kind": "trial_start",
        "points": 35,
        "intent": "high",
        "decay": "linear",
        "window_days": 30,
        "cap": 35,
        "group": "product",
    },
    {
        "key": "trial-feature",
        "label": "Used a trial feature",
        "kind": "trial_feature_used",
        "points": 4,
        "intent": "meaningful",
        "decay": "linear",
        "window_days": 30,
        "cap": 20,
        "group": "product",
    },
    {
        "key": "pricing-view",
        "label": "Looked at pricing",
        "kind": "pricing_view",
        "points": 12,
        "intent": "high",
        "decay": "half_life",
        "half_life_days": 7,
        "window_days": 30,
        "cap": 36,
        "group": "content",
    },
    {
        "key": "case-study",
        "label": "Read a case study",
        "kind": "case_study_view",
        "points": 8,
        "intent": "meaningful",
        "decay": "half_life",
        "half_life_days": 14,
        "window_days": 60,
        "cap": 16,
        "group": "content",
    },
    {
        "key": "webinar-attended",
        "label": "Watched a webinar",
        "kind": "webinar_attendance",
        "points": 15,
        "intent": "meaningful",
        "decay": "half_life",
        "half_life_days": 21,
        "window_days": 90,
        "cap": 30,
        "group": "content",
    },
    {
        "key": "download",
        "label": "Downloaded content",
        "kind": "content_download",
        "points": 6,
        "intent": "supportive",
        "decay": "half_life",
        "half_life_days": 14,
        "window_days": 60,
        "cap": 18,
        "group": "content",
    },
    {
        "key": "mail-click",
        "label": "Clicked in an e-mail",
        "kind": "email_click",
        "points": 3,
        "intent": "supportive",
        "decay": "half_life",
        "half_life_days": 10,
        "window_days": 30,
        "cap": 9,
        "group": "content",
    },
    {
        "key": "page-view",
        "label": "Visited other pages",
        "kind": "page_view",
        "points": 1,
        "intent": "supportive",
        "decay": "half_life",
        "half_life_days": 7,
        "window_days": 30,
        "cap": 5,
        "group": "content",
    },
]

MODIFIERS: list[dict[str, Any]] = [
    {
        "key": "hiring",
        "label": "Hiring for sales",
        "conditions": when("account.is_hiring_sales", "is_true"),
        "points": 5,
    },
]

GROUP_CAPS = [
    {"group": "asked", "cap": 80},
    {"group": "content", "cap": 60},
    {"group": "product", "cap": 50},
]

HAND_RAISES: list[dict[str, Any]] = [
    {"key": "demo-request", "label": "Asked for a demo", "kind": "demo_request", "window_days": 30},
    {
        "key": "contact-form",
        "label": "Wrote through the contact form",
        "kind": "contact_form",
        "window_days": 30,
    },
    {"key": "inbound-call", "label": "Called us", "kind": "inbound_call", "window_days": 30},
    {"key": "trial-start", "label": "Started a trial", "kind": "trial_start", "window_days": 30},
]

DEPTH_RULES: list[dict[str, Any]] = [
    {
        "key": "three-high",
        "label": "Three high-intent acts within two weeks",
        "high": 3,
        "window_days": 14,
    },
]

REQUIRED_FIELDS = [
    {"path": "any", "fact": "person.email"},
    {"path": "any", "fact": "account.name"},
    {"path": "any", "fact": "account.country"},
]

BANDS: dict[str, Any] = {
    "fit_a": 60,
    "fit_b": 35,
    "readiness_1": 40,
    "readiness_2": 15,
    "opens_at": ["A1", "A2", "B1"],
}

CHECKLIST: list[dict[str, Any]] = [
    {
        "key": "need",
        "label": "Need",
        "framework": "bant",
        "help": "They named a problem that we solve.",
        "is_required": True,
    },
    {
        "key": "authority",
        "label": "Authority",
        "framework": "bant",
        "help": "We speak with who decides, or know who does.",
    },
    {
        "key": "budget",
        "label": "Budget",
        "framework": "bant",
        "help": "There is money for it, or a way to get it.",
    },
    {
        "key": "timing",
        "label": "Timing",
        "framework": "bant",
        "help": "They mean to decide on a day that was named.",
    },
]

REASON_CODES: list[dict[str, Any]] = [
    {
        "key": "wrong-size",
        "group": "fit",
        "label": "Wrong size",
        "definition": "Too small or too large for what we sell.",
        "consequence": "disqualify",
    },
    {
        "key": "wrong-industry",
        "group": "fit",
        "label": "Wrong industry or region",
        "definition": "We do not serve this industry or place.",
        "consequence": "disqualify",
    },
    {
        "key": "wrong-role",
        "group": "fit",
        "label": "Wrong role, no authority",
        "definition": "Can neither decide nor bring us to who does.",
        "consequence": "recycle",
        "nurture_days": 90,
    },
    {
        "key": "wrong-timing",
        "group": "timing",
        "label": "Wrong timing",
        "definition": "Wants it, but later. Comes back on the date you give.",
        "consequence": "recycle",
        "nurture_days": 90,
        "needs_date": True,
    },
    {
        "key": "no-need",
        "group": "timing",
        "label": "No need",
        "definition": "Talked to us and has no problem that we solve.",
        "consequence": "recycle",
        "nurture_days": 180,
    },
    {
        "key": "unable-to-reach",
        "group": "timing",
        "label": "Unable to reach",
        "definition": "Never answered. Needs four touches first, and comes back by itself.",
        "consequence": "recycle",
        "nurture_days": 60,
        "min_touches": 4,
    },
    {
        "key": "bad-contact",
        "group": "data",
        "label": "Bad contact data",
        "definition": "Neither mail nor phone reaches this person.",
        "consequence": "review",
    },
    {
        "key": "other",
        "group": "data",
        "label": "Other",
        "definition": "None of these. Say it in a sentence.",
        "consequence": "recycle",
        "nurture_days": 90,
        "needs_note": True,
    },
    {
        "key": "wrong-person",
        "group": "routing",
        "label": "Not mine",
        "definition": "A good lead for somebody else. Goes to the next rep.",
        "consequence": "reroute",
    },
    {
        "key": "unknown-imported",
        "group": "data",
        "label": "Unknown (imported)",
        "definition": "Closed before Handoff, without a reason on record.",
        "consequence": "recycle",
        "nurture_days": 90,
        "is_active": False,
    },
]
