"""Making a draft of the criteria live: what changes, what the check says, what it would do."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from feedback.backtest import prediction_of
from feedback.criteria_check import report_on
from feedback.errors import PublishRefused
from feedback.models import Backtest
from feedback.publishing import publish_criteria
from leads.criteria_pages import CRITERIA
from leads.document_pages import around
from leads.documents import may_publish
from leads.draft_runs import newest, newest_done
from leads.errors import NotPublishable, StaleDraft
from leads.forms.notes import NoteForm
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest, read_id
from leads.views.document_history import version_or_404


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: SignedInRequest, number: int) -> HttpResponse:
    version = version_or_404(CRITERIA, number)
    if not may_publish(request.user):
        raise PermissionDenied
    form = NoteForm(request.POST or None)
    if request.method == "GET":
        return _show(request, version, form)
    if not form.is_valid():
        return _show(request, version, form, status=422)
    return _publish(request, version, form)


def _publish(request: SignedInRequest, version: Version, form: NoteForm) -> HttpResponse:
    seen, note = read_id(request.POST.get("revision", "")) or 0, form.cleaned_data["note"]
    try:
        publish_criteria(version, revision=seen, note=note, by=request.user, at=database_now())
    except PublishRefused as refused:
        return _show(request, version, form, refusal=str(refused), status=422)
    except (NotPublishable, StaleDraft) as lost:
        return _show(
            request, version_or_404(CRITERIA, version.number), form, refusal=str(lost), status=409
        )
    messages.success(request, f"v{version.number} is live. New evidence is judged by it.")
    return redirect("criteria_apply")


def _show(
    request: SignedInRequest,
    version: Version,
    form: NoteForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    at = database_now()
    context = {
        "pages": CRITERIA,
        "version": version,
        "around": around(CRITERIA, version, request.user),
        "form": form,
        "refusal": refusal,
        "report": report_on(version, at),
        "prediction": prediction_of(version),
        "backtest": newest(Backtest, version),
        "last_done": newest_done(Backtest, version),
        "at": at,
    }
    return render(request, "feedback/criteria_publish.html", context, status=status)
