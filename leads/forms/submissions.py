"""What people fill in: the public form, and the page to add a lead by hand.

Both hand in the standard fields, so every check is that of `submission_fields`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from leads.countries import COUNTRIES
from leads.forms.plain_words import speak_plainly
from leads.forms.stamps import new_stamp, read_stamp
from leads.inbox import canonical
from leads.models import IntakeSource
from leads.submission_fields import KNOWN_BY, NOBODY, FieldsRefused, read_fields
from leads.submission_values import is_dialled

# Nobody reads and fills in a form faster than this.
SHORTEST_FILL = timedelta(seconds=2)
# What a form says for NOBODY: it asks for no number of another system.
NOBODY_TYPED = "Give an e-mail address or a phone number."
NAMED_COUNTRIES = sorted(
    ((code, name) for code, name in COUNTRIES.items()), key=lambda pair: pair[1]
)


class TimeWindow(TextChoices):
    SOON = "As soon as possible", "As soon as possible"
    MORNING = "In the morning", "In the morning"
    AFTERNOON = "In the afternoon", "In the afternoon"
    NEXT_WEEK = "Next week", "Next week"


def row(*names: str) -> Div:
    """Two fields beside each other, one above the other on a phone."""
    return Div(*(Field(name, wrapper_class="col-sm-6") for name in names), css_class="row")


def check_phone(number: str) -> None:
    """Refuse what nobody could dial: who types it can still say what they mean."""
    if not is_dialled(number):
        raise ValidationError("Write a phone number with its digits, like +46 8 123 456 78.")


def employees_field() -> forms.IntegerField:
    too_many = {"max_value": "That is more than any company employs."}
    return forms.IntegerField(
        label="Employees", min_value=0, max_value=2**31 - 1, required=False, error_messages=too_many
    )


class SubmissionForm(forms.Form):
    """Fields named as the standard ones; `payload` is what is handed in."""

    name = forms.CharField(max_length=200)
    email = forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        max_length=40,
        required=False,
        validators=[check_phone],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    title = forms.CharField(label="Job title", max_length=200, required=False)
    company = forms.CharField(max_length=200, required=False)
    employees = employees_field()
    country = forms.ChoiceField(choices=[("", "Choose"), *NAMED_COUNTRIES], required=False)
    product_interest = forms.CharField(max_length=200, required=False)
    reason = forms.CharField(
        max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    time_window = forms.ChoiceField(
        label="Best time to talk", choices=[("", "Any time"), *TimeWindow.choices], required=False
    )
    consent = forms.BooleanField(required=False)
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)

    not_handed_in = {"stamp"}

    def __init__(self, data: Any = None, *, at: datetime) -> None:
        super().__init__(data, initial={"stamp": new_stamp(at)})
        self.at = at
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = self.layout()
        speak_plainly(self.fields)

    def layout(self) -> Layout:
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Check what could be read, also beside faults: all of them are told at once."""
        try:
            read_fields(self.payload, at=self.at)
        except FieldsRefused as refused:
            for field, sentence in refused.errors:
                self._refuse(field, sentence)
        return self.cleaned_data

    def _refuse(self, field: str, sentence: str) -> None:
        """Show a fault at its field. That nobody is named goes without saying beside an address
        that is faulty itself.
        """
        if sentence == NOBODY:
            sentence = NOBODY_TYPED
        if field in self.fields:
            self.add_error(field, sentence)
        elif not self.errors.keys() & set(KNOWN_BY):
            self.add_error(None, sentence)

    @property
    def payload(self) -> dict[str, object]:
        """The standard fields that were filled in, as JSON values. A box that was left alone says
        nothing: nobody refuses by it.
        """
        given = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in self.not_handed_in
        }
        return {
            name: value
            for name, value in given.items()
            if value not in ("", None) and value is not False
        }

    @property
    def key(self) -> str:
        """An idempotency key: the same form sent twice counts once, a corrected one counts."""
        stamp = read_stamp(self.cleaned_data["stamp"])
        if stamp is None:
            return ""
        return f"form:{stamp.key}:{hash_of(self.payload)}"


class PublicForm(SubmissionForm):
    """A demo request by anybody. A field that people can't see and the time taken tell robots."""

    homepage = forms.CharField(
        required=False,
        label="Leave this empty",
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    not_handed_in = {"stamp", "homepage"}

    def layout(self) -> Layout:
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["company"].widget.attrs["autocomplete"] = "organization"
        self.fields["title"].widget.attrs["autocomplete"] = "organization-title"
        self.fields["country"].widget.attrs["autocomplete"] = "country"
        self.fields["employees"].help_text = "Roughly"
        self.fields["reason"].label = "What would you like to settle?"
        self.fields["product_interest"].label = "What interests you?"
        self.fields["phone"].help_text = "With its country code, like +46"
        self.fields["consent"].label = "You may contact me about this"
        return Layout(
            row("name", "email"),
            row("company", "title"),
            row("country", "employees"),
            row("phone", "time_window"),
            "product_interest",
            "reason",
            "consent",
            Div("homepage", css_class="d-none"),
            "stamp",
        )

    @property
    def suspicion(self) -> str:
        """Why this is likely no person; "" for what looks like one."""
        stamp = read_stamp(self.cleaned_data["stamp"])
        if self.cleaned_data["homepage"]:
            return "Likely spam: a field that people can't see was filled in."
        if stamp is None:
            return "Likely spam: it did not come from our form."
        if stamp.age(self.at) < SHORTEST_FILL:
            return "Likely spam: it was filled in faster than people read."
        return ""


class ManualForm(SubmissionForm):
    """A lead that somebody met, entered by hand."""

    source = forms.ModelChoiceField(
        IntakeSource.objects.none(),
        empty_label="Choose",
        help_text="Decides how it is treated, like any other lead of it.",
    )
    website = forms.CharField(max_length=200, required=False)
    industry = forms.CharField(max_length=80, required=False)
    campaign = forms.CharField(max_length=120, required=False)

    not_handed_in = {"stamp", "source"}

    def layout(self) -> Layout:
        sources = self.fields["source"]
        assert isinstance(sources, forms.ModelChoiceField)
        sources.queryset = IntakeSource.objects.filter(is_active=True)
        self.fields["email"].required = False
        self.fields["email"].help_text = "An e-mail or a phone number is needed."
        self.fields["reason"].label = "Why they reach out"
        self.fields["consent"].label = "They agreed to be contacted"
        return Layout(
            "source",
            row("name", "title"),
            row("email", "phone"),
            row("company", "website"),
            row("country", "industry"),
            row("employees", "campaign"),
            row("product_interest", "time_window"),
            "reason",
            "consent",
            "stamp",
        )


def hash_of(payload: dict[str, object]) -> str:
    return hashlib.sha256(canonical(payload)).hexdigest()[:16]
