"""Which leads were made one, by whom, and what came from which."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leads.models.leads import Lead
from leads.models.people import User
from leads.triggers import append_only


class Merge(models.Model):
    """One lead merged into another: the record by which it could be told apart again.

    moved:  by the name of their model, the ids of the rows that were `gone`'s. What hangs on
            handoffs, such as turns and clocks, moved with them.
    filled: the names of the fields that `lead` has from `gone`, whose own record stays as it was.
    """

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="merges")
    gone = models.OneToOneField(Lead, models.PROTECT, related_name="merged_by")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    moved = models.JSONField(default=dict)
    filled = ArrayField(models.CharField(max_length=30), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="merge_of_two_leads", condition=~Q(lead=F("gone"))),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.gone} into {self.lead}"
