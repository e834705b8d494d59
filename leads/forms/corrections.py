"""What people fill in to correct a lead, or to add what is missing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms

from leads.correcting import TOLD_ONLY, CorrectedFields, latest_snapshot, read_correction
from leads.custom_facts import CUSTOM, active_attributes
from leads.fact_history import facts_of
from leads.facts import Fact, FactType
from leads.forms.plain_words import speak_plainly
from leads.forms.submissions import NAMED_COUNTRIES, check_phone, employees_field, row
from leads.models import Lead
from leads.submission_fields import FieldsRefused

LONGEST_ATTRIBUTE = 400
YES_NO = [("", "Not known"), ("yes", "Yes"), ("no", "No")]


def _text(label: str, length: int, **options: Any) -> Callable[[], forms.Field]:
    return lambda: forms.CharField(label=label, max_length=length, required=False, **options)


def _yes_no(label: str) -> Callable[[], forms.Field]:
    return lambda: forms.TypedChoiceField(
        label=label,
        choices=YES_NO,
        required=False,
        empty_value=None,
        coerce=lambda answer: answer == "yes",
    )


def _country() -> forms.Field:
    choices = [("", "Not known"), *NAMED_COUNTRIES]
    return forms.ChoiceField(label="Country", choices=choices, required=False)


def country_input() -> forms.TextInput:
    return forms.TextInput(attrs={"list": "countries", "placeholder": "Sweden, or SE"})


def _revenue() -> forms.Field:
    return forms.DecimalField(
        label="Yearly revenue", min_value=0, max_digits=14, decimal_places=2, required=False
    )


FIELDS: dict[str, Callable[[], forms.Field]] = {
    "name": _text("Name", 200),
    "title": _text("Job title", 200),
    "email": _text("E-mail", 254, widget=forms.EmailInput(attrs={"spellcheck": "false"})),
    "phone": _text(
        "Phone", 40, validators=[check_phone], widget=forms.TextInput(attrs={"type": "tel"})
    ),
    "company": _text("Company", 200),
    "country": _country,
    "industry": _text("Industry", 80),
    "employees": employees_field,
    "state": _text("State or province", 80),
    "revenue": _revenue,
    "campaign": _text("Campaign", 120),
    "product_interest": _text("Product interest", 200),
    "time_window": _text("When they would like to talk", 200),
    "reason": _text("Their words", 4000, widget=forms.Textarea(attrs={"rows": 3})),
    "consent": _yes_no("Agreed to be contacted"),
    "is_hiring_sales": _yes_no("Hiring for sales"),
}
# By which field a fact is made known; other facts follow from these, or are not for a form.
FIELD_OF_FACT = {
    "person.email": "email",
    "person.email_domain": "email",
    "person.email_is_free": "email",
    "person.phone": "phone",
    "person.has_phone": "phone",
    "person.title": "title",
    "person.seniority": "title",
    "person.function": "title",
    "account.name": "company",
    "account.country": "country",
    "account.region": "country",
    "account.state": "state",
    "account.industry": "industry",
    "account.employees": "employees",
    "account.revenue": "revenue",
    "lead.campaign": "campaign",
    **{fact: field for field, fact in TOLD_ONLY.items()},
}


def _limits_of_percentage(fact: Fact) -> dict[str, Any]:
    said = f"{fact.label} is a percentage, so it lies between 0 and 100.".replace("%", "%%")
    words = dict.fromkeys(("min_value", "max_value"), said)
    return {"min_value": 0, "max_value": 100, "error_messages": words}


def attribute_field(fact: Fact) -> forms.Field:
    """Return the field of a declared attribute."""
    match fact.type:
        case FactType.NUMBER:
            label = f"{fact.label} ({fact.unit})" if fact.unit else fact.label
            limits = _limits_of_percentage(fact) if fact.unit == "%" else {}
            return forms.DecimalField(label=label, required=False, help_text=fact.help, **limits)
        case FactType.BOOLEAN:
            return _yes_no(fact.label)()
        case FactType.CHOICE:
            choices = [("", "Not known"), *fact.choices]
            return forms.ChoiceField(label=fact.label, choices=choices, required=False)
        case FactType.DATE:
            widget = forms.DateInput(attrs={"type": "date"})
            return forms.DateField(label=fact.label, required=False, widget=widget)
    help_text = "With commas between." if fact.type is FactType.LIST else fact.help
    return forms.CharField(
        label=fact.label, max_length=LONGEST_ATTRIBUTE, required=False, help_text=help_text
    )


def attribute_text(value: object) -> object:
    """Return a stored attribute as its field shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def attribute_value(value: object, fact: Fact) -> object:
    """Return what was filled in as a submission may carry it; None for nothing."""
    if value in ("", None):
        return None
    if fact.type is FactType.LIST:
        return [part.strip() for part in str(value).split(",") if part.strip()]
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, date) else value


