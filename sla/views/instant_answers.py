"""What prospects are written at once: the template, what it tells now, and how often that held."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.criteria_compare import offered
from leads.errors import LostRace
from leads.instants import database_now
from leads.models import Handoff, IntakeSource
from leads.requests import SignedInRequest, wants_fragment
from leads.views.access import editors_only
from sla.answer_letters import VARIABLES
from sla.answer_sending import send_again
from sla.answer_template import save_template, template
from sla.answer_times import asked_lately
from sla.forms.instant_answers import AnswerTemplateForm
from sla.instant_answer_page import (
    SHOWN,
    answers,
    going_out,
    holding,
    likely_leads,
    nobody_works_before,
    preview,
    suggested,
    told_now,
)
from sla.models import InstantAnswer

PAGE_SIZE = 25
OK, REFUSED, CONFLICT = HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT


@editors_only
@require_http_methods(["GET", "POST"])
def instant_answers(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return _page(request, _unbound())
    form = _bound(request)
    if not form.is_valid():
        return _page(request, form, status=REFUSED)
    cleaned, at = form.cleaned_data, database_now()
    try:
        save_template(
            form.instance,
            cleaned["sources"],
            revision=cleaned["revision"],
            by=request.user,
            at=at,
        )
    except LostRace as lost:
        form.add_error(None, str(lost))
        return _page(request, form, status=CONFLICT)
    state = "are answered at once" if form.instance.is_on else "are not answered at once"
    messages.success(request, f"Saved: prospects {state}.")
    return redirect("sla:instant_answers")


@editors_only
@require_POST
def show_preview(request: SignedInRequest) -> HttpResponse:
    """The mail as typed, not saved, filled in for the lead that ?lead= finds, else for a new one of
    whom all of it has something to say.
    """
    form, at = _bound(request), database_now()
    words = request.POST.get("lead", "").strip()
    context: dict[str, Any] = {"words": words}
    is_valid = form.is_valid_to_show()
    if is_valid:
        chosen = form.cleaned_data["sources"] or suggested(at)
        leads = offered(request.user, words)[:1] if words else likely_leads(request.user, chosen)
        context["preview"] = preview(form.instance, leads, at)
    status = OK if is_valid else REFUSED
    if wants_fragment(request):
        context |= {"form": form, "is_alone": True}
        return render(request, "sla/_answer_preview.html", context, status=status)
    return _page(request, form, status=status, **context)


@editors_only
@require_GET
def waited(request: SignedInRequest, slug: str) -> HttpResponse:
    """Who asked by a source in 30 days, and how long they waited: what the told time goes by."""
    source, at = get_object_or_404(IntakeSource, slug=slug), database_now()
    asked = asked_lately([source], at) & Handoff.objects.visible_to(request.user)
    found = asked.select_related("lead", "owner").order_by("first_response_working", "pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "sla/answers_waited.html", {"source": source, "page": page, "at": at})


@editors_only
@require_POST
def resend(request: SignedInRequest, pk: int) -> HttpResponse:
    answer = get_object_or_404(InstantAnswer, pk=pk)
    if send_again(answer, database_now()):
        messages.success(request, "It is sent again, if it is still true.")
    else:
        messages.warning(request, "It was not given up.")
    return redirect("sla:instant_answers")


def _bound(request: SignedInRequest) -> AnswerTemplateForm:
    return AnswerTemplateForm(request.POST, instance=template(), at=database_now())


def _unbound() -> AnswerTemplateForm:
    wanted, at = template(), database_now()
    initial = {} if wanted.revision else {"sources": suggested(at)}
    return AnswerTemplateForm(instance=wanted, initial=initial, at=at)


def _page(
    request: SignedInRequest, form: AnswerTemplateForm, *, status: int = OK, **more: Any
) -> HttpResponse:
    at, wanted = database_now(), template()
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    told = wanted.sources.all() if wanted.revision else suggested(at)
    context = {
        "at": at,
        "form": form,
        "wanted": wanted,
        "variables": VARIABLES,
        "told": told_now(told, at),
        "nobody_before": nobody_works_before(at),
        "holding": holding(at),
        "going_out": going_out(at),
        "show": show,
        "shown": SHOWN,
        "page": Paginator(answers(show, at), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "sla/instant_answers.html", {**context, **more}, status=status)
