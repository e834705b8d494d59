"""Try a lead: where a version of the table would send it, and why nowhere else."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from leads.conditions import InvalidConditions
from leads.criteria_compare import offered
from leads.document_pages import DocumentPages
from leads.instants import database_now
from leads.models import Lead, Version
from leads.offered_facts import hand_raises
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.views.access import page_readers_only
from leads.views.document_history import version_or_404
from routing.forms.trying import TryForm
from routing.table import Rule, rules_of
from routing.trying import facts_asked, try_facts, try_lead


@page_readers_only
@require_GET
@vary_on_headers("HX-Request")
def try_a_lead(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """One lead (?lead=5), one that is typed in (?typed=1&country=DE), or leads to choose from."""
    version = version_or_404(pages, number)
    context: dict[str, Any] = {"pages": pages, "version": version}
    try:
        context |= _answer(request, version)
    except InvalidConditions as invalid:
        context["refused"] = invalid.messages
    status = 422 if context.get("form") and context["form"].errors else 200
    template = "_table_try.html" if wants_fragment(request) else "table_try.html"
    return render(request, f"routing/{template}", context, status=status)


def _answer(request: SignedInRequest, version: Version) -> dict[str, Any]:
    at, rules = database_now(), rules_of(version)
    lead_id, words = read_id(request.GET.get("lead", "")), request.GET.get("q", "").strip()
    form = _form(request, rules)
    context: dict[str, Any] = {"form": form, "words": words}
    if lead_id is not None:
        visible = Lead.objects.visible_to(request.user).live()
        lead = get_object_or_404(visible.select_related("account__owner", "source"), pk=lead_id)
        return context | {"lead": lead, "tried": try_lead(rules, lead, at)}
    if form.is_bound and form.is_valid():
        return context | {"tried": try_facts(rules, form.facts(), at)}
    return context | {"offered": offered(request.user, words)}


def _form(request: SignedInRequest, rules: tuple[Rule, ...]) -> TryForm:
    data = request.GET if "typed" in request.GET else None
    return TryForm(data, others=facts_asked(rules), hand_raises=hand_raises())
