"""Versioned documents: criteria, routing table, policy set, calendars.

A document has versions; a version is a draft until it is published once, and unchangeable from
then on. The live version is the one published last, so that going back is publishing an old one
again, and what was live at any past instant can be read off the publications.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from leads.models.people import User
from leads.triggers import append_only, locked_with_version, refuses


class Document(models.Model):
    class Kind(models.TextChoices):
        CRITERIA = "criteria", "Criteria"
        ROUTING = "routing", "Routing table"
        POLICIES = "policies", "Policy set"
        CALENDAR = "calendar", "Calendar"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=80)
    # Who keeps it up to date, and when it is to be looked through next.
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    review_on = models.DateField("next review", null=True, blank=True)
    # The highest number given to a draft: one that was discarded is never given again.
    last_number = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "name"],
                name="document_name_is_unique",
                violation_error_message="There is a document of this kind and name already.",
            ),
            # Of everything but calendars there is one for the whole organisation.
            models.UniqueConstraint(
                fields=["kind"],
                name="document_one_of_its_kind",
                condition=~Q(kind="calendar"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VersionQuerySet(models.QuerySet["Version"]):
    def drafts(self) -> VersionQuerySet:
        return self.filter(locked_at=None)

    def live_at(self, at: datetime) -> VersionQuerySet:
        """The version of each document that was live at `at`."""
        newest = Publication.objects.filter(
            version__document=OuterRef("document"), at__lte=at
        ).order_by("-at", "-id")
        return self.filter(pk=Subquery(newest.values("version")[:1]))


class Version(models.Model):
    """A state of a document. `revision` rises with each edit of a draft, so that none is lost."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    base = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="drafts")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # Who edited the draft last, and when; None before the first edit.
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    locked_at = models.DateTimeField(null=True, blank=True)

    # How often attributes were changed when it was read as the live one; None: it was not.
    fact_changes: int | None = None

    objects: ClassVar[models.Manager[Version]] = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["document", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="version_number_is_unique"),
            models.CheckConstraint(
                name="version_not_its_own_base", condition=Q(base=None) | ~Q(base=F("id"))
            ),
        ]
        triggers = [
            refuses(
                "version_stays_as_published",
                rule="OLD.locked_at IS NOT NULL",
                sentence="This version is published and can no longer change.",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.locked_at is None


class Publication(models.Model):
    """A version went live. The newest one of a document says what is live."""

    version = models.ForeignKey(Version, models.PROTECT, related_name="publications")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=400)
    predicted = models.JSONField(null=True, blank=True)

    class Meta:
        get_latest_by = ["at", "id"]
        indexes = [models.Index(fields=["-at", "-id"], name="publication_newest")]
        constraints = [
            models.CheckConstraint(
                name="publication_has_a_note",
                condition=~Q(note=""),
                violation_error_message="Say in a sentence what changes and why.",
            ),
        ]
        triggers = [
            append_only(),
            refuses(
                "publication_of_a_locked_version",
                rule="NOT EXISTS (SELECT 1 FROM leads_version"
                " WHERE id = NEW.version_id AND locked_at IS NOT NULL)",
                sentence="Only a locked version can be published.",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} live from {self.at:%Y-%m-%d %H:%M}"


class VersionedRow(models.Model):
    """A row of a versioned document. `key` stays the same from version to version."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="%(class)ss")
    key = models.SlugField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    label = models.CharField(max_length=120)

    class Meta:
        abstract = True
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "key"],
                name="%(class)s_key_once_per_version",
                violation_error_message="Another row of this version has the same key.",
            ),
        ]
        triggers = [locked_with_version()]

    def __str__(self) -> str:
        return self.label
