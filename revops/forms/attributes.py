"""The form of an attribute that RevOps declares."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

from leads.custom_facts import check_choices
from leads.models import CustomFact
from revops.forms.first_admin import plain_helper
from revops.forms.setup import rows


class AttributeForm(forms.ModelForm[CustomFact]):
    choices = SimpleArrayField(
        forms.CharField(max_length=80),
        required=False,
        label="Its list",
        help_text="For one of a list: the values, separated by commas, lowest first.",
    )

    class Meta:
        model = CustomFact
        fields = ["label", "slug", "type", "unit", "choices", "is_ordered", "help", "is_active"]
        error_messages = {"slug": {"unique": "Another attribute has this name in data."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in CustomFact.FIXED:
                self.fields[name].disabled = True
        self.helper = plain_helper(self.fields)
        self.helper.layout = rows(
            ("label", "slug"),
            ("type", "unit"),
            ("choices", "is_ordered"),
            ("help",),
            ("is_active",),
        )

    def clean_choices(self) -> list[str]:
        return check_choices(self.instance, self.cleaned_data["choices"])
