"""Every record of this app in the Django admin."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import admin

from feedback.models import Backtest, DealChange, Disposition, ReasonCode
from feedback.publishing import publish_criteria
from leads.admin.base import LastingAdmin, ReadOnlyAdmin
from leads.admin.kinds import CRITERIA, KINDS
from leads.models import Document

KINDS[Document.Kind.CRITERIA] = replace(CRITERIA, publish=publish_criteria)


@admin.register(ReasonCode)
class ReasonCodeAdmin(LastingAdmin[ReasonCode]):
    list_display = ("label", "key", "group", "consequence", "nurture_days", "is_active")
    list_filter = ("group", "consequence", "is_active")
    search_fields = ("label", "key")


@admin.register(Disposition)
class DispositionAdmin(ReadOnlyAdmin[Disposition]):
    list_display = ("handoff_id", "kind", "code", "by", "at", "nurture_until")
    list_filter = ("kind", "code")
    list_select_related = ("code", "by")
    search_fields = ("=handoff__id",)
    ordering = ("-id",)


@admin.register(DealChange)
class DealChangeAdmin(ReadOnlyAdmin[DealChange]):
    list_display = ("deal", "from_state", "to_state", "amount", "makes_customer", "by", "at")
    list_filter = ("to_state", "makes_customer")
    list_select_related = ("deal__lead", "by")
    ordering = ("-id",)


@admin.register(Backtest)
class BacktestAdmin(ReadOnlyAdmin[Backtest]):
    list_display = ("id", "version", "against", "months", "job", "created_by", "created_at")
    list_select_related = ("version__document", "against__document", "job", "created_by")
    ordering = ("-id",)