class FactForm(forms.Form):
    """Standard fields of a submission, and attributes ("custom.seats"), checked as everywhere."""

    def __init__(
        self,
        names: Iterable[str],
        data: Any = None,
        *,
        at: datetime,
        own: Mapping[str, Fact],
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.at = at
        self.told = CorrectedFields()
        self.own = own
        for name in names:
            attribute = own.get(name)
            self.fields[name] = attribute_field(attribute) if attribute else FIELDS[name]()
        speak_plainly(self.fields)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean(self) -> dict[str, Any]:
        self._read()
        return self.cleaned_data

    def _read(self) -> None:
        values = {name: self.cleaned_data[name] for name in FIELDS if name in self.cleaned_data}
        attributes = {
            name.removeprefix(CUSTOM): value
            for name, fact in self.own.items()
            if (value := attribute_value(self.cleaned_data.get(name), fact)) is not None
        }
        try:
            self.told = read_correction(values | {"attributes": attributes}, at=self.at)
        except FieldsRefused as refused:
            for field, sentence in refused.errors:
                self.add_error(field if field in self.fields else None, sentence)

    @property
    def changed(self) -> list[str]:
        return [name for name in self.changed_data if name in FIELDS or name in self.own]


class CorrectionForm(FactForm):
    """All that can be corrected of a lead. `seen` is what was known when the form was opened."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, lead: Lead, data: Any = None, *, at: datetime) -> None:
        latest = latest_snapshot(lead)
        initial = {**known_values(lead, at), "seen": latest.pk if latest else None}
        attributes = active_attributes()
        super().__init__([*FIELDS, *attributes], data, at=at, own=attributes, initial=initial)
        self.fields["country"].help_text = "Of the company; decides the region."
        self.fields[
            "company"
        ].help_text = "Its country, industry, size and revenue hold for all its leads."
        self.helper.layout = Layout(
            row("name", "title"),
            row("email", "phone"),
            row("company", "country"),
            row("industry", "employees"),
            row("state", "revenue"),
            row("campaign", "product_interest"),
            row("time_window", "consent"),
            row("is_hiring_sales"),
            "reason",
            *attributes,
            "seen",
        )


class MissingForm(FactForm):
    """Just the fields that make the `missing` facts known. own: the declared attributes."""

    def __init__(
        self,
        missing: Iterable[str],
        data: Any = None,
        *,
        at: datetime,
        prefix: str,
        own: Mapping[str, Fact],
    ) -> None:
        super().__init__(fields_for(missing, own), data, at=at, own=own, prefix=prefix)
        if "country" in self.fields:
            # Many such forms stand on one page: they share one list of countries.
            self.fields["country"] = _text("Country", 80, widget=country_input())()

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        if not self.errors and not self.filled:
            raise forms.ValidationError("Fill in at least one of these.")
        return told

    @property
    def filled(self) -> list[str]:
        return [name for name, value in self.cleaned_data.items() if value not in ("", None)]


def fields_for(missing: Iterable[str], own: Mapping[str, Fact]) -> list[str]:
    """Return the names of the fields that make these facts known; none for what no form can."""
    fields = {**FIELD_OF_FACT, **{name: name for name in own}}
    return list(dict.fromkeys(fields[fact] for fact in missing if fact in fields))


def known_values(lead: Lead, at: datetime) -> dict[str, Any]:
    """Return what is now known of `lead`, by the names of the standard fields."""
    facts, account = facts_of(lead, at), lead.account
    values: dict[str, Any] = {field: facts.get(fact) for field, fact in TOLD_ONLY.items()}
    for name in ("consent", "is_hiring_sales"):
        values[name] = {True: "yes", False: "no"}.get(values[name], "")
    values |= {name: attribute_text(facts.get(name)) for name in facts if name.startswith(CUSTOM)}
    values |= {name: getattr(lead, name) for name in ("name", "title", "email", "phone")}
    values |= {"company": lead.company, "campaign": lead.campaign}
    if account is not None:
        values |= {
            "company": account.name,
            "country": account.country or values["country"],
            "industry": account.industry,
            "employees": account.employees,
            "state": account.state,
            "revenue": account.revenue,
        }
    return values
