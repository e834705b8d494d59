"""The forms of a stage: its words and limits, what it asks on entry, what it asks on leaving."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import copy
from datetime import timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict

from leads.custom_facts import all_attributes
from leads.forms.conditions import ConditionsField, ConditionsWidget
from leads.forms.plain_words import speak_plainly
from leads.forms.seen import as_posted
from leads.forms.typed_conditions import TypedConditions
from leads.models import Stage
from leads.offered_facts import facts_for_editors
from leads.version_words import NOTHING, conditions_in_words

LONGEST_DAYS = 730
NO_CONDITIONS = TypedConditions(())
# Columns whose field has another name.
FIELDS = {"longest_stay": "days"}
CRITERIA = {"entry": "entry_criteria", "exit": "exit_criteria"}


class SeenForm(forms.ModelForm[Stage]):
    """A form that carries what its editor saw, so that nobody's change is lost in silence."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    # What the form changes of a stage, with what each is called.
    columns: Mapping[str, str]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        speak_plainly(self.fields)
        self.now = stamp(self.instance, self.columns)
        self.initial["seen"] = self.now
        self.helper = FormHelper()
        self.helper.form_tag = False

    @property
    def is_stale(self) -> bool:
        """Whether somebody else changed the same of the stage since this form was opened."""
        return self.is_bound and self.data.get("seen") != self.now

    def see_again(self, now: Stage) -> None:
        """Take what is `now` as seen, so that the next save goes over it knowingly."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = self.now
        self.data = data

    @property
    def untouched(self) -> list[str]:
        """The columns that say what they said when this form was opened. Ask it of a valid form."""
        opened, typed = str(self.data.get("seen", "")), stamp(self.instance, self.columns)
        marks = zip(self.columns, opened.split("."), typed.split("."), strict=False)
        return [column for column, was, mark in marks if was == mark]


def stamp(stage: Stage, columns: Mapping[str, str]) -> str:
    """Return what tells one state of these columns of a stage from another, column by column."""
    return ".".join(_mark(getattr(stage, name)) for name in columns)


def _mark(value: object) -> str:
    told = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def in_words(stage: Stage, column: str) -> str:
    """Return what stands in a column of a stage as a person reads it."""
    value = getattr(stage, column)
    match column:
        case "entry_criteria" | "exit_criteria":
            return conditions_in_words(value, all_attributes()) if value else "Nothing"
        case "owner_role":
            return stage.get_owner_role_display()
        case "longest_stay":
            return f"{value.days} days" if value else "For ever"
        case "is_used":
            return "yes" if value else "no"
    return str(value) or NOTHING


class StageWordsForm(SeenForm):
    columns = {
        "label": "Label",
        "definition": "Definition",
        "owner_role": "Owner role",
        "longest_stay": "Longest stay",
        "is_used": "In use",
    }
    days = forms.IntegerField(
        label="Longest stay, in days",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Whoever has a lead for longer is told, unless a policy promises by when it moves"
        " on: then its ladder tells. Empty: a lead may stay for ever.",
    )

    class Meta:
        model = Stage
        fields = ("label", "definition", "owner_role", "is_used")
        labels = {"is_used": "In use"}
        widgets = {"definition": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.key != Stage.Key.SAL:
            del self.fields["is_used"]
        if self.instance.longest_stay:
            self.initial["days"] = self.instance.longest_stay.days

    @property
    def is_agreed(self) -> bool:
        """Whether it was said, to whoever sends this, what these days mean for leads there now."""
        return bool(self.data.get("agreed")) and self.data.get("agreed") == self.data.get("days")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        days = cleaned.get("days")
        self.instance.longest_stay = timedelta(days=days) if days else None
        return cleaned

    def see_again(self, now: Stage) -> None:
        """See SeenForm; what somebody else alone changed stays theirs."""
        columns, stored = self.untouched, type(self)(instance=copy(now))
        super().see_again(now)
        assert isinstance(self.data, QueryDict)
        for column in columns:
            setattr(self.instance, column, getattr(now, column))
            name = FIELDS.get(column, column)
            if name in self.fields:
                self.data.setlist(name, as_posted(stored[name]))


class ScoresWidget(ConditionsWidget):
    """Stages are asked once there is a score, so they may ask for it."""

    offers_scores = True


class StageCriteriaForm(SeenForm):
    """`which` criteria, "entry" or "exit". address: where its buttons ask for it anew."""

    conditions = ConditionsField(allow_always=True, label="Asks that", widget=ScoresWidget())

    class Meta:
        model = Stage
        fields = ()

    def __init__(self, *args: Any, which: str, address: str, **options: Any) -> None:
        self.column = CRITERIA[which]
        self.columns = {self.column: "Asks that"}
        super().__init__(*args, **options)
        asked = getattr(self.instance, self.column)
        self.initial["conditions"] = TypedConditions.from_json(asked) if asked else NO_CONDITIONS
        field = self.fields["conditions"]
        assert isinstance(field, ConditionsField)
        field.use(facts_for_editors(), address)

    def retyped(self, action: str) -> TypedConditions:
        """Return the conditions as typed, after a press of a button in the form."""
        field = self.fields["conditions"]
        assert isinstance(field, ConditionsField)
        typed = TypedConditions.from_data(self.data, "conditions")
        return typed.after(action, field.facts)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "conditions" in cleaned:
            setattr(self.instance, self.column, cleaned["conditions"])
        return cleaned
