"""What the organisation has agreed on: stages, hops, accounts."""

from __future__ import annotations

from django.contrib import admin

from leads.admin.base import FixedAdmin, LastingAdmin
from leads.models import Account, AccountDomain, Hop, Stage


@admin.register(Stage)
class StageAdmin(FixedAdmin[Stage]):
    list_display = ("position", "key", "label", "owner_role", "longest_stay", "is_used")
    list_display_links = ("key",)
    readonly_fields = ("key", "position")


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
