from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from leads.admin.base import LastingAdmin, ReadOnlyAdmin
from leads.instants import database_now
from leads.models import IntakeSource, IntakeToken, Submission


@admin.register(IntakeSource)
class IntakeSourceAdmin(LastingAdmin[IntakeSource]):
    list_display = ("name", "slug", "motion", "activity_kind", "has_form", "is_active")
    list_filter = ("motion", "is_active", "has_form")
    search_fields = ("name", "slug")


@admin.register(IntakeToken)
class IntakeTokenAdmin(ReadOnlyAdmin[IntakeToken]):
    """Tokens are issued under Set-up, Sources; what is kept of them is nobody's to read."""

    list_display = ("prefix", "source", "created_at", "created_by", "last_used_at", "revoked_at")
    list_filter = ("source",)
    list_select_related = ("source", "created_by")
    exclude = ("digest",)
    ordering = ("-id",)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin[Submission]):
    list_display = ("id", "source", "door", "state", "attempts", "received_at", "lead", "problem")
    list_filter = ("state", "door", "source")
    list_select_related = ("source", "lead")
    search_fields = ("=id", "=key", "=public_id")
    ordering = ("-received_at",)
    actions = ("retry",)

    @admin.display(description="Error")
    def problem(self, submission: Submission) -> str:
        return submission.error[:120]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.change_submission")

    @admin.action(description="Retry", permissions=["retry"])
    def retry(self, request: HttpRequest, submissions: QuerySet[Submission]) -> None:
        count = submissions.filter(pk__in=Submission.objects.kept_back()).update(
            state=Submission.State.PENDING, next_attempt_at=database_now(), attempts=0
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} that failed or were held will be tried again.", level)
