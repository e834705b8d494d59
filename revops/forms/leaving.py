"""What becomes of the accounts of somebody who leaves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from leads.models import User
from revops.departures import HEIRS
from revops.forms.first_admin import plain_helper

NOBODY = "nobody"


class LeavingForm(forms.Form):
    """Asks whose the accounts become, where there are any."""

    accounts_to = forms.ChoiceField(
        label="Their accounts go to",
        error_messages={"required": "Say who gets the accounts, or that nobody does."},
    )

    def __init__(self, data: Any = None, *, leaver: User, has_accounts: bool) -> None:
        super().__init__(data)
        self.helper = plain_helper(self.fields)
        if not has_accounts:
            del self.fields["accounts_to"]
            return
        heirs = User.objects.with_role(*HEIRS).exclude(pk=leaver.pk).order_by("name")
        field = self.fields["accounts_to"]
        assert isinstance(field, forms.ChoiceField)
        field.widget.attrs |= {
            "hx-post": reverse("setup:person_leaves", args=[leaver.pk]),
            "hx-vals": '{"do": "look"}',
            "hx-target": "#who-gets",
            "hx-select": "#who-gets",
            "hx-swap": "outerHTML",
        }
        field.choices = [
            ("", "Choose"),
            (NOBODY, "Nobody: they stay without an owner"),
            *((str(each.pk), str(each)) for each in heirs),
        ]

    @property
    def heir(self) -> User | None:
        chosen = self.cleaned_data.get("accounts_to", NOBODY)
        return None if chosen == NOBODY else User.objects.get(pk=chosen)
