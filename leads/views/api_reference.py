"""The reference of the intake API as a page, written by the server from the OpenAPI document."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.api import api
from leads.api_schema import operations


@require_GET
def api_reference(request: HttpRequest) -> HttpResponse:
    page = {
        "api": api,
        "operations": list(operations(api.get_openapi_schema())),
        "base_url": settings.BASE_URL,
    }
    return render(request, "leads/api_reference.html", page)
