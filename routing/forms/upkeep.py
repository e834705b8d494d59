"""Who keeps the routing table up to date, and when it is looked through next."""

from __future__ import annotations

from typing import Any

from django import forms

from leads.forms.instants import SENSIBLE_DAYS
from leads.models import Document, Role, User


class UpkeepForm(forms.ModelForm[Document]):
    owner = forms.ModelChoiceField(
        User.objects.none(),
        label="Owner",
        help_text="Who keeps the table true when teams, people or products change.",
        empty_label="Choose",
        error_messages={"required": "Choose who keeps the table.", "invalid_choice": "Choose who."},
    )
    review_on = forms.DateField(
        label="Next review",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=SENSIBLE_DAYS,
        help_text="From the day after, the date turns red.",
        error_messages={"required": "Choose a day."},
    )

    class Meta:
        model = Document
        fields = ("owner", "review_on")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        keepers = User.objects.with_role(Role.MARKETING_OPS, Role.ADMIN, Role.MANAGER)
        self.fields["owner"].queryset = keepers.order_by("name")  # type: ignore[attr-defined]
