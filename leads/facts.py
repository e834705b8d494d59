"""Everything a rule may ask about: the facts, their types, and the kinds of activity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from leads.titles import function_of, seniority_of

__all__ = [
    "ACTIVITY_KINDS",
    "ACTIVITY_KIND_CHOICES",
    "BEHAVIOUR_FACTS",
    "FACTS",
    "FUNCTIONS",
    "SENIORITIES",
    "ActivityKind",
    "Fact",
    "FactType",
    "function_of",
    "seniority_of",
]

Choices = tuple[tuple[str, str], ...]


class FactType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    LIST = "list"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a rule may ask of a lead.

    name:    dotted, as stored in a condition ("account.employees"); custom ones "custom.<slug>".
    choices: pairs of stored value and label, as a form wants them; of a TEXT they only name what
             is known.
    ordered: the choices stand from lowest to highest, so that "at least" means something.
    listed:  of a TEXT: there is nothing but the choices, so what it is or is not is one of them.
    is_off:  switched off, so that no draft may ask it.
    """

    name: str
    type: FactType
    label: str
    help: str
    unit: str = ""
    choices: Choices = ()
    ordered: bool = False
    listed: bool = False
    is_off: bool = False

    @property
    def is_behaviour(self) -> bool:
        return self.name.startswith("activity.")

    @property
    def choice_values(self) -> frozenset[str]:
        return frozenset(value for value, _ in self.choices)

    def choice_label(self, value: str) -> str:
        return dict(self.choices).get(value, value)


@dataclass(frozen=True, slots=True)
class ActivityKind:
    key: str
    label: str
    plural: str


SENIORITIES: Choices = (
    ("intern", "Intern"),
    ("individual", "Individual contributor"),
    ("manager", "Manager"),
    ("director", "Director"),
    ("vp", "VP"),
    ("c_level", "C-level"),
    ("owner", "Owner or founder"),
)
FUNCTIONS: Choices = (
    ("sales", "Sales"),
    ("marketing", "Marketing"),
    ("revenue_operations", "Revenue operations"),
    ("it", "IT"),
    ("finance", "Finance"),
    ("operations", "Operations"),
    ("hr", "HR"),
    ("product", "Product"),
    ("engineering", "Engineering"),
    ("legal", "Legal"),
    ("support", "Support"),
    ("executive", "Executive"),
    ("other", "Other"),
)
REGIONS: Choices = (
    ("amer", "Americas"),
    ("emea", "Europe, Middle East and Africa"),
    ("apac", "Asia-Pacific"),
    ("latam", "Latin America"),
)
ACCOUNT_STATUSES: Choices = (
    ("prospect", "Prospect"),
    ("customer", "Customer"),
    ("partner", "Partner"),
    ("competitor", "Competitor"),
)
MOTIONS: Choices = (
    ("inbound", "Inbound"),
    ("outbound", "Outbound"),
    ("partner", "Partner"),
    ("self_serve", "Self-serve"),
)
FIT_GRADES: Choices = (("A", "A"), ("B", "B"), ("C", "C"))
READINESS_GRADES: Choices = (("1", "1"), ("2", "2"), ("3", "3"))
BANDS: Choices = tuple((fit + ready, fit + ready) for fit in "ABC" for ready in "123")
PATHS: Choices = (
    ("hand_raise", "Hand-raise"),
    ("score", "Score"),
    ("wake", "Rest is over"),
    ("manual", "By hand"),
)

TEXT, NUMBER, BOOLEAN = FactType.TEXT, FactType.NUMBER, FactType.BOOLEAN
CHOICE, LIST = FactType.CHOICE, FactType.LIST


def _by_name(facts: Iterable[Fact]) -> dict[str, Fact]:
    return {fact.name: fact for fact in facts}


