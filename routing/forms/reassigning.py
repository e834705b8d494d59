from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from leads.models import Handoff, Role, User


class RepChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, rep: Any) -> str:
        team = f", {rep.team}" if rep.team else ""
        return f"{rep}{team} ({rep.open_count} open)"


class ReassignForm(forms.Form):
    """Who gets a handoff instead.

    seen: who had it when the form was opened.
    sure: whom it shall go to though something stands against it: their id.
    """

    rep = RepChoiceField(queryset=User.objects.none(), label="Pass to", empty_label="Choose a rep")
    note = forms.CharField(max_length=200, required=False, label="Why (they will read it)")
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    sure = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict | None = None, *, handoff: Handoff) -> None:
        super().__init__(data, initial={"seen": holder_of(handoff)})
        self.fields["rep"].queryset = reps_for(handoff)  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.form_tag = False


def holder_of(handoff: Handoff) -> str:
    """Return who has `handoff`, as one text: to tell whether it moved since."""
    return f"{handoff.owner_id or ''}/{handoff.queue_id or ''}"


def reps_for(handoff: Handoff) -> QuerySet[User]:
    """Return the reps who could get `handoff` instead, with how many they have open."""
    is_open = ~Q(handoffs__state=Handoff.State.CLOSED)
    others = User.objects.exclude(pk=handoff.owner_id) if handoff.owner_id else User.objects.all()
    return (
        others.filter(is_active=True, groups__name=Role.REP)
        .select_related("team")
        .annotate(open_count=Count("handoffs", filter=is_open))
        .order_by("team__name", "name")
    )
