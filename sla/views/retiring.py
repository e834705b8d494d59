"""A calendar is retired, or brought back, from its page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from leads.document_pages import DocumentPages
from leads.documents import may_publish
from leads.instants import database_now
from leads.models import Document
from leads.requests import SignedInRequest
from leads.views.access import only
from sla import retiring
from sla.errors import StillWorkedBy

publishers_only = only(may_publish)


@publishers_only
@require_POST
def retire(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    calendar = get_object_or_404(Document, pk=pages.document_id, kind=pages.kind)
    try:
        retiring.retire(calendar, by=request.user, at=database_now())
    except StillWorkedBy as error:
        messages.error(request, str(error))
        return redirect("sla:calendar", pages.document_id)
    messages.success(request, f"{calendar} is retired: nobody is offered it any more.")
    return redirect("sla:calendars")


@publishers_only
@require_POST
def bring_back(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    calendar = get_object_or_404(Document, pk=pages.document_id, kind=pages.kind)
    retiring.bring_back(calendar)
    messages.success(request, f"{calendar} can be worked by again.")
    return redirect("sla:calendar", pages.document_id)
