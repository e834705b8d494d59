"""The list of leads, its export, and one lead."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from leads.correcting import may_correct
from leads.fact_history import evidence_for
from leads.filtering import MOST_COUNTED, count_up_to_most, rows_of, status_of
from leads.filters import LeadFilter
from leads.inbox_page import payload_text
from leads.instants import database_now
from leads.lead_export import csv_lines
from leads.lead_page import (
    also_known_by,
    deals_open_now,
    fact_groups,
    handoff_cards,
    held_by_sales,
    score_page,
)
from leads.lead_zones import zone_of
from leads.matching import survivor_id
from leads.merging import may_merge
from leads.models import Handoff, Lead, Role, Submission, User
from leads.places import place_text, read_place
from leads.requests import SignedInRequest, wants_fragment
from leads.same_person import perhaps_same
from leads.views.lead_add import may_add

PAGE_SIZE = 50
SUBMISSIONS_SHOWN = 10
HAD_SHOWN = 10
NEWEST_FIRST = ("-entered_at", "-pk")


@login_required
@require_GET
@vary_on_headers("HX-Request")
def lead_list(request: SignedInRequest) -> HttpResponse:
    filtered = filtered_leads(request)
    template = "leads/_lead_rows.html" if wants_fragment(request) else "leads/lead_list.html"
    page = list_page(filtered, request.GET.get("after", ""))
    context = {
        "filter": filtered,
        "at": database_now(),
        "may_add": may_add(request.user),
        "in_all": count_in_all(request, filtered),
        "had": had_before(request, filtered),
        **page,
        **addresses(request, page),
    }
    return render(request, template, context, status=status_of(filtered))


@login_required
@require_GET
def lead_export(request: SignedInRequest) -> HttpResponse | StreamingHttpResponse:
    """The filtered list as CSV; 422 with the list if the filter makes no sense."""
    filtered = filtered_leads(request)
    if not filtered.is_valid():
        return lead_list(request)
    zone = ZoneInfo(timezone.get_current_timezone_name())
    lines = csv_lines(filtered.qs.order_by(*NEWEST_FIRST), zone=zone)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="leads.csv"'
    return response


def filtered_leads(request: SignedInRequest) -> LeadFilter:
    visible = Lead.objects.visible_to(request.user).live()
    return LeadFilter(request.GET, queryset=visible, request=request)


def count_in_all(request: SignedInRequest, filtered: LeadFilter) -> int | None:
    """Return how many leads fit, also those that `request.user` may not see, as numbers on pages
    count them. None where all are seen, for a search, and where nothing is asked.
    """
    asks = any(request.GET.get(name) for name in filtered.form.fields)
    if request.user.sees_everything or filtered.is_search or not asks or not filtered.is_valid():
        return None
    everyone = LeadFilter(request.GET, queryset=Lead.objects.live(), request=request)
    return count_up_to_most(rows_of(everyone))


def had_before(request: SignedInRequest, filtered: LeadFilter) -> list[Lead]:
    """Return leads that a search finds among those that `request.user` had once and has no more."""
    if request.user.sees_everything or not filtered.is_search:
        return []
    theirs = Lead.objects.visible_to(request.user).values("pk")
    had = Lead.objects.readable_by(request.user).live().exclude(pk__in=theirs)
    found = LeadFilter(request.GET, queryset=had, request=request).qs
    return list(found.select_related("stage", "owner", "queue")[:HAD_SHOWN])


def list_page(filtered: LeadFilter, after: str) -> dict[str, Any]:
    """Return one page of the filtered leads, newest first, and where the next begins.

    A search shows the nearest only: what is not among them wants more words.
    """
    found = rows_of(filtered)
    count = count_up_to_most(found)
    if not filtered.is_search:
        found = entered_before(found.order_by(*NEWEST_FIRST), after)
    open_handoffs = Prefetch("handoffs", Handoff.objects.open(), to_attr="open_handoffs")
    shown = found.select_related("stage", "owner", "queue", "source")
    leads = list(shown.prefetch_related(open_handoffs)[: PAGE_SIZE + 1])
    has_more = len(leads) > PAGE_SIZE
    leads = leads[:PAGE_SIZE]
    return {
        "leads": leads,
        "count": count,
        "is_over_count": count > MOST_COUNTED,
        "has_more": has_more,
        "next": next_place(leads[-1]) if has_more and not filtered.is_search else "",
    }


def next_place(lead: Lead) -> str:
    return place_text(lead.entered_at, lead.pk)


def addresses(request: SignedInRequest, page: dict[str, Any]) -> dict[str, str]:
    """Return the query of the filter as it is, and with the next page's place."""
    asked = {name: request.GET[name] for name in request.GET if request.GET[name]}
    asked.pop("after", None)
    return {
        "query": urlencode(asked),
        "next_query": urlencode({**asked, "after": page["next"]}) if page["next"] else "",
    }