PERSON_FACTS = (
    Fact("person.email", TEXT, "Email", "The address the lead gave, lower case."),
    Fact("person.email_domain", TEXT, "Email domain", "What stands after the @."),
    Fact("person.email_is_free", BOOLEAN, "Free email", "A private address such as gmail.com."),
    Fact("person.phone", TEXT, "Phone", "In international form, +49…"),
    Fact("person.has_phone", BOOLEAN, "Has a phone number", "A phone number is on record."),
    Fact("person.title", TEXT, "Job title", "As the lead wrote it."),
    Fact(
        "person.seniority",
        CHOICE,
        "Seniority",
        "Read from the job title; lowest to highest.",
        choices=SENIORITIES,
        ordered=True,
    ),
    Fact("person.function", CHOICE, "Function", "Read from the job title.", choices=FUNCTIONS),
    Fact("person.country", TEXT, "Country", "Two letters, such as DE."),
    Fact("person.consent", BOOLEAN, "Consent", "The lead agreed to be contacted."),
    Fact("person.reason", TEXT, "Reason for reaching out", "In the lead's own words."),
    Fact("person.product_interest", TEXT, "Product interest", "The product they asked about."),
    Fact("person.time_window", TEXT, "Requested time", "When they would like to talk."),
)
ACCOUNT_FACTS = (
    Fact("account.name", TEXT, "Company", "The company's name."),
    Fact("account.industry", TEXT, "Industry", "As in the account record."),
    Fact("account.employees", NUMBER, "Employees", "Head count.", unit="people"),
    Fact("account.revenue", NUMBER, "Revenue", "Yearly, in the organisation's currency."),
    Fact("account.country", TEXT, "Company country", "Two letters, such as DE."),
    Fact("account.state", TEXT, "Company state", "State or province."),
    Fact("account.region", CHOICE, "Region", "Sales region of the company.", choices=REGIONS),
    Fact("account.tech_stack", LIST, "Tech stack", "Products the company uses."),
    Fact("account.is_named", BOOLEAN, "Named account", "On the list of named accounts."),
    Fact(
        "account.status",
        CHOICE,
        "Account status",
        "What the company is to us.",
        choices=ACCOUNT_STATUSES,
    ),
    Fact("account.has_owner", BOOLEAN, "Account has an owner", "A rep owns the account."),
    Fact("account.has_open_opportunity", BOOLEAN, "Open opportunity", "A deal is running."),
    Fact(
        "account.is_hiring_sales",
        BOOLEAN,
        "Hiring for sales",
        "The company is hiring salespeople; a third party's signal.",
    ),
)
LEAD_FACTS = (
    Fact("lead.source", TEXT, "Source", "The source the lead came by."),
    Fact("lead.origin", TEXT, "Origin", "Where the lead first came from, as the source says."),
    Fact("lead.campaign", TEXT, "Campaign", "The campaign that brought the lead."),
    Fact("lead.motion", CHOICE, "Sales motion", "How the lead came to us.", choices=MOTIONS),
    Fact("score.fit", CHOICE, "Fit grade", "A is best.", choices=FIT_GRADES),
    Fact("score.readiness", CHOICE, "Readiness grade", "1 is best.", choices=READINESS_GRADES),
    Fact("score.band", CHOICE, "Band", "Fit and readiness together.", choices=BANDS),
    Fact("handoff.path", CHOICE, "Handoff path", "What opened the handoff.", choices=PATHS),
    Fact("handoff.hand_raise", TEXT, "Hand-raise", "What opened the handoff by itself."),
)
BEHAVIOUR_FACTS: Mapping[str, Fact] = _by_name(
    (
        Fact("activity.count", NUMBER, "Number of activities", "How often it happened."),
        Fact(
            "activity.days_since_last",
            NUMBER,
            "Days since the last activity",
            "Whole UTC days; unknown if it never happened.",
            unit="days",
        ),
        Fact(
            "activity.distinct_days",
            NUMBER,
            "Days with an activity",
            "On how many different UTC days it happened.",
            unit="days",
        ),
    )
)
FACTS: Mapping[str, Fact] = {
    **_by_name((*PERSON_FACTS, *ACCOUNT_FACTS, *LEAD_FACTS)),
    **BEHAVIOUR_FACTS,
}

ACTIVITY_KINDS: Mapping[str, ActivityKind] = {
    kind.key: kind
    for kind in (
        ActivityKind("demo_request", "Demo request", "Demo requests"),
        ActivityKind("contact_form", "Contact form", "Contact forms"),
        ActivityKind("inbound_call", "Inbound call", "Inbound calls"),
        ActivityKind("trial_start", "Trial start", "Trial starts"),
        ActivityKind("pricing_view", "Pricing view", "Pricing views"),
        ActivityKind("page_view", "Page view", "Page views"),
        ActivityKind("case_study_view", "Case study view", "Case study views"),
        ActivityKind("content_download", "Content download", "Content downloads"),
        ActivityKind("webinar_registration", "Webinar registration", "Webinar registrations"),
        ActivityKind("webinar_attendance", "Webinar attendance", "Webinar attendances"),
        ActivityKind("email_open", "Email open", "Email opens"),
        ActivityKind("email_click", "Email click", "Email clicks"),
        ActivityKind("email_reply", "Email reply", "Email replies"),
        ActivityKind("trial_feature_used", "Trial feature used", "Trial features used"),
        ActivityKind("buying_signal", "Buying signal", "Buying signals"),
        ActivityKind("import_note", "Imported note", "Imported notes"),
    )
}
ACTIVITY_KIND_CHOICES: Choices = tuple((kind.key, kind.label) for kind in ACTIVITY_KINDS.values())
