from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads.admin.base import FixedAdmin, LastingAdmin
from leads.forms.instants import check_sensible
from leads.models import Absence, Organisation, Queue, Team, User


@admin.register(User)
class UserAdmin(FixedAdmin[User]):
    """People are added and leave under Set-up, where role, team, hours and rota go together."""

    list_display = ("name", "email", "team", "sales_role", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "groups", "team")
    list_select_related = ("team",)
    search_fields = ("name", "email")
    ordering = ("name",)
    autocomplete_fields = ("team",)
    filter_horizontal = ("groups",)
    readonly_fields = ("set_up", "is_active", "is_superuser", "last_login", "joined_at")
    fields = (
        "set_up",
        "name",
        "email",
        "zone",
        "team",
        "sales_role",
        "groups",
        "has_shortcuts",
        "notify_by",
        "is_quiet_off_hours",
        "booking_url",
        *readonly_fields[1:],
        "is_staff",
    )

    @admin.display(description="Role, hours, rota, leaving")
    def set_up(self, user: User) -> SafeString:
        return format_html(
            '<a href="{}">Under Set-up, People</a>', reverse("setup:person", args=[user.pk])
        )

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest | None, **kwargs: Any
    ) -> Any:
        if db_field.name == "booking_url":
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[arg-type]


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    list_display = ("name", "manager", "zone")
    list_select_related = ("manager",)
    search_fields = ("name",)
    autocomplete_fields = ("manager",)


class AbsenceRecordForm(forms.ModelForm[Absence]):
    """Asks for what the database would only refuse as a range that can't be."""

    def clean_starts_at(self) -> datetime:
        starts_at: datetime = self.cleaned_data["starts_at"]
        check_sensible(starts_at)
        return starts_at

    def clean_ends_at(self) -> datetime:
        ends_at: datetime = self.cleaned_data["ends_at"]
        check_sensible(ends_at)
        starts_at = self.cleaned_data.get("starts_at")
        if starts_at is not None and ends_at <= starts_at:
            raise forms.ValidationError("An absence must end after it starts.")
        return ends_at


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin[Absence]):
    form = AbsenceRecordForm
    list_display = ("user", "starts_at", "ends_at", "cover")
    list_select_related = ("user", "cover")
    search_fields = ("user__name",)
    autocomplete_fields = ("user", "cover")


@admin.register(Queue)
class QueueAdmin(LastingAdmin[Queue]):
    list_display = ("name", "key", "owner", "backup")
    list_select_related = ("owner", "backup")
    autocomplete_fields = ("owner", "backup")

    def get_readonly_fields(self, request: HttpRequest, obj: Queue | None = None) -> list[str]:
        return ["key"] if obj else []


@admin.register(Organisation)
class OrganisationAdmin(FixedAdmin[Organisation]):
    list_display = ("name", "zone", "first_weekday", "currency", "publishers")
