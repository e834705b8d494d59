from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.documents import NothingLive
from leads.instants import database_now
from leads.models import Role
from leads.requests import SignedInRequest
from routing.map import live_map, territory_rows
from routing.shares import rota_shares


@login_required
@require_GET
def table(request: SignedInRequest) -> HttpResponse:
    """The live table as a map that can be read, and who has had how many turns."""
    if not (request.user.sees_everything or request.user.has_role(Role.MANAGER)):
        raise PermissionDenied
    at = database_now()
    try:
        publication, rows = live_map(at)
    except NothingLive:
        publication, rows = None, []
    context = {
        "publication": publication,
        "rows": rows,
        "rotas": rota_shares(at),
        "territories": territory_rows(),
        "at": at,
    }
    return render(request, "routing/table.html", context)
