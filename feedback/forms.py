"""What a rep fills in about a lead. The rules themselves are in the functions these feed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from feedback.errors import AnswerRefused
from feedback.models import ReasonCode
from leads.errors import EntryRefused, LeadsError
from leads.forms.instants import NearInstantField
from leads.models import ChecklistItem, Meeting, Opportunity, Touch
from sla.models import Pause

# Keys confirmed to sentences by field, and one of the stage.
Check = Callable[[Collection[str]], tuple[Mapping[str, str], str]]

LONGEST_NOTE = 2000
LATER = "later"
LONGEST_OVERRIDE = 100


def note_field(label: str = "Note") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AnswerForm(forms.Form):
    """A form of the answer pane; the pane brings the form element and the buttons."""

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        return helper

    def refuse(self, error: AnswerRefused) -> None:
        """Show what is wrong where it is wrong."""
        for field, sentence in error.problems.items():
            self.add_error(field if field in self.fields else None, sentence)

    def fail(self, error: LeadsError) -> None:
        """Show what keeps the answer as a whole from being taken."""
        self.add_error(None, str(error))


class StageForm(AnswerForm):
    """An answer that moves the lead on. If the stage refuses it, it asks why one goes on."""

    def __init__(self, data: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        if data and "override" in data:
            self.ask_override()

    def fail(self, error: LeadsError) -> None:
        super().fail(error)
        if isinstance(error, EntryRefused):
            self.ask_override()

    def ask_override(self) -> None:
        self.fields["override"] = forms.CharField(
            label="Go on all the same, because",
            max_length=LONGEST_OVERRIDE,
            help_text="Goes on record with the move.",
            error_messages={"required": "Say why it goes on all the same."},
        )


class AcceptForm(StageForm):
    """Nothing to fill in, unless the stage refuses the lead."""


class ReasonForm(AnswerForm):
    """Why a lead is given back. `quick` is a code chosen and sent with one key."""

    code = forms.ModelChoiceField(
        ReasonCode.objects.offered(),
        to_field_name="key",
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(label="Note for marketing", required=False, max_length=LONGEST_NOTE)
    nurture_until = forms.DateField(
        label="Ask again on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class TouchForm(AnswerForm):
    """A touch; its outcome is "" if the rep says it later."""

    channel = forms.ChoiceField(choices=Touch.Channel)
    outcome = forms.TypedChoiceField(
        choices=[*Touch.Outcome.choices, (LATER, "I say it later")],
        coerce=lambda chosen: "" if chosen == LATER else chosen,
        help_text="Any attempt counts as first touch and first response, answered or not.",
    )
    occurred_at = NearInstantField(label="When", required=False, help_text="Left empty: now.")
    note = note_field()


class QualifyForm(StageForm):
    confirmed = forms.MultipleChoiceField(
        label="Confirmed with them", required=False, widget=forms.CheckboxSelectMultiple
    )
    meeting_at = NearInstantField(
        label="Meeting on", required=False, help_text="If one is agreed, in your time."
    )
    note = forms.CharField(
        label="What makes it a deal", required=False, max_length=150, help_text="In a few words."
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        items: Iterable[ChecklistItem],
        check: Check,
    ) -> None:
        """check: says of the keys confirmed what is wrong by field, and what the stage refuses."""
        super().__init__(data)
        self.check = check
        field = self.fields["confirmed"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(item.key, checklist_text(item)) for item in items]
        if not field.choices:
            del self.fields["confirmed"]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        problems, refusal = self.check(told.get("confirmed", []))
        self.refuse(AnswerRefused(problems))
        if refusal and not told.get("override"):
            self.fail(EntryRefused(refusal))
        return told


class PauseForm(AnswerForm):
    reason = forms.CharField(label="Why", max_length=200)
    until = NearInstantField(label="Till", help_text="It comes back by itself then.")
    kind = forms.ChoiceField(label="It is", choices=Pause.Kind)


class MeetingForm(AnswerForm):
    starts_at = NearInstantField(label="Meeting on")
    outcome = forms.ChoiceField(choices=Meeting.Outcome)


def checklist_text(item: ChecklistItem) -> str:
    """Return an item as its box says it: "Need (required): They named a problem that we solve."."""
    needed = " (required)" if item.is_required else ""
    return f"{item.label}{needed}" + (f": {item.help}" if item.help else "")


class DealForm(StageForm):
    state = forms.ChoiceField(label="Deal", choices=Opportunity.State)
    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, currency: str, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.fields["amount"].label = f"Amount in {currency}"

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        if told.get("state") == Opportunity.State.WON and told.get("amount") is None:
            self.add_error("amount", "Say what the deal is worth.")
        return told
