"""Territories: whose part of the world is whose, in order of precedence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.document_pages import may_edit
from leads.forms.seen import CHANGED
from leads.instants import database_now
from leads.models import Lead
from leads.requests import SignedInRequest
from leads.views.access import editors_only
from routing import territory_order
from routing.forms.territories import TerritoryForm
from routing.map import where
from routing.models import Territory
from routing.territory_overlaps import Overlap, overlaps
from routing.territory_traffic import fallen
from routing.views.access import table_readers_only

ROWS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """count: leads of 90 days, as far as the reader sees them."""

    territory: Territory
    where: str
    count: int
    overlaps: Sequence[Overlap]

    @property
    def is_hidden(self) -> bool:
        return any(each.hides for each in self.overlaps)


@table_readers_only
@require_GET
def territories(request: SignedInRequest) -> HttpResponse:
    order = list(Territory.objects.select_related("rep", "rota"))
    found = fallen(order, database_now())
    common = list(overlaps(order))
    rows = [
        Row(
            each,
            where(each),
            len(found.by_territory[each.pk]),
            [overlap for overlap in common if overlap.lower == each],
        )
        for each in order
    ]
    context = {"rows": rows, "found": found, "can_edit": may_edit(request.user)}
    return render(request, "routing/territories.html", context)


@table_readers_only
@require_GET
def territory_leads(request: SignedInRequest, which: str) -> HttpResponse:
    """The leads of 90 days in a territory, named by its id; or `outside` all, or `untold`."""
    order = list(Territory.objects.all())
    found = fallen(order, database_now())
    lists = {str(pk): ids for pk, ids in found.by_territory.items()}
    lists |= {"outside": found.outside, "untold": found.untold}
    if which not in lists:
        raise Http404
    leads = Lead.objects.visible_to(request.user).filter(pk__in=lists[which])
    shown = leads.select_related("account", "owner", "queue").order_by("-entered_at", "-pk")
    context = {
        "territory": next((each for each in order if str(each.pk) == which), None),
        "which": which,
        "found": found,
        "in_all": None if request.user.sees_everything else len(lists[which]),
        "page": Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "routing/territory_leads.html", context)


@editors_only
@require_http_methods(["GET", "POST"])
@transaction.atomic
def edit_territory(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    territories = Territory.objects.all()
    if request.method == "POST":
        territories = territories.select_for_update(no_key=True)
    known = get_object_or_404(territories, pk=pk) if pk else None
    name = str(known) if known else ""
    form = TerritoryForm(request.POST if request.method == "POST" else None, instance=known)
    context: dict[str, Any] = {"form": form, "pk": pk, "name": name}
    is_fine = form.is_bound and form.is_valid()
    if is_fine and not form.is_stale:
        _save(form)
        messages.success(request, f"{form.instance} is saved.")
        return redirect("routing:territories")
    if is_fine:
        form.add_error(None, CHANGED)
        context["cells"] = form.see_again()
    status = 409 if is_fine else 422 if form.is_bound else 200
    return render(request, "routing/territory_edit.html", context, status=status)


def _save(form: TerritoryForm) -> None:
    if form.instance.pk:
        form.save()
    else:
        territory_order.add_last(form.save(commit=False))


@editors_only
@require_POST
def move_territory(request: SignedInRequest, pk: int) -> HttpResponse:
    """Up with `up` in the form, else down."""
    moved = territory_order.move(get_object_or_404(Territory, pk=pk).pk, up="up" in request.POST)
    if not moved:
        messages.info(request, "It stands there already.")
    return redirect("routing:territories")


@editors_only
@require_POST
def remove_territory(request: SignedInRequest, pk: int) -> HttpResponse:
    territory = get_object_or_404(Territory, pk=pk)
    territory.delete()
    messages.success(request, f"{territory} is removed. Its leads go by what stands below.")
    return redirect("routing:territories")
