"""Changing what a stage means and asks; it holds at once, for every lead that moves from then."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from leads.contested import Contested
from leads.forms.stages import CRITERIA, SeenForm, StageCriteriaForm, StageWordsForm, in_words
from leads.instants import database_now
from leads.models import Stage
from leads.qualifying import qualifying
from leads.requests import SignedInRequest
from leads.stage_rules import overdue_at_once, reschedule_stays
from leads.views.access import editors_only

LIMITS = "words and limits"
CHANGED = (
    "Somebody else changed this stage since you opened it. What you typed is below and not saved."
    " Save again to put what you changed in place of theirs, or cancel to keep theirs."
)


@editors_only
@require_http_methods(["GET", "POST"])
@transaction.atomic
def words(request: SignedInRequest, key: str) -> HttpResponse:
    stage = _locked(request, key)
    form = StageWordsForm(request.POST or None, instance=copy(stage))
    if late := _late_at_once(form, stage):
        context = {"form": form, "stage": stage, "what": LIMITS, "late": late}
        return render(request, "leads/stage_settings.html", context, status=422)
    answer = _answer(request, form, stage, what=LIMITS)
    if form.is_bound and answer.status_code == 302:
        reschedule_stays(form.instance)
    return answer


@editors_only
@require_http_methods(["GET", "POST"])
@transaction.atomic
def criteria(request: SignedInRequest, key: str, which: str) -> HttpResponse:
    """What the stage asks on `which`, "entry" or "exit"; a POST with `do` only changes the form."""
    if which not in CRITERIA:
        raise Http404
    stage = _locked(request, key)
    about = {"which": which, "address": reverse("leads:stage_criteria", args=[key, which])}
    form = StageCriteriaForm(request.POST or None, instance=copy(stage), **about)
    if "do" in request.POST:
        typed = form.retyped(request.POST["do"])
        form = StageCriteriaForm(instance=copy(stage), **about)
        form.initial.update(conditions=typed, seen=request.POST.get("seen", ""))
    return _answer(request, form, stage, what=f"{which} criteria")


def _late_at_once(form: StageWordsForm, stage: Stage) -> int:
    """Return how many leads have stayed longer already than a new longest stay allows; 0 where that
    was said before, or something else has to be said first.
    """
    if not form.is_bound or not form.is_valid() or form.is_stale or form.is_agreed:
        return 0
    if form.instance.longest_stay == stage.longest_stay:
        return 0
    return overdue_at_once(form.instance, database_now())


def _locked(request: SignedInRequest, key: str) -> Stage:
    stages = Stage.objects.all()
    if request.method == "POST":
        stages = stages.select_for_update()
    return get_object_or_404(stages, pk=key)


def _answer(request: SignedInRequest, form: SeenForm, stage: Stage, *, what: str) -> HttpResponse:
    """Save what is in order and was not changed by somebody else meanwhile; else show the form.

    stage: as it is stored; the form has a copy, which it changes.
    """
    context: dict[str, Any] = {"form": form, "stage": stage, "what": what}
    status = 200
    if form.is_bound and form.is_valid():
        if not form.is_stale:
            messages.success(request, f"{form.save()}: the {what} hold from now on.")
            return redirect("leads:stages")
        form.add_error(None, CHANGED)
        form.see_again(stage)
        context["cells"] = _contested(form, stage)
        status = 409
    elif form.is_bound:
        status = 422
    if isinstance(form, StageCriteriaForm):
        context["in_force"] = in_words(stage, form.column)
        if form.column == "entry_criteria" and (asked := qualifying(database_now())):
            context["qualifying"] = asked if stage.key in asked.stages else None
    return render(request, "leads/stage_settings.html", context, status=status)


def _contested(form: SeenForm, stage: Stage) -> list[Contested]:
    return [
        Contested(label, in_words(stage, column), in_words(form.instance, column))
        for column, label in form.columns.items()
    ]
