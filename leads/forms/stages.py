"""The forms of a stage: its words and limits, what it asks on entry, what it asks on leaving."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.http import QueryDict

from leads.conditions import describe
from leads.custom_facts import declared_facts
from leads.forms.conditions import ConditionsField, ConditionsWidget
from leads.forms.typed_conditions import TypedConditions
from leads.models import Stage

LONGEST_DAYS = 730
NOTHING = TypedConditions(())
CRITERIA = {"entry": "entry_criteria", "exit": "exit_criteria"}


class SeenForm(forms.ModelForm[Stage]):
    """A form that carries what its editor saw, so that nobody's change is lost in silence."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = stamp(self.instance)
        self.initial["seen"] = self.now
        self.helper = FormHelper()
        self.helper.form_tag = False

    @property
    def is_stale(self) -> bool:
        """Whether somebody else changed the stage since this form was opened."""
        return self.is_bound and self.data.get("seen") != self.now

    def see_again(self) -> None:
        """Take what is now as seen, so that the next save goes over it knowingly."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = self.now
        self.data = data


def stamp(stage: Stage) -> str:
    """Return what tells one state of a stage's settings from another."""
    told = [
        stage.label, stage.definition, stage.owner_role, str(stage.longest_stay), stage.is_used,
        stage.entry_criteria, stage.exit_criteria,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


class StageWordsForm(SeenForm):
    days = forms.IntegerField(
        label="Longest stay, in days",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Whoever has a lead for longer is told. Empty: a lead may stay for ever.",
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

    def save(self, commit: bool = True) -> Stage:
        days = self.cleaned_data["days"]
        self.instance.longest_stay = timedelta(days=days) if days else None
        return super().save(commit)


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
        super().__init__(*args, **options)
        self.column = CRITERIA[which]
        asked = getattr(self.instance, self.column)
        self.initial["conditions"] = TypedConditions.from_json(asked) if asked else NOTHING
        field = self.fields["conditions"]
        assert isinstance(field, ConditionsField)
        field.use(declared_facts(), address)

    def retyped(self, action: str) -> TypedConditions:
        """Return the conditions as typed, after a press of a button in the form."""
        field = self.fields["conditions"]
        assert isinstance(field, ConditionsField)
        typed = TypedConditions.from_data(self.data, "conditions")
        return typed.after(action, field.facts)

    def in_force(self) -> str:
        """Return in words what is asked at present."""
        asked = getattr(self.instance, self.column)
        return describe(asked, extra_facts=declared_facts()) if asked else "Nothing"

    def save(self, commit: bool = True) -> Stage:
        setattr(self.instance, self.column, self.cleaned_data["conditions"])
        return super().save(commit)
