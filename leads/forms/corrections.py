"""What people fill in to correct a lead, or to add what is missing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms

from leads.correcting import TOLD_ONLY, CorrectedFields, latest_snapshot, read_correction
from leads.fact_history import facts_of
from leads.facts import FACTS
from leads.forms.submissions import NAMED_COUNTRIES, row
from leads.models import Lead
from leads.submission_fields import FieldsRefused

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


def _employees() -> forms.Field:
    return forms.IntegerField(label="Employees", min_value=0, max_value=2**31 - 1, required=False)


def _revenue() -> forms.Field:
    return forms.DecimalField(
        label="Yearly revenue", min_value=0, max_digits=14, decimal_places=2, required=False
    )


FIELDS: dict[str, Callable[[], forms.Field]] = {
    "name": _text("Name", 200),
    "title": _text("Job title", 200),
    "email": _text("E-mail", 254, widget=forms.EmailInput(attrs={"spellcheck": "false"})),
    "phone": _text("Phone", 40, widget=forms.TextInput(attrs={"type": "tel"})),
    "company": _text("Company", 200),
    "country": _country,
    "industry": _text("Industry", 80),
    "employees": _employees,
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


class FactForm(forms.Form):
    """Standard fields of a submission, checked as everywhere."""

    def __init__(
        self, names: Iterable[str], data: Any = None, *, at: datetime, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.at = at
        self.told = CorrectedFields()
        for name in names:
            self.fields[name] = FIELDS[name]()
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self._read()
        return self.cleaned_data

    def _read(self) -> None:
        values = {name: self.cleaned_data[name] for name in self.fields if name in FIELDS}
        try:
            self.told = read_correction(values, at=self.at)
        except FieldsRefused as refused:
            for field, sentence in refused.errors:
                self.add_error(field if field in self.fields else None, sentence)

    @property
    def changed(self) -> list[str]:
        return [name for name in self.changed_data if name in FIELDS]


class CorrectionForm(FactForm):
    """All that can be corrected of a lead. `seen` is what was known when the form was opened."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, lead: Lead, data: Any = None, *, at: datetime) -> None:
        latest = latest_snapshot(lead)
        initial = {**known_values(lead, at), "seen": latest.pk if latest else None}
        super().__init__(FIELDS, data, at=at, initial=initial)
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
            "seen",
        )


class MissingForm(FactForm):
    """Just the fields that make the `missing` facts known."""

    def __init__(
        self, missing: Iterable[str], data: Any = None, *, at: datetime, prefix: str
    ) -> None:
        super().__init__(fields_for(missing), data, at=at, prefix=prefix)
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


def fields_for(missing: Iterable[str]) -> list[str]:
    """Return the names of the fields that make these facts known; none for what no form can."""
    return list(dict.fromkeys(FIELD_OF_FACT[fact] for fact in missing if fact in FIELD_OF_FACT))


def labels_of(missing: Iterable[str]) -> list[str]:
    return [FACTS[name].label if name in FACTS else name for name in missing]


def known_values(lead: Lead, at: datetime) -> dict[str, Any]:
    """Return what is now known of `lead`, by the names of the standard fields."""
    facts, account = facts_of(lead, at), lead.account
    values: dict[str, Any] = {field: facts.get(fact) for field, fact in TOLD_ONLY.items()}
    for name in ("consent", "is_hiring_sales"):
        values[name] = {True: "yes", False: "no"}.get(values[name], "")
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
