"""How a rota turns, and who is in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Q
from django.forms.models import BaseInlineFormSet

from leads.contested import Contested
from leads.forms.seen import SeenRowForm
from leads.models import Role, User
from routing.models import Rota, RotaMember

BLANK_ROWS = 3


class RotaForm(SeenRowForm[Rota]):
    """agreed: that it is switched off or emptied although something leads to it."""

    agreed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Rota
        fields = ("name", "method", "is_active")
        labels = {"is_active": "In use"}
        help_texts = {
            "method": "Weights count only in turn by weight, and for those with equally little"
            " open work.",
        }


class MemberForm(SeenRowForm[RotaMember]):
    class Meta:
        model = RotaMember
        fields = ("rep", "weight")

    weight = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=1,
        error_messages={
            "min_value": "A weight lies between 1 and 100. Take out who is to get nothing.",
            "max_value": "A weight lies between 1 and 100.",
        },
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rep = self.fields["rep"]
        assert isinstance(rep, forms.ModelChoiceField)
        rep.empty_label = "Nobody"
        rep.widget.attrs["class"] = "form-select"
        self.fields["weight"].widget.attrs["class"] = "form-control"
        rep.disabled = self.instance.pk is not None
        rep.queryset = reps_to_choose(self.instance.rep_id)

    def see_again(self) -> list[Contested]:
        """See SeenRowForm; only a weight can change. None: it is taken out."""
        (weight,) = [each for each in super().see_again() if each.label == "Weight"]
        yours = None if self.cleaned_data.get("DELETE") else weight.yours
        return [replace(weight, label=f"Weight of {self.stored.rep}", yours=yours)]


def reps_to_choose(present_id: int | None) -> Any:
    """Return the sales reps who work here, and whoever is chosen already."""
    active = Q(is_active=True, groups__name=Role.REP)
    return User.objects.filter(active | Q(pk=present_id)).distinct().order_by("name")


class Members(BaseInlineFormSet[RotaMember, Rota, MemberForm]):
    """The members of a rota, and some blank rows for more."""

    def add_fields(self, form: forms.BaseForm, index: int | None) -> None:
        super().add_fields(form, index)  # type: ignore[arg-type]
        form.fields["DELETE"].widget.attrs["class"] = "form-check-input"

    @property
    def is_stale(self) -> bool:
        """Whether a member that was changed here has been taken out meanwhile."""
        return self.is_bound and any("id" in each.errors for each in self.initial_forms)

    @property
    def changed_by_others(self) -> list[MemberForm]:
        return [each for each in self.initial_forms if each.is_stale]

    @property
    def stay_any(self) -> bool:
        """Whether anybody who works here is in the rota when this is saved."""
        rows = (each.cleaned_data for each in self.forms)
        return any(row["rep"].is_active for row in rows if row.get("rep") and not row.get("DELETE"))


MemberFormSet = forms.inlineformset_factory(
    Rota, RotaMember, form=MemberForm, formset=Members, extra=BLANK_ROWS, max_num=200
)
