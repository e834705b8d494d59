from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from leads.models import Handoff
from leads.requests import SignedInRequest
from routing.exact import exact_data
from routing.explain import Asked, decisions_about, rules_asked, sentence_for
from routing.models import Decision
from routing.table_pages import may_see_table


@dataclass(frozen=True, slots=True)
class Told:
    """A decision in words, with each rule that was asked. exact: what is on record of it, as JSON;
    "" for who may not see the table.
    """

    decision: Decision
    sentence: str
    rules: Sequence[Asked]
    exact: str


@login_required
@require_GET
def why(request: SignedInRequest, pk: int) -> HttpResponse:
    """The routing of a handoff in words: a fragment for the packet, a page without htmx."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff = get_object_or_404(handoffs, pk=pk)
    decisions = decisions_about(handoff)
    exact = exact_data(decisions) if may_see_table(request.user) else {}
    told = [
        Told(each, sentence_for(request.user, each), rules_asked(each), exact.get(each.pk, ""))
        for each in decisions
    ]
    context = {"handoff": handoff, "told": told, "back": came_from(request)}
    template = "routing/_why.html" if request.htmx else "routing/why.html"
    return render(request, template, context)


def came_from(request: SignedInRequest) -> str:
    """Return the page of ours from which this one was opened; "" if it was none."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    told = urlsplit(address)
    # What is left without the host may name another one: "//there/".
    path = urlunsplit(told._replace(scheme="", netloc=""))
    is_there = not url_has_allowed_host_and_scheme(path, None)
    return "" if is_there or told.path == request.path else path
