"""The reference of the intake API as a page, written by the server from the OpenAPI document."""

from __future__ import annotations

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.api import api
from leads.api_schema import operations

# One that is taken as it stands; a test sends it.
EXAMPLE = {
    "email": "jane.doe@lumora.example",
    "name": "Jane Doe",
    "title": "VP Revenue Operations",
    "company": "Lumora",
    "country": "DE",
    "employees": 420,
    "reason": "We lose leads between two teams and want to see where.",
    "kind": "demo_request",
    "properties": {"page": "/demo"},
    "consent": True,
}


@require_GET
def api_reference(request: HttpRequest) -> HttpResponse:
    page = {
        "api": api,
        "operations": list(operations(api.get_openapi_schema())),
        "base_url": settings.BASE_URL,
        "example": json.dumps(EXAMPLE, indent=2),
    }
    return render(request, "leads/api_reference.html", page)