def entered_before(leads: QuerySet[Lead], after: str) -> QuerySet[Lead]:
    """Return those that come after a place in the list; a seek, however far down it is."""
    place = read_place(after, numbers=1)
    if place is None:
        return leads
    entered_at, (pk,) = place
    return leads.filter(Q(entered_at__lt=entered_at) | Q(entered_at=entered_at, pk__lt=pk))


SHOWN_WITH_LEAD = ("stage", "owner", "queue__owner", "source", "account__owner")


@login_required
@require_GET
def lead_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """One lead, also for a rep who had it once and follows an old link."""
    readable = Lead.objects.readable_by(request.user)
    lead = readable.select_related(*SHOWN_WITH_LEAD).filter(pk=pk).first()
    if lead is None or lead.merged_into_id is not None:
        merged = get_object_or_404(Lead.objects.exclude(merged_into=None), pk=pk)
        return redirect("leads:lead", pk=get_object_or_404(readable, pk=survivor_id(merged.pk)).pk)
    return render(request, "leads/lead_detail.html", lead_context(lead, request.user))


def lead_context(lead: Lead, viewer: User) -> dict[str, Any]:
    """Return what the page of `lead` shows: facts and score as of now, handoffs, submissions."""
    at = database_now()
    evidence = evidence_for(lead, at)
    openable = Handoff.objects.visible_to(viewer).filter(lead=lead).values_list("pk", flat=True)
    cards = handoff_cards(lead, openable)
    open_deals = deals_open_now(lead, viewer)
    facts = {**evidence.facts, "account.has_open_opportunity": bool(open_deals)}
    past = past_words(lead, viewer)
    return {
        "lead": lead,
        "past_words": past,
        "at": at,
        "lead_zone": zone_of(lead.phone, facts, at),
        "groups": fact_groups(facts),
        "open_deals": open_deals,
        "page": score_page(evidence),
        "cards": cards,
        "also_known_by": also_known_by(lead),
        "handed_in": handed_in(lead, viewer),
        "may_correct": may_correct(viewer) and not past,
        "may_merge": may_merge(viewer) and not past,
        "perhaps_same": list(perhaps_same(lead, viewer)),
        "held": held_by_sales(lead, cards),
    }


def past_words(lead: Lead, viewer: User) -> str:
    """Return who had `lead` once, where `viewer` may read it for that alone; else ""."""
    if viewer.sees_everything or lead.owner_id == viewer.pk:
        return ""
    if Lead.objects.visible_to(viewer).filter(pk=lead.pk).exists():
        return ""
    return "Your team had it once" if viewer.has_role(Role.MANAGER) else "You had it once"


def handed_in(lead: Lead, viewer: User) -> list[tuple[Submission, str]]:
    """Return what was handed in about `lead`, newest first, each with its payload as text; "" for
    who may not read it.
    """
    newest = Submission.objects.filter(lead=lead).select_related("source", "by")
    reads_payloads = viewer.has_role(Role.MARKETING_OPS, Role.ADMIN)
    return [
        (each, payload_text(each) if reads_payloads else "")
        for each in newest.order_by("-received_at", "-pk")[:SUBMISSIONS_SHOWN]
    ]
