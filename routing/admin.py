"""Every record of this app in the Django admin."""

from __future__ import annotations

from django import forms
from django.contrib import admin

from leads.admin.base import LastingAdmin, ReadOnlyAdmin
from leads.admin.kinds import KINDS, Kind
from leads.admin.rows import DraftRows, FallbackRowForm
from leads.instants import database_now
from leads.models import Document, User, Version
from routing.check import errors_of
from routing.forms.rows import HAS_LEFT
from routing.models import (
    Capacity,
    Decision,
    Replay,
    Rota,
    RotaMember,
    RoutingRule,
    Territory,
    Turn,
)
from routing.publishing import publish_table


class RoutingRowForm(FallbackRowForm):
    def clean_rep(self) -> User | None:
        rep: User | None = self.cleaned_data["rep"]
        if rep is not None and not rep.is_active:
            raise forms.ValidationError(HAS_LEFT.format(rep=rep))
        return rep


class RoutingRuleInline(DraftRows):
    model = RoutingRule
    form = RoutingRowForm


def problems_of_table(version: Version) -> list[str]:
    return errors_of(version, database_now())


KINDS[Document.Kind.ROUTING] = Kind((RoutingRuleInline,), problems_of_table, publish_table)


class RotaMemberInline(admin.TabularInline[RotaMember, Rota]):
    model = RotaMember
    extra = 0
    autocomplete_fields = ("rep",)


@admin.register(Rota)
class RotaAdmin(LastingAdmin[Rota]):
    list_display = ("name", "method", "is_active")
    search_fields = ("name",)
    inlines = (RotaMemberInline,)


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin[Territory]):
    list_display = ("precedence", "name", "countries", "rep", "rota")
    list_display_links = ("name",)
    list_select_related = ("rep", "rota")
    autocomplete_fields = ("rep", "rota")


@admin.register(Capacity)
class CapacityAdmin(admin.ModelAdmin[Capacity]):
    list_display = ("rep", "is_online", "max_open", "max_per_day", "max_per_week")
    list_filter = ("is_online",)
    list_select_related = ("rep",)
    search_fields = ("rep__name",)
    autocomplete_fields = ("rep",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin[Decision]):
    list_display = ("handoff_id", "rule_label", "rep", "queue", "reason", "version", "by", "at")
    list_filter = ("queue",)
    list_select_related = ("rep", "queue", "version__document", "by")
    search_fields = ("=handoff__id", "=rule_key")
    ordering = ("-id",)


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin[Turn]):
    list_display = ("rota", "number", "stretch", "rep", "at")
    list_filter = ("rota",)
    list_select_related = ("rota", "rep")
    ordering = ("-id",)


@admin.register(Replay)
class ReplayAdmin(ReadOnlyAdmin[Replay]):
    list_display = ("id", "version", "against", "days", "job", "created_by", "created_at")
    list_select_related = ("version__document", "against__document", "job", "created_by")
    ordering = ("-id",)
