"""What the organisation has agreed on: stages, hops, accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from leads.admin.base import FixedAdmin, LastingAdmin
from leads.admin.rows import checked
from leads.models import Account, AccountDomain, Hop, Stage
from leads.stage_rules import reschedule_stays


class StageRecordForm(forms.ModelForm[Stage]):
    def clean_entry_criteria(self) -> list[Any]:
        return checked(self.cleaned_data["entry_criteria"], allow_always=True)

    def clean_exit_criteria(self) -> list[Any]:
        return checked(self.cleaned_data["exit_criteria"], allow_always=True)


@admin.register(Stage)
class StageAdmin(FixedAdmin[Stage]):
    form = StageRecordForm
    list_display = ("position", "key", "label", "owner_role", "longest_stay", "is_used")
    list_display_links = ("key",)
    readonly_fields = ("key", "position")

    def save_model(
        self, request: HttpRequest, obj: Stage, form: forms.ModelForm[Stage], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        reschedule_stays(obj)


@admin.register(Hop)
class HopAdmin(LastingAdmin[Hop]):
    list_display = ("label", "from_role", "to_role", "accept_stage", "qualify_stage")
    list_select_related = ("accept_stage", "qualify_stage")


class AccountDomainInline(admin.TabularInline[AccountDomain, Account]):
    model = AccountDomain
    extra = 0


@admin.register(Account)
class AccountAdmin(LastingAdmin[Account]):
    list_display = ("name", "industry", "employees", "country", "owner", "status", "is_named")
    list_filter = ("status", "is_named", "region")
    list_select_related = ("owner",)
    search_fields = ("name",)
    show_full_result_count = False
    autocomplete_fields = ("owner",)
    inlines = (AccountDomainInline,)
