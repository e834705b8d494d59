"""What reps said about deals, and what they said before."""

from __future__ import annotations

from django.db import models

from leads.models import Opportunity, User
from leads.triggers import append_only


class DealChange(models.Model):
    """A deal as a rep told it, once for each time it became another. Added to, never edited."""

    deal = models.ForeignKey(Opportunity, models.PROTECT, related_name="changes")
    # Blank: the deal was new.
    from_state = models.CharField(max_length=6, choices=Opportunity.State, blank=True)
    to_state = models.CharField(max_length=6, choices=Opportunity.State)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    makes_customer = models.BooleanField(
        default=False, help_text="The account was a prospect until this deal was won."
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["deal", "id"]
        triggers = [append_only()]

    def __str__(self) -> str:
        return (
            f"{self.deal}: {self.get_from_state_display() or 'new'} → {self.get_to_state_display()}"
        )

    @property
    def is_correction(self) -> bool:
        return self.from_state in (Opportunity.State.WON, Opportunity.State.LOST)
