"""Set-up: the attributes of this organisation's own that rules may ask."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from leads.models import CustomFact
from leads.requests import SignedInRequest
from leads.views.access import editors_only
from revops.forms.attributes import AttributeForm


@editors_only
@require_GET
def attributes(request: SignedInRequest) -> HttpResponse:
    return render(request, "setup/attributes.html", {"attributes": CustomFact.objects.all()})


@editors_only
@require_http_methods(["GET", "POST"])
def attribute(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    known = get_object_or_404(CustomFact, pk=pk) if pk else None
    form = AttributeForm(request.POST or None, instance=known)
    if form.is_bound and form.is_valid():
        saved = form.save()
        effect = "Rules can ask for it now." if saved.is_active else "No new rule can ask for it."
        messages.success(request, f"{saved} is saved. {effect}")
        return redirect("setup:attributes")
    context = {"form": form, "back_to": "setup:attributes", "what": "attribute"}
    return render(request, "setup/form.html", context, status=422 if form.is_bound else 200)
