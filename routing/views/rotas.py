"""Rotas: who had how many turns, who is skipped and why, who is next, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from leads.contested import Contested
from leads.document_pages import may_edit
from leads.forms.seen import CHANGED
from leads.instants import database_now
from leads.models import User
from leads.requests import SignedInRequest, read_id
from leads.views.access import editors_only
from routing.forms.rotas import MemberFormSet, Members, RotaForm
from routing.models import Rota
from routing.naming import names_rota
from routing.rota_leads import WHICH, Asked, handoffs_behind
from routing.rota_page import rota_page, with_leads
from routing.rotas import locked_rota
from routing.shares import LATELY, rota_shares
from routing.skips import PassedOver, Skips
from routing.views.access import table_readers_only

ROWS_A_PAGE = 50


@table_readers_only
@require_GET
def rotas(request: SignedInRequest) -> HttpResponse:
    everyone = list(Rota.objects.order_by("-is_active", "name"))
    shares = rota_shares(database_now(), everyone)
    context = {"rotas": shares, "can_edit": may_edit(request.user)}
    return render(request, "routing/rotas.html", context)


@table_readers_only
@require_GET
def rota(request: SignedInRequest, pk: int) -> HttpResponse:
    page = rota_page(get_object_or_404(Rota, pk=pk), request.user, database_now())
    context = {"page": page, "can_edit": may_edit(request.user)}
    return render(request, "routing/rota.html", context)


@table_readers_only
@require_GET
def rota_leads(request: SignedInRequest, pk: int, which: str) -> HttpResponse:
    """The handoffs behind a number; of one rep with ?rep=5."""
    if which not in WHICH:
        raise Http404
    asked = Asked(get_object_or_404(Rota, pk=pk), which, _rep_asked(request))
    handoffs = handoffs_behind(asked, user=request.user, at=database_now())
    page = Paginator(handoffs, ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "routing/rota_leads.html", {"asked": asked, "page": page})


@table_readers_only
@require_GET
def rota_skips(request: SignedInRequest, pk: int) -> HttpResponse:
    """Each time somebody was passed over in 30 days, and why; of one rep with ?rep=5."""
    found, rep = get_object_or_404(Rota, pk=pk), _rep_asked(request)
    skips = Skips(found, database_now() - LATELY, rep.pk if rep else None)
    pages = Paginator(cast(Sequence[PassedOver], skips), ROWS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "rota": found,
        "rep": rep,
        "page": page,
        "rows": with_leads(list(page.object_list), request.user),
    }
    return render(request, "routing/rota_skips.html", context)


def _rep_asked(request: SignedInRequest) -> User | None:
    text = request.GET.get("rep", "")
    return get_object_or_404(User, pk=read_id(text) or 0) if text else None


@editors_only
@require_http_methods(["GET", "POST"])
def edit_rota(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """A rota's name, method and members. What the live table or a territory leads to is switched
    off, or left with nobody, only once that was agreed to; what somebody else changed meanwhile is
    shown first.
    """
    known = get_object_or_404(Rota, pk=pk) if pk else None
    context: dict[str, Any] = {"pk": pk, "name": str(known) if known else ""}
    if request.method == "GET":
        form = RotaForm(instance=known)
        context |= {"form": form, "members": MemberFormSet(instance=form.instance)}
        return render(request, "routing/rota_edit.html", context)
    with transaction.atomic():
        form = RotaForm(request.POST, instance=locked_rota(known.pk) if known else None)
        members = cast(Members, MemberFormSet(request.POST, instance=form.instance))
        context |= {"form": form, "members": members}
        if form.is_valid() and members.is_valid():
            context["cells"] = _both_versions(form, members)
            if not context["cells"]:
                context["warning"] = _warning(form, members, database_now()) if known else ""
                if form.cleaned_data["agreed"] or not context["warning"]:
                    return _save(request, form, members)
    status = 409 if context.get("cells") else 422
    return render(request, "routing/rota_edit.html", context, status=status)


def _both_versions(form: RotaForm, members: Members) -> list[Contested]:
    """Return what somebody else changed since the page was opened, beside what was typed."""
    cells = form.see_again() if form.is_stale else []
    for row in members.changed_by_others:
        cells += row.see_again()
    if cells:
        form.add_error(None, CHANGED)
    return cells


def _save(request: SignedInRequest, form: RotaForm, members: Members) -> HttpResponse:
    saved = form.save()
    members.instance = saved
    members.save()
    messages.success(request, f"Rota {saved} is saved.")
    return redirect("routing:rota", pk=saved.pk)


def _warning(form: RotaForm, members: Members, at: datetime) -> str:
    """Return what would no longer lead to anybody with this saved; "" if nothing would."""
    is_off = not form.cleaned_data["is_active"]
    rota = form.instance
    led_to_nobody = not (
        form.initial["is_active"] and rota.members.filter(rep__is_active=True).exists()
    )
    if led_to_nobody or (members.stay_any and not is_off):
        return ""
    named_by = names_rota(rota, at)
    if not named_by:
        return ""
    why = "Switched off" if is_off else "With nobody in it"
    return f"{why}, it leads to nobody, and {named_by} would pass it over."
