"""Set-up: people, teams, sources, reason codes, the organisation."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback.models import ReasonCode
from leads.errors import LostRace
from leads.filtering import rows_of, status_of
from leads.instants import database_now
from leads.models import Document, IntakeSource, IntakeToken, Organisation, Role, Team, User
from leads.requests import SignedInRequest
from leads.tokens import issue_token
from leads.views.access import admins_only, editors_only
from revops.departure_page import departure_of
from revops.filters import PersonFilter
from revops.forms.setup import OrganisationForm, PersonForm, ReasonForm, SourceForm, TeamForm
from revops.new_roles import change_job, failure_of, left_with, move_what_is_left, moves_of
from revops.people import put_to_work
from revops.views.first_admin import is_empty_installation
from revops.views.hours import by_other_hours, members_of

# What is published in versions, and what it decides.
DOCUMENTS = [
    (Document.Kind.CRITERIA, "Criteria", "who is a qualified lead"),
    (Document.Kind.ROUTING, "Routing table", "who gets it"),
    (Document.Kind.POLICIES, "Policies", "what is promised, by when"),
    (Document.Kind.CALENDAR, "Calendars", "what counts as working time"),
]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Set-up; before there is anybody, the page that makes the first admin."""
    return redirect("setup:first") if is_empty_installation() else _index(request)


@editors_only
def _index(request: SignedInRequest) -> HttpResponse:
    context = {
        "organisation": Organisation.objects.get(),
        "documents": DOCUMENTS,
        "is_admin": request.user.has_role(Role.ADMIN),
    }
    return render(request, "setup/index.html", context)


# What of a person or a team says by which hours they work.
HOURS = {"calendar", "within_team", "team"}


@admins_only
@require_GET
def people(request: SignedInRequest) -> HttpResponse:
    found = User.objects.select_related("team", "rep_hours__calendar").prefetch_related(
        "groups", "rota_memberships__rota"
    )
    people_filter = PersonFilter(request.GET, queryset=found.order_by("-is_active", "name"))
    context = {"filter": people_filter, "people": rows_of(people_filter)}
    return render(request, "setup/people.html", context, status=status_of(people_filter))


