"""The standard fields of a submission: the same names and checks at every door.

API, public form, import and the page for a lead by hand all hand in these, as JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from leads.errors import LeadsError
from leads.normalising import normal_phone
from leads.submission_values import (
    Attributes,
    Count,
    Country,
    Email,
    Kind,
    Line80,
    Line100,
    Line120,
    Line200,
    Money,
    PastInstant,
    Phone,
    Properties,
    Text,
    WebAddress,
)

MOST_ACTIVITIES = 200
# By one of these somebody is known. For who reads the schema; `_is_somebody` checks it.
KNOWN_BY = ("email", "phone", "source_id")
NOBODY = "Give an email, a phone or a source_id."

# Other words for how a handoff ended, and ours.
OUTCOMES = {"declined": "disqualified", "cancelled": "recycled"}

# What is wrong with a value, in plainer words than the checker's own.
SENTENCES = {
    "extra_forbidden": "There is no field of this name.",
    "missing": "This is needed.",
    "string_type": "This must be a text.",
    "string_unicode": "There is half a character in this text.",
    "string_too_long": "This is longer than {max_length} characters.",
    "int_type": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "too_long": "At most {max_length} of these.",
    "model_type": "This must be an object of names and values.",
    "greater_than_equal": "This must be {ge} or more.",
    "less_than_equal": "This must be {le} or less.",
    "literal_error": "Use one of: {expected}.",
}


class Fields(BaseModel):
    """Base of what is handed in: nothing unknown, nothing turned into another type in silence."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )


class ActivityFields(Fields):
    """Something the person did before, told along with the submission."""

    kind: Kind
    occurred_at: PastInstant
    properties: Properties = {}
    id: Line120 = ""
    """The sender's own number of it: told twice, it counts once."""


class SubmissionFields(Fields):
    """What a source says about a person and what they did. Give an email, a phone or a source_id;
    everything else may be left out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"minLength": 1}}} for name in KNOWN_BY
            ]
        }
    )

    email: Email = ""
    name: Line200 = ""
    first_name: Line100 = ""
    last_name: Line100 = ""
    phone: Phone = ""
    """With its country code, or as dialled in the country."""
    title: Line200 = ""
    """Job title."""
    company: Line200 = ""
    website: WebAddress = ""
    country: Country = ""
    """Two letters, or the English name."""
    state: Line80 = ""
    """State or province."""
    industry: Line80 = ""
    employees: Count | None = None
    revenue: Money | None = None
    """Yearly, in the organisation's currency."""
    tech_stack: Annotated[list[Line80], Field(max_length=50)] = []
    """Products the company uses."""
    product_interest: Line200 = ""
    reason: Text = ""
    """Why they reach out, in their own words."""
    time_window: Line200 = ""
    """When they would like to talk."""
    campaign: Line120 = ""
    origin: Line80 = ""
    """Where the person first came from, as the source calls it: paid_search, social. Left out:
    nobody said. "unknown": somebody said so."""
    consent: bool | None = None
    """Whether they agreed to be contacted."""
    source_id: Line120 = ""
    """The person's number at the source."""
    occurred_at: PastInstant | None = None
    """When it happened; left out: now. At most 5 minutes ahead."""
    kind: Kind | None = None
    """What the person did; left out: what the source stands for."""
    properties: Properties = {}
    """Particulars of what the person did, such as the page."""
    activities: Annotated[list[ActivityFields], Field(max_length=MOST_ACTIVITIES)] = []
    """What else they did before."""
    is_hiring_sales: bool | None = None
    """Whether the company is hiring salespeople, as a third party says."""
    attributes: Attributes = {}
    """Facts of your own, which rules ask for as custom.NAME."""

    @model_validator(mode="after")
    def _is_somebody(self) -> SubmissionFields:
        if self.email or self.source_id or self.normal_phone:
            return self
        if self.phone:
            raise ValueError("Give the phone number its country code, like +49 30 123456.")
        raise ValueError(NOBODY)

    @property
    def full_name(self) -> str:
        return self.name or f"{self.first_name} {self.last_name}".strip()

    @property
    def normal_phone(self) -> str:
        """The phone number as +4930123456, or "" if there is none that can be read."""
        return normal_phone(self.phone, self.country)


class HistoryFields(Fields):
    """What became of a lead before it was imported."""

    opened_at: PastInstant
    passed_at: PastInstant | None = None
    first_touch_at: PastInstant | None = None
    handler: Line120 = ""
    """Name or number of who took it."""
    accepted: bool | None = None
    outcome: Literal["won", "disqualified", "recycled", "open", ""] = ""
    closed_at: PastInstant | None = None

    @field_validator("outcome", mode="before")
    @classmethod
    def _in_our_words(cls, outcome: object) -> object:
        return OUTCOMES.get(outcome, outcome) if isinstance(outcome, str) else outcome

    @model_validator(mode="after")
    def _begins_and_ends(self) -> HistoryFields:
        later = [self.passed_at, self.first_touch_at, self.closed_at]
        known = [instant for instant in later if instant]
        if any(instant < self.opened_at for instant in known):
            raise ValueError("Nothing can come before it was opened.")
        if self.closed_at and any(instant > self.closed_at for instant in known):
            raise ValueError("Nothing can come after it was closed.")
        return self


class HistoricalFields(SubmissionFields):
    """A submission of an import of the past, with what became of it."""

    stage: Literal["ml", "mql", "sal", "sql", "opportunity", "customer", "disqualified", ""] = ""
    history: HistoryFields | None = None


class FieldsRefused(LeadsError):
    """What was handed in breaks a rule. `errors` are pairs of dotted field and sentence."""

    def __init__(self, errors: list[tuple[str, str]]):
        super().__init__(" ".join(f"{field}: {why}" if field else why for field, why in errors))
        self.errors = errors


FieldsT = TypeVar("FieldsT", bound=Fields)


def read_fields(
    payload: Mapping[str, object], *, at: datetime, is_historical: bool = False
) -> SubmissionFields:
    """Return a submission's payload (JSON values) as typed, checked and normalised fields.

    at:            when it was received; nothing in it may be later.
    is_historical: it may say what became of the lead, and gives HistoricalFields.
    Raises FieldsRefused with every fault found.
    """
    try:
        return read_as(HistoricalFields if is_historical else SubmissionFields, payload, at=at)
    except FieldsRefused as refused:
        # Whether it is somebody is asked of whole submissions; here one reads all faults at once.
        is_asked = ("", NOBODY) in refused.errors
        if is_asked or any(payload.get(name) for name in KNOWN_BY):
            raise
        raise FieldsRefused([*refused.errors, ("", NOBODY)]) from refused


def read_as(fields: type[FieldsT], payload: Mapping[str, object], *, at: datetime) -> FieldsT:
    """Return `payload` as `fields`. Raises FieldsRefused with every fault found."""
    try:
        return fields.model_validate(payload, context={"at": at})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise FieldsRefused([_sentence(fault) for fault in faults]) from error


def _sentence(fault: ErrorDetails) -> tuple[str, str]:
    field = ".".join(str(part) for part in fault["loc"] if part != "[key]")
    context = fault.get("ctx", {})
    if "error" in context:
        return field, str(context["error"])
    wording = SENTENCES.get(fault["type"], fault["msg"])
    return field, wording.format(**context) if fault["type"] in SENTENCES else wording
