"""Locking leads that are not locked by a handoff of theirs (`leads.handoffs.locked`)."""

from __future__ import annotations

from collections.abc import Iterable

from leads.models import Lead

READ_WITH_IT = ("source", "stage", "account__owner", "owner", "queue")


def locked_leads(ids: Iterable[int]) -> dict[int, Lead]:
    """Lock leads, in the order of their ids, and return them fresh with what they lead to.

    The rows alone are locked first: what waits for a lock with others joined finds these as they
    were before, and no row where they no longer fit.
    """
    rows = Lead.objects.filter(pk__in=list(ids))
    list(rows.order_by("id").select_for_update(no_key=True).values_list("pk"))
    return {lead.pk: lead for lead in rows.select_related(*READ_WITH_IT)}
