"""Leads and what happened to them: written by the product's functions alone, read here."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.admin.base import ReadOnlyAdmin
from leads.models import (
    Activity,
    Assignment,
    ChecklistAnswer,
    FactSnapshot,
    Handoff,
    Identity,
    Job,
    Lead,
    Meeting,
    Merge,
    Opportunity,
    OwnershipChange,
    RefusedOwnership,
    ScoreSnapshot,
    StageTransition,
    Touch,
)


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin[Lead]):
    list_display = ("__str__", "email", "company", "source", "stage", "responsible", "entered_at")
    list_filter = ("stage", "source", "band")
    list_select_related = ("source", "stage", "owner", "queue")
    search_fields = ("search_text",)
    search_help_text = "Name, e-mail or company, or nearly so"
    ordering = ("-entered_at", "-id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        if not search_term:
            return queryset, False
        found = Lead.objects.searched(search_term).order_by().values("pk")[:500]
        return queryset.filter(pk__in=found), False


@admin.register(Handoff)
class HandoffAdmin(ReadOnlyAdmin[Handoff]):
    list_display = ("id", "lead", "state", "closed_as", "path", "owner", "queue", "opened_at")
    list_filter = ("state", "closed_as", "path", "queue")
    list_select_related = ("lead", "owner", "queue")
    search_fields = ("=id", "=lead__id")
    search_help_text = "Number of the handoff or of its lead"
    ordering = ("-opened_at",)


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin[Assignment]):
    list_display = ("handoff_id", "seq", "rep", "passed_at", "answer", "outcome", "ended_at")
    list_filter = ("answer", "outcome")
    list_select_related = ("rep",)
    search_fields = ("=handoff__id",)
    ordering = ("-id",)


@admin.register(Touch)
class TouchAdmin(ReadOnlyAdmin[Touch]):
    list_display = ("lead", "channel", "outcome", "by", "is_automated", "occurred_at")
    list_filter = ("channel", "outcome", "is_automated")
    list_select_related = ("lead", "by")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin[Identity]):
    list_display = ("value", "kind", "scope", "lead")
    list_filter = ("kind",)
    list_select_related = ("lead",)
    search_fields = ("=value",)
    ordering = ("-id",)


@admin.register(FactSnapshot)
class FactSnapshotAdmin(ReadOnlyAdmin[FactSnapshot]):
    list_display = ("lead", "known_from", "recorded_at", "by")
    list_select_related = ("lead", "by")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin[Activity]):
    list_display = ("kind", "lead", "account", "occurred_at", "source")
    list_filter = ("source",)
    list_select_related = ("lead", "account", "source")
    search_fields = ("=lead__id", "=kind")
    ordering = ("-id",)


@admin.register(OwnershipChange)
class OwnershipChangeAdmin(ReadOnlyAdmin[OwnershipChange]):
    list_display = ("lead", "seq", "to_owner", "to_queue", "source", "reason", "by", "at")
    list_filter = ("source",)
    list_select_related = ("lead", "to_owner", "to_queue", "by")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(RefusedOwnership)
class RefusedOwnershipAdmin(ReadOnlyAdmin[RefusedOwnership]):
    list_display = ("lead", "to_owner", "to_queue", "source", "because", "by", "at")
    list_filter = ("source",)
    list_select_related = ("lead", "to_owner", "to_queue", "by")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(StageTransition)
class StageTransitionAdmin(ReadOnlyAdmin[StageTransition]):
    list_display = ("lead", "seq", "from_stage", "to_stage", "reason", "by", "at", "is_override")
    list_filter = ("to_stage", "is_override")
    list_select_related = ("lead", "from_stage", "to_stage", "by")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin[Merge]):
    list_display = ("lead", "gone", "by", "at")
    list_select_related = ("lead", "gone", "by")
    search_fields = ("=lead__id", "=gone__id")
    ordering = ("-id",)


@admin.register(ScoreSnapshot)
class ScoreSnapshotAdmin(ReadOnlyAdmin[ScoreSnapshot]):
    list_display = ("lead", "band", "fit", "readiness", "version", "at")
    list_filter = ("band",)
    list_select_related = ("lead", "version__document")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnlyAdmin[Opportunity]):
    list_display = ("__str__", "lead", "amount", "state", "opened_at", "closed_at", "source")
    list_filter = ("state", "source")
    list_select_related = ("lead", "source")
    search_fields = ("=lead__id", "=external_id")
    ordering = ("-id",)


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin[Meeting]):
    list_display = ("lead", "booked_at", "starts_at", "outcome", "source")
    list_filter = ("outcome", "source")
    list_select_related = ("lead", "source")
    search_fields = ("=lead__id", "=external_id")
    ordering = ("-id",)


@admin.register(ChecklistAnswer)
class ChecklistAnswerAdmin(ReadOnlyAdmin[ChecklistAnswer]):
    list_display = ("handoff", "item", "is_confirmed")
    list_filter = ("is_confirmed",)
    list_select_related = ("handoff__lead", "item")
    search_fields = ("=handoff__lead__id",)
    ordering = ("-id",)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin[Job]):
    list_display = ("kind", "state", "done_count", "total_count", "created_by", "heartbeat_at")
    list_filter = ("state",)
    list_select_related = ("created_by",)
    ordering = ("-id",)
