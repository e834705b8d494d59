"""The stages: what each means, who is there, how leads move."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.document_pages import may_edit
from leads.instants import database_now
from leads.qualifying import qualifying
from leads.requests import SignedInRequest
from leads.stage_map import stage_map
from leads.stage_page import flow, other_moves


@login_required
@require_GET
def stages(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    found = stage_map(at)
    context = {
        "map": found,
        "flow": flow(found),
        "other_moves": other_moves(found),
        "qualifying": qualifying(at),
        "may_edit": may_edit(request.user),
    }
    return render(request, "leads/stages.html", context)
