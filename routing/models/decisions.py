"""Routing decisions, each with the trace that explains it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from leads.models import Assignment, Handoff, Queue, User, Version
from leads.models.json_texts import JSONTextField
from leads.triggers import append_only


class Decision(models.Model):
    """Where a handoff was sent, by which version and rule, and what else was asked.

    One that lets it wait says until when, and for which line: a rota, or the person that a rule
    names (`routing/lines.py`).
    """

    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="decisions")
    assignment = models.OneToOneField(
        Assignment, models.PROTECT, null=True, blank=True, related_name="decision"
    )
    version = models.ForeignKey(Version, models.PROTECT, null=True, blank=True, related_name="+")
    rule_key = models.CharField(max_length=60, blank=True)
    rule_label = models.CharField(max_length=120, blank=True)
    rep = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300)
    # {"rules": [{key, label, failed} or {key, label, matched, trace}], "failed": [condition],
    # "skipped": [{rep, reason}]}; a rule names its failed conditions by place. Those of before tell
    # of a rule that failed by its conditions or by its whole trace (`routing.trace.spelled_out`).
    trace = JSONTextField(default=dict)
    waits_till = models.DateTimeField(null=True, blank=True)
    line = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["handoff", "id"]
        constraints = [
            models.CheckConstraint(
                name="decision_rep_or_queue",
                condition=Q(rep=None, queue__isnull=False) | Q(rep__isnull=False, queue=None),
            ),
            models.CheckConstraint(
                name="decision_passed_to_a_rep",
                condition=Q(rep=None, assignment=None)
                | Q(rep__isnull=False, assignment__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["rule_key", "at"], name="decision_by_rule")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.rule_label or 'By hand'} → {self.rep or self.queue}"
