"""The review queue: what is missing or can't be routed, and what failed on its way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from feedback import review
from feedback.errors import FeedbackError
from feedback.review import Item
from feedback.review_forms import AssignForm, DisqualifyForm, HandOverForm
from leads.correcting import EmailTaken, may_correct
from leads.custom_facts import active_attributes, labels_of
from leads.errors import LeadsError, LostRace
from leads.facts import Fact
from leads.forms.corrections import MissingForm
from leads.forms.submissions import NAMED_COUNTRIES
from leads.inbox_page import payload_text
from leads.instants import database_now
from leads.models import Handoff, Lead, Role, User
from leads.requests import SignedInRequest, wants_fragment
from leads.templatetags.handoff import since_text
from routing.errors import RoutingError
from sla.board import reps_to_choose
from sla.recipients import who_was_told

INBOX_PAGE = 20
# Does what was asked and returns what to tell the reviewer.
Act = Callable[[Handoff], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """An item on the page. fill: the form for what is missing; refusal: why nothing was done; said:
    what was done, though it stays; taken_by: the lead who has the address that was filled in, if
    one may see it.
    """

    item: Item
    fill: MissingForm
    refusal: str = ""
    said: str = ""
    taken_by: Lead | None = None


@login_required
@require_GET
def review_list(request: SignedInRequest) -> HttpResponse:
    check_may_look(request.user)
    return _page(request, database_now())


@login_required
@require_POST
def fill_in(request: SignedInRequest, pk: int) -> HttpResponse:
    at = database_now()
    handoff = own_item(request, pk)
    form = missing_form(handoff, at, active_attributes(), data=request.POST)

    def act(handoff: Handoff) -> str:
        now = review.fill_in(handoff, form.told, form.filled, by=request.user, at=at)
        if now.missing:
            return f"Noted for {handoff.lead}. Still missing: {', '.join(labels_of(now.missing))}."
        if now.state == Handoff.State.REVIEW:
            return f"Noted for {handoff.lead}, who stays here: {now.review_reason}"
        return f"{handoff.lead} has all that is needed and is being routed."

    return _act(request, handoff, act, at=at, form=form, fill=form)


@login_required
@require_POST
def assign(request: SignedInRequest, pk: int) -> HttpResponse:
    at = database_now()
    form = AssignForm(request.POST, reviewer=request.user)

    def act(handoff: Handoff) -> str:
        rep, note = form.cleaned_data["rep"], form.cleaned_data["note"]
        review.assign(handoff, rep, by=request.user, at=at, note=note)
        return f"{handoff.lead} is with {rep} now. {who_was_told(rep, at)}"

    return _act(request, own_item(request, pk), act, at=at, form=form)


@login_required
@require_POST
def route_again(request: SignedInRequest, pk: int) -> HttpResponse:
    at = database_now()

    def act(handoff: Handoff) -> str:
        review.route_again(handoff, by=request.user, at=at)
        return f"{handoff.lead} is being routed again."

    return _act(request, own_item(request, pk), act, at=at)


@login_required
@require_POST
def disqualify(request: SignedInRequest, pk: int) -> HttpResponse:
    at = database_now()
    form = DisqualifyForm(request.POST)

    def act(handoff: Handoff) -> str:
        code, note = form.cleaned_data["code"], form.cleaned_data["note"]
        review.disqualify(handoff, code=code, note=note, by=request.user, at=at)
        return f"Disqualified {handoff.lead}: {code}."

    return _act(request, own_item(request, pk), act, at=at, form=form)


@login_required
@require_POST
def hand_over(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open a handoff by hand from the lead's page."""
    lead = get_object_or_404(Lead.objects.visible_to(request.user).live(), pk=pk)
    check_may_act(request.user)
    form = HandOverForm(request.POST)
    if form.is_valid():
        try:
            review.hand_over(
                lead, reason=form.cleaned_data["reason"], by=request.user, at=database_now()
            )
            messages.success(request, f"{lead} is handed over and being routed.")
        except LeadsError as error:
            messages.warning(request, str(error))
    else:
        messages.warning(request, first_error(form))
    return redirect("leads:lead", pk=lead.pk)


@login_required
@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    """What could not be processed, with its error and the payload as it came."""
    check_may_open_inbox(request.user)
    page = Paginator(review.kept_submissions(), INBOX_PAGE).get_page(request.GET.get("page"))
    context = {
        "at": database_now(),
        "page": page,
        "rows": [(each, payload_text(each)) for each in page],
        "waiting": review.in_review(request.user).count(),
    }
    return render(request, "feedback/review_inbox.html", context)


@login_required
@require_POST
def try_again(request: SignedInRequest, pk: int) -> HttpResponse:
    check_may_open_inbox(request.user)
    try:
        review.try_again(pk, at=database_now())
        messages.success(request, "Taken in within seconds. What fails comes back here.")
    except LostRace as error:
        messages.warning(request, str(error))
    return redirect("feedback:inbox")


def check_may_look(user: User) -> None:
    if not user.sees_queues:
        raise PermissionDenied


