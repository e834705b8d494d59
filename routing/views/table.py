"""The routing table: the live version, any other, as a map to take away, and who keeps it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from leads.document_pages import DocumentPages
from leads.instants import database_now
from leads.models import Document, Version
from leads.offered_facts import facts_of_published
from leads.requests import SignedInRequest
from leads.views.access import editors_only, page_readers_only
from leads.views.document_history import version_or_404
from routing.foretold import foretold_of
from routing.forms.upkeep import UpkeepForm
from routing.map import map_as_csv, territory_rows
from routing.models import RoutingRule
from routing.shares import rota_shares
from routing.table_page import table_page


@page_readers_only
@require_GET
def table(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    """The live table, who has had how many turns in each rota, and the territories."""
    at = database_now()
    beside = {"rotas": rota_shares(at), "territories": territory_rows()}
    newest = pages.publications().first()
    if newest is None:
        return render(request, "routing/table_none.html", beside)
    return _show(request, pages, newest.version, **beside)


@page_readers_only
@require_GET
def version(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    return _show(request, pages, version_or_404(pages, number))


def _show(
    request: SignedInRequest, pages: DocumentPages, shown: Version, **beside: object
) -> HttpResponse:
    at = database_now()
    page = table_page(shown, request.user, at)
    foretold = foretold_of(shown, at)
    context = {"pages": pages, "page": page, "version": shown, "at": at, "foretold": foretold}
    return render(request, "routing/table.html", {**context, **beside})


@page_readers_only
@require_GET
def download(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """The rows of a version as CSV."""
    shown = version_or_404(pages, number)
    rules = RoutingRule.objects.filter(version=shown).select_related("rota", "rep", "queue")
    answer = HttpResponse(map_as_csv(rules, facts_of_published()), content_type="text/csv")
    answer["Content-Disposition"] = f'attachment; filename="routing-table-v{number}.csv"'
    return answer


@editors_only
@require_http_methods(["GET", "POST"])
def upkeep(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    """Who keeps the table up to date, and when it is looked through next."""
    document = Document.objects.filter(kind=pages.kind).first()
    if document is None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = UpkeepForm(data, instance=document)
    if form.is_valid():
        form.save()
        messages.success(request, "The table has its owner and next review.")
        return redirect(pages.url("live"))
    status = 422 if form.is_bound else 200
    return render(
        request, "routing/table_upkeep.html", {"pages": pages, "form": form}, status=status
    )
