"""Versioned documents: drafts are edited here, and published, by the functions of the product."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from leads import documents
from leads.admin.base import LastingAdmin, ReadOnlyAdmin
from leads.admin.kinds import KINDS
from leads.admin.rows import check_revision, is_draft
from leads.documents import may_publish, save_edit
from leads.errors import NotPublishable, StaleDraft
from leads.instants import database_now
from leads.models import Document, Publication, User, Version
from leads.requests import read_id

NOTE_LENGTH = 400


class DocumentForm(forms.ModelForm[Document]):
    class Meta:
        model = Document
        fields = ("kind", "name", "owner", "review_on")

    def clean_kind(self) -> str:
        kind = self.cleaned_data["kind"]
        if self.instance.pk is None and kind != Document.Kind.CALENDAR:
            raise forms.ValidationError(
                "Of these there is one only. Start a draft from its version."
            )
        return str(kind)


@admin.register(Document)
class DocumentAdmin(LastingAdmin[Document]):
    """Adding a calendar begins its first draft."""

    form = DocumentForm
    list_display = ("name", "kind", "owner", "review_on")
    list_select_related = ("owner",)
    autocomplete_fields = ("owner",)
    list_filter = ("kind",)

    def get_readonly_fields(self, request: HttpRequest, obj: Document | None = None) -> list[str]:
        return ["kind"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: Document, form: forms.ModelForm[Document], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Version.objects.create(document=obj, number=1, created_by=acting(request))


class VersionForm(forms.ModelForm[Version]):
    """Carries the revision that its editor saw. Holds the draft locked while it is saved."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Version
        fields = ("revision",)

    def clean_revision(self) -> int:
        revision = int(self.cleaned_data["revision"])
        check_revision(self.instance.pk, revision)
        return revision


class NoteForm(forms.Form):
    """Carries the revision that is made live."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        max_length=NOTE_LENGTH,
        label="What changes, and why",
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
    )


@admin.register(Version)
class VersionAdmin(LastingAdmin[Version]):
    form = VersionForm
    list_display = ("__str__", "kind", "base", "revision", "created_by", "created_at", "standing")
    list_filter = ("document__kind", ("locked_at", admin.EmptyFieldListFilter))
    list_select_related = ("document", "base__document", "created_by")
    ordering = ("document", "-number")
    readonly_fields = (
        *("document", "number", "base", "created_at", "created_by"),
        *("saved_at", "saved_by", "locked_at"),
    )
    actions = ("start_draft", "publish", "go_back")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        return is_draft(obj) and request.user.has_perm("leads.delete_version")

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may_publish(acting(request))

    def get_inlines(
        self, request: HttpRequest, obj: Version | None
    ) -> tuple[type[InlineModelAdmin[Any, Any]], ...]:
        return KINDS[obj.document.kind].inlines if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Version]:
        itself = Version.objects.live_at(database_now()).filter(pk=OuterRef("pk"))
        return super().get_queryset(request).annotate(is_live=Exists(itself))

    @admin.display(ordering="document__kind")
    def kind(self, version: Version) -> str:
        return version.document.get_kind_display()

    @admin.display(description="State")
    def standing(self, version: Version) -> str:
        if version.is_draft:
            return "Draft"
        return "Live" if version.is_live else "Was live"  # type: ignore[attr-defined]

    def save_model(
        self, request: HttpRequest, obj: Version, form: forms.ModelForm[Version], change: bool
    ) -> None:
        revision = form.cleaned_data["revision"]
        save_edit(obj, revision=revision, by=acting(request), at=database_now())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Discard a draft as its page does. The address carries the revision that was seen, and the
        form sends it back.
        """
        draft = self.get_object(request, object_id)
        if request.method == "GET" and draft and "revision" not in request.GET:
            return redirect(f"{request.path}?revision={draft.revision}")
        try:
            return super().delete_view(request, object_id, extra_context)
        except (NotPublishable, StaleDraft) as refused:
            self.message_user(request, f"{refused} Nothing was discarded.", messages.ERROR)
            return redirect("admin:leads_version_changelist")

    def delete_model(self, request: HttpRequest, obj: Version) -> None:
        obj.revision = read_id(request.GET.get("revision", "")) or 0
        documents.discard(obj)

    @admin.action(description="Start a draft from this version", permissions=["change"])
    def start_draft(self, request: HttpRequest, versions: QuerySet[Version]) -> None:
        version = self._the_one(request, versions)
        if version is not None:
            draft = documents.start_draft(version, by=acting(request))
            self.message_user(request, f"{draft} is a draft now, a copy of {version}.")

    @admin.action(description="Publish", permissions=["publish"])
    def publish(self, request: HttpRequest, versions: QuerySet[Version]) -> HttpResponse | None:
        return self._with_note(request, versions, "publish")

    @admin.action(description="Go back to this version", permissions=["publish"])
    def go_back(self, request: HttpRequest, versions: QuerySet[Version]) -> HttpResponse | None:
        return self._with_note(request, versions, "go_back")

    def _with_note(
        self, request: HttpRequest, versions: QuerySet[Version], action: str
    ) -> HttpResponse | None:
        """Ask for the note on a page of its own, then make the version live."""
        version = self._the_one(request, versions)
        if version is None:
            return None
        problems = KINDS[version.document.kind].problems(version)
        posted = request.POST if "note" in request.POST else None
        form = NoteForm(posted, initial={"revision": version.revision})
        if problems or not form.is_valid():
            return self._ask(request, version, action, form, problems)
        try:
            _make_live(version, action, form, acting(request))
        except (NotPublishable, StaleDraft) as refused:
            self.message_user(request, str(refused), messages.ERROR)
        else:
            self.message_user(request, f"{version} is live now.")
        return None

    def _ask(
        self,
        request: HttpRequest,
        version: Version,
        action: str,
        form: NoteForm,
        problems: list[str],
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"Make {version} live",
            "opts": self.opts,
            "version": version,
            "action": action,
            "form": form,
            "problems": problems,
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "leads/admin_publish.html", context)

    def _the_one(self, request: HttpRequest, versions: QuerySet[Version]) -> Version | None:
        chosen = list(versions.select_related("document")[:2])
        if len(chosen) == 1:
            return chosen[0]
        self.message_user(request, "Choose one version.", messages.ERROR)
        return None


def _make_live(version: Version, action: str, form: NoteForm, by: User) -> Publication:
    note, at = form.cleaned_data["note"], database_now()
    if action == "go_back":
        return documents.revert(version, by=by, note=note, at=at)
    publish = KINDS[version.document.kind].publish
    return publish(version, revision=form.cleaned_data["revision"], note=note, by=by, at=at)


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin[Publication]):
    list_display = ("version", "at", "by", "note")
    list_filter = ("version__document__kind",)
    list_select_related = ("version__document", "by")
    ordering = ("-at", "-id")


def acting(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the admin lets nobody else in
    return request.user