def check_may_act(user: User) -> None:
    if not may_correct(user):
        raise PermissionDenied


def check_may_open_inbox(user: User) -> None:
    if not user.has_role(Role.MARKETING_OPS, Role.ADMIN):
        raise PermissionDenied


def own_item(request: SignedInRequest, pk: int) -> Handoff:
    """Return a handoff that the viewer may see, in review or no longer."""
    visible = Handoff.objects.visible_to(request.user)
    handoff = get_object_or_404(visible.select_related("lead__source", "lead__account"), pk=pk)
    check_may_act(request.user)
    return handoff


def missing_form(
    handoff: Handoff, at: datetime, own: Mapping[str, Fact], *, data: Any = None
) -> MissingForm:
    return MissingForm(handoff.missing, data, at=at, prefix=f"h{handoff.pk}", own=own)


def first_error(form: Form) -> str:
    return next((str(each[0]) for each in form.errors.values()), "")


def _act(
    request: SignedInRequest,
    handoff: Handoff,
    act: Act,
    *,
    at: datetime,
    form: Form | None = None,
    fill: MissingForm | None = None,
) -> HttpResponse:
    """Do what a valid form says; answer with what became of the item."""
    if form is not None and not form.is_valid():
        refusal = "" if form is fill else first_error(form)
        return _item_again(request, handoff, at, fill=fill, refusal=refusal)
    try:
        said = act(handoff)
    except LostRace as error:
        return _lost(request, handoff, error, at)
    except (FeedbackError, LeadsError, RoutingError) as error:
        taken_by = error.holder if isinstance(error, EmailTaken) else None
        said = str(error)
        return _item_again(request, handoff, at, fill=fill, refusal=said, taken_by=taken_by)
    if not wants_fragment(request):
        messages.success(request, said)
        return redirect("feedback:review")
    if entry := _entry(request.user, handoff, at):
        context = {**_choices(request.user), "entry": replace(entry, said=said), "at": at}
        return render(request, "feedback/_review_item.html", context)
    context = {"handoff": handoff, "said": said, "waiting": _waiting_count(request.user)}
    return render(request, "feedback/_review_done.html", context)


def _lost(
    request: SignedInRequest, handoff: Handoff, error: LostRace, at: datetime
) -> HttpResponse:
    """Say who was first, and when."""
    when = f" ({since_text(error.at, at)})" if error.at else ""
    said = f"{error}{when}"
    if wants_fragment(request):
        waiting = _waiting_count(request.user)
        context = {"handoff": handoff, "said": said, "is_lost": True, "waiting": waiting}
        return render(request, "feedback/_review_done.html", context, status=409)
    messages.warning(request, said)
    return _page(request, at, status=409)


def _item_again(
    request: SignedInRequest,
    handoff: Handoff,
    at: datetime,
    *,
    fill: MissingForm | None,
    refusal: str,
    taken_by: int | None = None,
) -> HttpResponse:
    """Show the item once more with what was wrong. taken_by: the lead who has the address."""
    found = _entry(request.user, handoff, at)
    if found is None:
        return _lost(request, handoff, LostRace("This is no longer in review."), at)
    seen = Lead.objects.visible_to(request.user).live()
    holder = seen.filter(pk=taken_by).first() if taken_by else None
    entry = replace(found, fill=fill or found.fill, refusal=refusal, taken_by=holder)
    if wants_fragment(request):
        context = {**_choices(request.user), "entry": entry, "at": at}
        return render(request, "feedback/_review_item.html", context, status=422)
    return _page(request, at, changed=entry, status=422)


def _entry(viewer: User, handoff: Handoff, at: datetime) -> Entry | None:
    """Return a handoff as the page shows it; None if it is no longer in review."""
    waiting = review.in_review(viewer).filter(pk=handoff.pk)
    found = next(iter(review.items(waiting, at)), None)
    return Entry(found, missing_form(found.handoff, at, active_attributes())) if found else None


def _page(
    request: SignedInRequest, at: datetime, *, changed: Entry | None = None, status: int = 200
) -> HttpResponse:
    waiting = review.in_review(request.user)
    own = active_attributes()
    entries = [
        Entry(item, missing_form(item.handoff, at, own)) for item in review.items(waiting, at)
    ]
    if changed is not None:
        entries = [
            changed if each.item.handoff == changed.item.handoff else each for each in entries
        ]
    context = {
        **_choices(request.user),
        "entries": entries,
        "waiting": waiting.count(),
        "kept": _kept_count(request.user),
        "countries": NAMED_COUNTRIES,
        "at": at,
    }
    return render(request, "feedback/review.html", context, status=status)


def _choices(viewer: User) -> dict[str, Any]:
    """Return what each item offers, read once for all of them."""
    return {
        "may_act": may_correct(viewer),
        "reps": list(reps_to_choose(viewer)),
        "codes": list(review.codes()),
    }


def _waiting_count(viewer: User) -> int:
    return review.in_review(viewer).count()


def _kept_count(viewer: User) -> int | None:
    if not viewer.has_role(Role.MARKETING_OPS, Role.ADMIN):
        return None
    return review.kept_submissions().count()
