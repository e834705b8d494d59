"""The attributes that RevOps declares."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from leads.admin.base import LastingAdmin
from leads.models import CustomFact


@admin.register(CustomFact)
class CustomFactAdmin(LastingAdmin[CustomFact]):
    list_display = ("label", "slug", "type", "unit", "is_active")
    list_filter = ("type", "is_active")

    def get_readonly_fields(
        self, request: HttpRequest, obj: CustomFact | None = None
    ) -> tuple[str, ...]:
        return ("slug", "type") if obj else ()
