"""What the admins of all apps share."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

Record = TypeVar("Record", bound=models.Model)


class ReadOnlyAdmin(admin.ModelAdmin[Record]):
    """History, and what changes only through the functions of the product."""

    actions: Any = ()
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return False


class LastingAdmin(admin.ModelAdmin[Record]):
    """What may be changed but is never deleted, because history points to it."""

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return False


class FixedAdmin(LastingAdmin[Record]):
    """What may be changed and neither added nor deleted: its rows are known to the code."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
