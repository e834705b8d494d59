"""The first visitor of an empty installation makes the first admin."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import login
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from leads.instants import database_now
from leads.models import Organisation, Role, User
from revops.defaults.load import load_defaults
from revops.forms.first_admin import FirstAdminForm

ONLY_ONCE = 7_236_001  # number of the advisory lock


def is_empty_installation() -> bool:
    return not User.objects.exists()


@require_http_methods(["GET", "POST"])
def first_admin(request: HttpRequest) -> HttpResponse:
    if not is_empty_installation():
        raise Http404
    form = FirstAdminForm(request.POST or None)
    if form.is_bound and form.is_valid():
        admin = make_first_admin(form.cleaned_data, database_now())
        backend = "django.contrib.auth.backends.ModelBackend"
        login(request, admin, backend=backend)
        return redirect("home")
    return render(
        request, "setup/first_admin.html", {"form": form}, status=422 if form.is_bound else 200
    )


@transaction.atomic
def make_first_admin(terms: dict[str, str], at: datetime) -> User:
    """Make the first admin and load what ships with the product. Raises Http404 if somebody else
    was first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONLY_ONCE])
    if not is_empty_installation():
        raise Http404
    Organisation.objects.update_or_create(
        defaults={"name": terms["organisation"], "zone": terms["zone"]}
    )
    admin = User.objects.create_user(
        terms["email"], terms["password"], name=terms["name"], zone=terms["zone"], is_staff=True
    )
    admin.groups.add(Group.objects.get(name=Role.ADMIN))
    load_defaults(at)
    return admin
