"""The attributes that RevOps declares."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from leads.admin.base import LastingAdmin
from leads.custom_facts import check_choices
from leads.models import CustomFact


class AttributeRecordForm(forms.ModelForm[CustomFact]):
    def clean_choices(self) -> list[str]:
        return check_choices(self.instance, self.cleaned_data["choices"])


@admin.register(CustomFact)
class CustomFactAdmin(LastingAdmin[CustomFact]):
    form = AttributeRecordForm
    list_display = ("label", "slug", "type", "unit", "is_active")
    list_filter = ("type", "is_active")

    def get_readonly_fields(
        self, request: HttpRequest, obj: CustomFact | None = None
    ) -> tuple[str, ...]:
        return CustomFact.FIXED if obj else ()
