"""The public form of a source. Its answer is the same for everybody: it never says who is known."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from leads.forms.submissions import PublicForm
from leads.inbox import canonical, receive
from leads.instants import database_now
from leads.models import IntakeSource, Organisation, Submission


@never_cache
@require_http_methods(["GET", "POST"])
def public_form(request: HttpRequest, slug: str) -> HttpResponse:
    source = _open_source(slug)
    form = PublicForm(request.POST or None, at=database_now())
    if form.is_bound and form.is_valid():
        receive(
            source,
            door=Submission.Door.FORM,
            payload=form.payload,
            body=canonical(form.payload),
            key=form.key,
            at=form.at,
            held_because=form.suspicion,
        )
        return redirect("leads:form_thanks", slug=slug)
    page = {"source": source, "form": form, "our_name": our_name()}
    return render(request, "leads/public_form.html", page, status=422 if form.is_bound else 200)


@require_GET
def form_thanks(request: HttpRequest, slug: str) -> HttpResponse:
    page = {"source": _open_source(slug), "our_name": our_name()}
    return render(request, "leads/form_thanks.html", page)


def our_name() -> str:
    """Return in whose name prospects are spoken to."""
    return Organisation.objects.get().name


def _open_source(slug: str) -> IntakeSource:
    return get_object_or_404(IntakeSource, slug=slug, has_form=True, is_active=True)
