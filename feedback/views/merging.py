"""Finding the other lead of one person, and merging the two."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from feedback.errors import CannotMerge
from feedback.merge_pairs import must_swap, pair_of, refusal_of
from feedback.merge_preview import preview
from feedback.merging import merge
from leads.errors import LeadsError
from leads.instants import database_now
from leads.merging import may_merge
from leads.models import Lead
from leads.requests import SignedInRequest
from leads.same_person import perhaps_same

MOST_FOUND = 10
LONGEST_WORDS = 200


@login_required
@require_GET
def same_person(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look for the other lead; before anything is typed, for one of the same name."""
    _check_may(request)
    visible = Lead.objects.visible_to(request.user).live()
    lead = get_object_or_404(visible, pk=pk)
    words = request.GET.get("q", str(lead)).strip()[:LONGEST_WORDS]
    found = visible.exclude(pk=pk).searched(words) if words else visible.none()
    shown = found.select_related("stage", "owner", "queue")[:MOST_FOUND]
    context = {
        "lead": lead,
        "words": words,
        "found": shown,
        "perhaps_same": list(perhaps_same(lead, request.user)),
        "may_merge": True,
    }
    return render(request, "feedback/same_person.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def merge_leads(request: SignedInRequest, pk: int, other: int) -> HttpResponse:
    """Show what would become of both; with POST, merge the other one into the first."""
    _check_may(request)
    visible = Lead.objects.visible_to(request.user)
    # Who came second is told so, also of a lead that they no longer see.
    there = Q(pk__in=visible.values("pk")) | Q(merged_into__in=visible.values("pk"))
    leads = Lead.objects.filter(there).select_related("stage", "owner", "queue", "account")
    keep = get_object_or_404(leads.exclude(pk=other), pk=pk)
    gone = get_object_or_404(leads, pk=other)
    if request.method == "POST":
        return _merge(request, keep, gone)
    if keep.merged_into_id or gone.merged_into_id:
        return redirect("leads:lead", pk=gone.pk if gone.merged_into_id else keep.pk)
    pair = pair_of(keep, gone)
    if must_swap(pair):
        return redirect("feedback:merge", pk=other, other=pk)
    at = database_now()
    other_way = pair_of(gone, keep)
    context = {
        "preview": preview(pair, at),
        "pair": pair,
        "refusal": refusal_of(pair, request.user),
        "may_swap": not refusal_of(other_way, request.user),
        "is_with_sales": must_swap(other_way),
        "at": at,
    }
    return render(request, "feedback/merge.html", context)


def _merge(request: SignedInRequest, keep: Lead, gone: Lead) -> HttpResponse:
    seen = request.POST.get("seen", "")
    try:
        merge(keep, gone, seen=seen, by=request.user, at=database_now())
    except (CannotMerge, LeadsError) as error:
        messages.warning(request, str(error))
        return redirect("feedback:merge", pk=keep.pk, other=gone.pk)
    messages.success(request, f"{gone} is part of this lead now. The score follows within seconds.")
    return redirect("leads:lead", pk=keep.pk)


def _check_may(request: SignedInRequest) -> None:
    if not may_merge(request.user):
        raise PermissionDenied
