"""Long work, done in short steps on a queue of its own."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from leads.models.people import User


class Job(models.Model):
    """Work that takes longer than one task may: `cursor` says where the next step goes on."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    cursor = models.BigIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    total_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_done_within_total", condition=Q(done_count__lte=F("total_count"))
            ),
            models.CheckConstraint(
                name="job_finished_has_an_instant",
                condition=Q(state__in=["done", "failed"], finished_at__isnull=False)
                | Q(state__in=["waiting", "running"], finished_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="job_to_do",
                condition=Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.done_count}/{self.total_count}"
