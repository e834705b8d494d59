"""What a reviewer decides about a handoff, and what opens one by hand."""

from __future__ import annotations

from django import forms

from feedback.models import ReasonCode
from feedback.review import codes
from leads.models import User
from sla.board import reps_to_choose

LONGEST_NOTE = 120


class AssignForm(forms.Form):
    rep = forms.ModelChoiceField(
        User.objects.none(),
        error_messages={"required": "Choose a rep.", "invalid_choice": "Choose a rep."},
    )
    note = forms.CharField(required=False, max_length=LONGEST_NOTE)

    def __init__(self, data: object, *, reviewer: User) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        allowed = [rep.pk for rep in reps_to_choose(reviewer)]
        rep = self.fields["rep"]
        assert isinstance(rep, forms.ModelChoiceField)
        rep.queryset = User.objects.filter(pk__in=allowed)


class DisqualifyForm(forms.Form):
    code = forms.ModelChoiceField(
        ReasonCode.objects.none(),
        to_field_name="key",
        error_messages={"required": "Choose a reason.", "invalid_choice": "Choose a reason."},
    )
    note = forms.CharField(required=False, max_length=LONGEST_NOTE)

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        code = self.fields["code"]
        assert isinstance(code, forms.ModelChoiceField)
        code.queryset = codes()


class HandOverForm(forms.Form):
    reason = forms.CharField(
        max_length=200, error_messages={"required": "Say in a few words why now."}
    )
