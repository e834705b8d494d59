"""Every record of this app in the Django admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.admin.base import ReadOnlyAdmin
from leads.admin.documents import acting
from leads.admin.kinds import KINDS, Kind
from leads.admin.rows import DraftRows, FallbackRowForm, RowForm, check_revision
from leads.documents import save_edit
from leads.instants import database_now
from leads.models import Document, Version
from sla import policy_check
from sla.calendar_check import problems_of
from sla.calendars import published_calendars
from sla.models import (
    AnswerTemplate,
    CalendarTerms,
    Clock,
    ClockEvent,
    Heartbeat,
    InstantAnswer,
    Notification,
    Pause,
    Policy,
    RepHours,
    RetiredCalendar,
    RunningProcess,
    Target,
    TeamHours,
)
from sla.outbox import send_again


class CalendarTermsForm(RowForm):
    def clean_hours(self) -> dict[str, Any]:
        return self.cleaned_data["hours"] or {}

    def clean_own_days(self) -> list[str]:
        return self.cleaned_data["own_days"] or []

    def clean_overrides(self) -> dict[str, Any]:
        return self.cleaned_data["overrides"] or {}


class CalendarTermsInline(DraftRows):
    model = CalendarTerms
    form = CalendarTermsForm


class PolicyInline(DraftRows):
    model = Policy
    form = FallbackRowForm
    show_change_link = True
    verbose_name_plural = "policies (save, then change one to see its targets)"


def problems_of_calendar(version: Version) -> list[str]:
    return problems_of(version, database_now())


def problems_of_policies(version: Version) -> list[str]:
    return policy_check.problems_of(version, database_now())


KINDS[Document.Kind.CALENDAR] = Kind((CalendarTermsInline,), problems_of_calendar)
KINDS[Document.Kind.POLICIES] = Kind((PolicyInline,), problems_of_policies)


class PolicyForm(FallbackRowForm):
    """Carries the revision of the version that its editor saw."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.policy: Policy = self.instance  # type: ignore[assignment]  # RowForm is for any row
        self.initial["revision"] = self.policy.version.revision

    def clean_revision(self) -> int:
        revision = int(self.cleaned_data["revision"])
        check_revision(self.policy.version_id, revision)
        return revision


class TargetInline(admin.TabularInline[Target, Policy]):
    model = Target
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return in_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return in_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return in_draft(obj) and super().has_delete_permission(request, obj)


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin[Policy]):
    """The targets of a policy. Policies are added and taken out in their version."""

    form: Any = PolicyForm
    list_display = ("label", "version", "position")
    list_select_related = ("version__document",)
    ordering = ("-version", "position")
    readonly_fields = ("version", "key")
    inlines = (TargetInline,)
    actions: Any = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return (obj is None or in_draft(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return in_draft(obj) and super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Policy, form: forms.ModelForm[Policy], change: bool
    ) -> None:
        revision = form.cleaned_data["revision"]
        save_edit(obj.version, revision=revision, by=acting(request), at=database_now())
        super().save_model(request, obj, form, change)


def in_draft(policy: Policy | None) -> bool:
    return policy is not None and policy.version.is_draft


class HoursAdmin(admin.ModelAdmin[Any]):
    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "calendar":
            kwargs["queryset"] = published_calendars()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(RepHours)
class RepHoursAdmin(HoursAdmin):
    list_display = ("rep", "calendar", "within_team")
    list_select_related = ("rep", "calendar")
    search_fields = ("rep__name",)
    autocomplete_fields = ("rep",)


@admin.register(TeamHours)
class TeamHoursAdmin(HoursAdmin):
    list_display = ("team", "calendar")
    list_select_related = ("team", "calendar")


@admin.register(RetiredCalendar)
class RetiredCalendarAdmin(ReadOnlyAdmin[RetiredCalendar]):
    list_display = ("calendar", "at", "by")
    list_select_related = ("calendar", "by")


@admin.register(Clock)
class ClockAdmin(ReadOnlyAdmin[Clock]):
    list_display = ("lead", "kind", "started_at", "due_at", "breached_at", "stop_reason")
    list_filter = ("kind", "stop_reason", ("breached_at", admin.EmptyFieldListFilter))
    list_select_related = ("lead",)
    search_fields = ("=lead__id", "=handoff__id")
    ordering = ("-id",)


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin[Pause]):
    list_display = ("assignment", "kind", "since", "until", "ended_at", "reason", "by")
    list_filter = ("kind",)
    list_select_related = ("assignment", "by")
    search_fields = ("=assignment__handoff__id", "by__name")
    ordering = ("-id",)


@admin.register(ClockEvent)
class ClockEventAdmin(ReadOnlyAdmin[ClockEvent]):
    list_display = ("clock", "kind", "level", "due_at", "processed_at", "by", "channel")
    list_filter = ("kind", "channel")
    list_select_related = ("clock", "by")
    search_fields = ("=clock__id", "=clock__handoff__id")
    ordering = ("-id",)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin[Notification]):
    list_display = ("subject", "recipient", "channel", "kind", "state", "attempts", "created_at")
    list_filter = ("state", "channel", "kind")
    list_select_related = ("recipient",)
    search_fields = ("recipient__name", "=handoff__id")
    ordering = ("-id",)
    actions = ("resend",)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sla.change_notification")

    @admin.action(description="Send those given up again", permissions=["resend"])
    def resend(self, request: HttpRequest, notifications: QuerySet[Notification]) -> None:
        count = send_again(notifications, at=database_now())
        self.message_user(request, f"{count} will be sent again.")


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(ReadOnlyAdmin[AnswerTemplate]):
    """It is changed on its page, which checks the variables and shows what comes of them."""

    list_display = ("__str__", "is_on", "within_minutes", "changed_at", "changed_by")
    list_select_related = ("changed_by",)


@admin.register(InstantAnswer)
class InstantAnswerAdmin(ReadOnlyAdmin[InstantAnswer]):
    list_display = ("handoff", "source", "state", "asked_at", "sent_at", "expected_by")
    list_filter = ("state", "source")
    list_select_related = ("handoff__lead", "source")
    search_fields = ("=handoff__id", "=handoff__lead__id")
    ordering = ("-id",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin[Heartbeat]):
    list_display = ("name", "beat_at")


@admin.register(RunningProcess)
class RunningProcessAdmin(ReadOnlyAdmin[RunningProcess]):
    list_display = ("name", "host", "pid", "beat_at", "has_ended")
