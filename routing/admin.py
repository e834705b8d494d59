"""Every record of this app in the Django admin."""

from __future__ import annotations

from django.contrib import admin

from leads.admin.base import LastingAdmin, ReadOnlyAdmin
from leads.admin.kinds import KINDS, Kind
from leads.admin.rows import DraftRows, FallbackRowForm, fallback_problems
from leads.models import Document, Version
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


class RoutingRuleInline(DraftRows):
    model = RoutingRule
    form = FallbackRowForm


def problems_of_table(version: Version) -> list[str]:
    return fallback_problems(RoutingRule.objects.filter(version=version))


KINDS[Document.Kind.ROUTING] = Kind((RoutingRuleInline,), problems_of_table)


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
