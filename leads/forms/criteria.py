"""The forms by which the rows of a criteria draft are edited, one for each table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import models
from django.utils.text import slugify

from leads.facts import ACCOUNT_FACTS, ACTIVITY_KIND_CHOICES, LEAD_FACTS, PERSON_FACTS
from leads.forms.conditions import (
    AFTER_OPENING,
    AFTER_SCORING,
    ConditionsField,
    PairsField,
    own_facts,
)
from leads.forms.rows import RowForm
from leads.models import (
    BANDS,
    Bands,
    ChecklistItem,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    Signal,
)

LONGEST_WINDOW = 730


def _label(help_text: str = "") -> forms.CharField:
    return forms.CharField(label="Name", max_length=120, help_text=help_text)


def _points() -> forms.IntegerField:
    return forms.IntegerField(
        label="Points", min_value=-1000, max_value=1000, help_text="Below 0 takes points away."
    )


def _days(label: str, help_text: str = "", *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=LONGEST_WINDOW,
        required=required,
        help_text=help_text,
        error_messages={
            "min_value": f"“{label}” is at least a day.",
            "max_value": f"“{label}” is at most {LONGEST_WINDOW} days.",
        },
    )


def _kind() -> forms.ChoiceField:
    return forms.ChoiceField(label="Activity", choices=[("", "Choose"), *ACTIVITY_KIND_CHOICES])


def _where() -> PairsField:
    return PairsField(
        label="Only where",
        help_text="A property and the value it must have. Numbers and yes or no are read as such; "
        "put them in quotes to mean text.",
    )


def _number(label: str, help_text: str = "", *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=10_000,
        required=required,
        help_text=help_text,
    )


class FitRuleForm(RowForm):
    label = _label()
    points = _points()
    conditions = ConditionsField(label="Holds if")

    class Meta:
        model = FitRule
        fields = ("label", "points", "is_required", "conditions")
        help_texts = {"is_required": "Unless it is known to hold, fit stays C."}


class ModifierForm(RowForm):
    label = _label()
    points = _points()
    conditions = ConditionsField(label="Holds if")

    class Meta:
        model = Modifier
        fields = ("label", "points", "conditions")


class DisqualifierForm(RowForm):
    label = _label()
    conditions = ConditionsField(label="Rules a lead out if")

    class Meta:
        model = Disqualifier
        fields = ("label", "conditions")


class SignalForm(RowForm):
    label = _label()
    kind = _kind()
    points = _points()
    intent = forms.ChoiceField(choices=[("", "Choose"), *Signal.Intent.choices])
    window_days = _days("Counts for", "Days after which it counts no more.")
    half_life_days = _days("Half-life", "Days; for that decay only.", required=False)
    cap = _number("Cap", "The most it gives in all; blank is no limit.", required=False)
    group = forms.CharField(
        label="Group",
        max_length=40,
        required=False,
        help_text="Signals of one group share its cap; blank is none.",
    )
    where = _where()

    class Meta:
        model = Signal
        fields = (
            *("label", "kind", "points", "intent", "decay", "half_life_days", "window_days"),
            *("cap", "group", "where"),
        )

    def clean_group(self) -> str:
        return str(slugify(self.cleaned_data["group"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("decay") != Signal.Decay.HALF_LIFE:
            cleaned["half_life_days"] = None
        elif not cleaned.get("half_life_days") and "half_life_days" not in self.errors:
            self.add_error("half_life_days", "A half-life is at least a day.")
        return cleaned


class HandRaiseForm(RowForm):
    label = _label()
    kind = _kind()
    times = forms.IntegerField(label="Times", min_value=1, max_value=100, help_text="How often.")
    window_days = _days("Within", "Days.")
    where = _where()

    class Meta:
        model = HandRaise
        fields = ("label", "kind", "times", "window_days", "where")


class DepthRuleForm(RowForm):
    label = _label()
    high = _number("High intent")
    meaningful = _number("Meaningful")
    supportive = _number("Supportive")
    window_days = _days("Within", "Days.")

    class Meta:
        model = DepthRule
        fields = ("label", "high", "meaningful", "supportive", "window_days")


class GroupCapForm(RowForm):
    cap = _number("Cap", "The most that the group gives together.")

    class Meta:
        model = GroupCap
        fields = ("group", "cap")
        error_messages = {NON_FIELD_ERRORS: {"unique_together": "This group has a cap already."}}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        used = Signal.objects.filter(version=self.instance.version_id).exclude(group="")
        groups = sorted({*used.values_list("group", flat=True), self.instance.group} - {""})
        self.fields["group"] = forms.ChoiceField(
            label="Group",
            choices=[(each, each) for each in groups],
            help_text="A group is made by naming it in a signal.",
            error_messages={"required": "Choose a group."},
        )


class RequiredFieldForm(RowForm):
    class Meta:
        model = RequiredField
        fields = ("fact", "path")
        labels = {"path": "On which path"}
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "This field is required on that path already."}
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["fact"] = forms.ChoiceField(
            label="Field",
            choices=self._facts(),
            error_messages={"required": "Choose a field."},
        )

    def _facts(self) -> list[Any]:
        lead = [fact for fact in LEAD_FACTS if not fact.name.startswith(AFTER_SCORING)]
        groups = (
            ("Person", PERSON_FACTS),
            ("Account", [fact for fact in ACCOUNT_FACTS if fact.name != AFTER_OPENING]),
            ("Source", lead),
            ("Your own", own_facts(self.own)),
        )
        return [("", "Choose")] + [
            (name, [(fact.name, fact.label) for fact in facts]) for name, facts in groups if facts
        ]


class ChecklistItemForm(RowForm):
    label = _label()

    class Meta:
        model = ChecklistItem
        fields = ("label", "help", "framework", "is_required")
        labels = {"framework": "From", "is_required": "Must be confirmed"}


class BandsForm(RowForm):
    fit_a = forms.IntegerField(label="Fit A from", min_value=-1000, max_value=1000)
    fit_b = forms.IntegerField(label="Fit B from", min_value=-1000, max_value=1000)
    readiness_1 = forms.IntegerField(label="Readiness 1 from", min_value=-1000, max_value=1000)
    readiness_2 = forms.IntegerField(label="Readiness 2 from", min_value=-1000, max_value=1000)
    opens_at = forms.MultipleChoiceField(
        label="Open a handoff at",
        choices=[(band, band) for band in BANDS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = Bands
        fields = ("fit_a", "fit_b", "readiness_1", "readiness_2", "opens_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._check_order("fit_a", "fit_b", "Fit A", "fit B")
        self._check_order("readiness_1", "readiness_2", "Readiness 1", "readiness 2")
        return cleaned

    def _check_order(self, upper: str, lower: str, more: str, less: str) -> None:
        high, low = self.cleaned_data.get(upper), self.cleaned_data.get(lower)
        if high is not None and low is not None and high <= low:
            self.add_error(
                upper, f"{more} must need more points than {less}, not {high} against {low}."
            )


FORMS: Mapping[type[models.Model], type[RowForm]] = {
    form.Meta.model: form
    for form in (
        FitRuleForm,
        DisqualifierForm,
        SignalForm,
        ModifierForm,
        GroupCapForm,
        HandRaiseForm,
        DepthRuleForm,
        RequiredFieldForm,
        ChecklistItemForm,
        BandsForm,
    )
}