@admins_only
@require_http_methods(["GET", "POST"])
def person(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    user = get_object_or_404(User, pk=pk) if pk else None
    form = PersonForm(request.POST or None, instance=user, by=request.user)
    if form.is_bound and form.is_valid():
        try:
            saved = _save_person(form)
        except LostRace as lost:
            form.add_error(None, str(lost))
            return _person_page(request, form, user)
        if user is None and not form.cleaned_data["password"]:
            _send_link(request, saved)
            messages.success(request, f"{saved} is in. A link to set a password is on its way.")
        else:
            messages.success(request, f"{saved} is saved.")
        is_left = HOURS.intersection(form.changed_data) and by_other_hours([saved])
        return redirect("setup:person_hours", saved.pk) if is_left else redirect("setup:people")
    return _person_page(request, form, user)


def _person_page(request: SignedInRequest, form: PersonForm, person: User | None) -> HttpResponse:
    leaving = departure_of(person, database_now()) if person else None
    context = {
        "person": person,
        "leaving": leaving,
        "by_other_hours": by_other_hours([person]) if person else 0,
        **(_moving(person) if person else {}),
    }
    return _form_page(request, form, "setup/person.html", **context)


def _moving(person: User) -> dict[str, object]:
    """Return how far the handoffs of somebody who is no rep any more have moved."""
    left_count = left_with(person) if person.is_active else 0
    return {
        "moving": moves_of(person).first(),
        "left_count": left_count,
        "failure": failure_of(person) if left_count else "",
    }


@admins_only
@require_POST
def move_on(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start again to move the handoffs of who is no rep."""
    person = get_object_or_404(User, pk=pk, is_active=True)
    if move_what_is_left(person, by=request.user) is None:
        messages.success(request, f"There is nothing to move on from {person}.")
    return redirect("setup:person", pk=pk)


@transaction.atomic
def _save_person(form: PersonForm) -> User:
    user: User = form.save(commit=False)
    is_new, fields = user.pk is None, list(form.Meta.fields)
    if form.cleaned_data["password"]:
        fields.append("password")
        user.set_password(form.cleaned_data["password"])
    elif is_new:
        user.set_unusable_password()
    if is_new:
        put_to_work(user, form.job)
    else:
        change_job(user, form.job, by=form.by, fields=fields)
    return user


def _send_link(request: SignedInRequest, user: User) -> None:
    reset = ResetPasswordForm({"email": user.email})
    if reset.is_valid():
        reset.save(request)


@admins_only
@require_GET
def teams(request: SignedInRequest) -> HttpResponse:
    active = Count("members", filter=Q(members__is_active=True))
    found = Team.objects.select_related("manager").annotate(people=active).order_by("name")
    return render(request, "setup/teams.html", {"teams": found})


@admins_only
@require_http_methods(["GET", "POST"])
def team(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    known = get_object_or_404(Team, pk=pk) if pk else None
    form = TeamForm(request.POST or None, instance=known)
    if form.is_bound and form.is_valid():
        try:
            saved = form.save()
        except LostRace as lost:
            form.add_error("calendar", str(lost))
        else:
            messages.success(request, f"{saved} is saved.")
            is_left = HOURS.intersection(form.changed_data) and by_other_hours(members_of(saved))
            return redirect("setup:team_hours", saved.pk) if is_left else redirect("setup:teams")
    left_count = by_other_hours(members_of(known)) if known else 0
    return _form_page(request, form, "setup/team.html", team=known, by_other_hours=left_count)


@editors_only
@require_GET
def sources(request: SignedInRequest) -> HttpResponse:
    found = IntakeSource.objects.annotate(
        submissions_count=Count("submissions"), last_at=Max("submissions__received_at")
    )
    return render(request, "setup/sources.html", {"sources": found, "at": database_now()})


@editors_only
@require_http_methods(["GET", "POST"])
def source(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    known = get_object_or_404(IntakeSource, pk=pk) if pk else None
    form = SourceForm(request.POST or None, instance=known)
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, f"{saved} is saved.")
        return redirect("setup:source", pk=saved.pk)
    return _form_page(request, form, "setup/source.html", source=known, at=database_now())


@editors_only
@require_POST
def new_token(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a new token once. It is not kept, so this page can't be opened again."""
    known = get_object_or_404(IntakeSource, pk=pk)
    token = issue_token(known, by=request.user)
    response = render(request, "setup/token.html", {"source": known, "token": token})
    response["Cache-Control"] = "no-store"
    return response


@editors_only
@require_POST
def revoke_token(request: SignedInRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(IntakeToken, pk=pk)
    IntakeToken.objects.filter(pk=pk, revoked_at=None).update(revoked_at=database_now())
    messages.success(request, f"The token {token} opens nothing any more.")
    return redirect("setup:source", pk=token.source_id)


@editors_only
@require_GET
def reasons(request: SignedInRequest) -> HttpResponse:
    found = ReasonCode.objects.annotate(times_given=Count("dispositions"))
    return render(request, "setup/reasons.html", {"reasons": found})


@editors_only
@require_http_methods(["GET", "POST"])
def reason(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    known = get_object_or_404(ReasonCode, pk=pk) if pk else None
    form = ReasonForm(request.POST or None, instance=known)
    return _edit(request, form, back_to="setup:reasons", what="reason code")


@admins_only
@require_http_methods(["GET", "POST"])
def organisation(request: SignedInRequest) -> HttpResponse:
    form = OrganisationForm(request.POST or None, instance=Organisation.objects.get())
    return _edit(request, form, back_to="setup:index", what="organisation")


def _edit(
    request: SignedInRequest, form: forms.ModelForm[Any], *, back_to: str, what: str
) -> HttpResponse:
    """A page with one form for one record: save it and go back to the list."""
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, f"{saved} is saved.")
        return redirect(back_to)
    return _form_page(request, form, "setup/form.html", back_to=back_to, what=what)


def _form_page(
    request: SignedInRequest, form: forms.BaseForm, template: str, **context: object
) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **context}, status=status)
