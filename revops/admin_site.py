from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


class HandoffAdminSite(admin.AdminSite):
    site_header = "Handoff: every record"
    site_title = "Handoff"
    index_title = "Records"
    site_url = "/"

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """There is one sign-in page, and it has the rate limits."""
        if request.user.is_authenticated:
            raise PermissionDenied
        after = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(after, reverse("account_login"))
