"""Calendars: all of them, the hours of one and how they meet what arrives, a new one."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from leads.document_pages import DocumentPages, may_edit
from leads.instants import database_now
from leads.models import Document, Lead, User, Version
from leads.requests import SignedInRequest, wants_fragment
from leads.views.access import editors_only, page_readers_only
from leads.views.document_history import version_or_404
from sla.calendar_check import problems_of, warnings_of
from sla.calendar_page import calendar_lines, calendar_page
from sla.calendar_pages import CALENDARS
from sla.calendars import schedule_of, version_in_force
from sla.cover import DAY_NAMES, DAYS, arrived_in
from sla.errors import SlaError
from sla.forms.calendars import NewCalendarForm
from sla.models import CalendarTerms

ROWS_A_PAGE = 50


@page_readers_only
@require_GET
def calendars(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    context = {"lines": calendar_lines(database_now()), "may_edit": may_edit(request.user)}
    return render(request, "sla/calendars.html", context)


@editors_only
@require_http_methods(["GET", "POST"])
def add_calendar(request: SignedInRequest) -> HttpResponse:
    """Begin a calendar with the hours of another, as a draft."""
    form = NewCalendarForm(request.POST or None, initial={"name": request.GET.get("name", "")})
    if form.is_bound and form.is_valid():
        draft = begin(form.cleaned_data["name"], form.cleaned_data["like"], by=request.user)
        messages.success(request, f"{draft.document} begins as a draft. Set its hours, publish it.")
        return redirect(CALENDARS.of(draft.document_id).url("version", draft.number))
    status = 422 if form.is_bound else 200
    return render(request, "sla/calendar_add.html", {"form": form}, status=status)


@transaction.atomic
def begin(name: str, like: Document, *, by: User) -> Version:
    """Return the first draft of a new calendar, with the hours that are live of another."""
    hours = CalendarTerms.objects.get(version=version_in_force(like, database_now()))
    # One whose only draft was discarded is there already.
    document, _ = Document.objects.get_or_create(kind=Document.Kind.CALENDAR, name=name)
    document.last_number += 1
    document.save(update_fields=["last_number"])
    number = document.last_number
    draft = Version.objects.create(document=document, number=number, created_by=by)
    hours.pk, hours.version, hours._state.adding = None, draft, True
    hours.save()
    return draft


@page_readers_only
@require_GET
def calendar(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    """The live version; of a calendar that never was live, its newest draft."""
    document = get_object_or_404(Document, pk=pages.document_id, kind=pages.kind)
    newest = pages.publications().first()
    shown = newest.version if newest else pages.versions().order_by("-number").first()
    if shown is None:
        return render(request, "sla/calendar_none.html", {"pages": pages, "calendar": document})
    return _show(request, pages, shown)


@page_readers_only
@require_GET
def version(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    return _show(request, pages, version_or_404(pages, number))


def _show(request: SignedInRequest, pages: DocumentPages, shown: Version) -> HttpResponse:
    at = database_now()
    page = calendar_page(pages, shown, request.user, at)
    context = {"pages": pages, "page": page, "version": shown, "at": at, "days": DAYS}
    return render(request, "sla/calendar.html", context)


@page_readers_only
@require_GET
@vary_on_headers("HX-Request")
def check(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    shown, at = version_or_404(pages, number), database_now()
    context = {
        "pages": pages,
        "version": shown,
        "errors": problems_of(shown, at),
        "warnings": (warnings := warnings_of(shown, at)),
        "warned": len(warnings),
        "fine": "It opens, its intervals don’t overlap, somebody works by it.",
    }
    template = "_check.html" if wants_fragment(request) else "check.html"
    return render(request, f"sla/{template}", context)


@page_readers_only
@require_GET
def arrived(
    request: SignedInRequest, pages: DocumentPages, number: int, day: int, hour: int
) -> HttpResponse:
    """The leads that arrived in one hour of the week."""
    shown, at = version_or_404(pages, number), database_now()
    if day > 6 or hour > 23:
        raise Http404
    try:
        schedule = schedule_of(shown)
    except SlaError as unread:
        raise Http404 from unread
    ids = list(arrived_in(schedule, shown.document, at, day=day, hour=hour))
    seen = Lead.objects.visible_to(request.user).filter(pk__in=ids)
    leads = seen.select_related("stage").order_by("-entered_at", "-pk")
    context = {
        "heading": f"Arrived {DAY_NAMES[day]} {hour:02}:00–{hour + 1:02}:00",
        "said": f"In the last {DAYS} days, by the hours of {shown.document}.",
        "in_all": None if request.user.sees_everything else len(set(ids)),
        "page": Paginator(leads, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "back": pages.url("version", number),
    }
    return render(request, "leads/finding_leads.html", context)
