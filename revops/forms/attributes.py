"""The form of an attribute that RevOps declares."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["slug"].disabled = self.fields["type"].disabled = True
        self.helper = plain_helper()
        self.helper.layout = rows(
            ("label", "slug"),
            ("type", "unit"),
            ("choices", "is_ordered"),
            ("help",),
            ("is_active",),
        )

    def clean_choices(self) -> list[str]:
        choices = list(dict.fromkeys(each.strip() for each in self.cleaned_data["choices"]))
        gone = set(self.instance.choices) - set(choices) if self.instance.pk else set()
        if gone:
            raise forms.ValidationError(
                f"{', '.join(sorted(gone))} must stay: rules may ask for it. New ones can be added."
            )
        return choices
