"""The companies that leads come from, and what was sold or agreed with them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from leads.models.people import User


class Account(models.Model):
    class Status(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        CUSTOMER = "customer", "Customer"
        PARTNER = "partner", "Partner"
        COMPETITOR = "competitor", "Competitor"

    name = models.CharField(max_length=200)
    # The name without its legal form, folded: what a second spelling of it is found by.
    name_key = models.CharField(max_length=200, blank=True, editable=False)
    industry = models.CharField(max_length=80, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    revenue = models.DecimalField(
        "yearly revenue", max_digits=16, decimal_places=2, null=True, blank=True
    )
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, like SE.")
    state = models.CharField("state or province", max_length=80, blank=True)
    region = models.CharField(max_length=10, blank=True)
    tech_stack = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="owned_accounts"
    )
    is_named = models.BooleanField("named account", default=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.PROSPECT)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_revenue_not_negative",
                condition=Q(revenue=None) | Q(revenue__gte=0),
                violation_error_message="Revenue can't be below zero.",
            ),
        ]
        indexes = [
            GinIndex(name="account_name_like", fields=["name_key"], opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class AccountDomain(models.Model):
    """A mail or web domain that is this account's and nobody else's."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="domains")
    domain = models.CharField(max_length=253, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_domain_lower_case",
                condition=Q(domain=models.functions.Lower("domain")) & ~Q(domain=""),
                violation_error_message="Write the domain in lower case, like example.com.",
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class Opportunity(models.Model):
    """A deal with an account: what became of a lead in money."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WON = "won", "Won"
        LOST = "lost", "Lost"

    lead = models.ForeignKey("Lead", models.PROTECT, related_name="opportunities")
    handoff = models.ForeignKey(
        "Handoff", models.PROTECT, null=True, blank=True, related_name="opportunities"
    )
    name = models.CharField(max_length=200, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    source = models.ForeignKey("IntakeSource", models.PROTECT, null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "opportunities"
        constraints = [
            models.CheckConstraint(
                name="opportunity_closed_has_an_end",
                condition=Q(state="open", closed_at=None)
                | Q(state__in=["won", "lost"], closed_at__isnull=False),
                violation_error_message="A won or lost deal has a closing date; an open one none.",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                name="opportunity_once_per_source",
                condition=~Q(external_id=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"Deal with {self.lead}"


class Meeting(models.Model):
    """A meeting that a handoff led to."""

    class Outcome(models.TextChoices):
        BOOKED = "booked", "Booked"
        HELD = "held", "Held"
        NO_SHOW = "no_show", "Nobody came"
        CANCELLED = "cancelled", "Cancelled"

    lead = models.ForeignKey("Lead", models.PROTECT, related_name="meetings")
    handoff = models.ForeignKey(
        "Handoff", models.PROTECT, null=True, blank=True, related_name="meetings"
    )
    booked_at = models.DateTimeField()
    starts_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.BOOKED)
    recorded_at = models.DateTimeField(auto_now_add=True)
    source = models.ForeignKey("IntakeSource", models.PROTECT, null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                name="meeting_once_per_source",
                condition=~Q(external_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Meeting with {self.lead}"
