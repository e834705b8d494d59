"""What becomes known of all leads of a company when its record changes."""

from __future__ import annotations

from datetime import datetime

from leads.fact_sheet import Facts, account_facts
from leads.models import Account, FactSnapshot, Lead, User


def recorded_facts(account: Account) -> Facts:
    """Return what the database now says of `account`, whatever its object in memory says."""
    return account_facts(Account.objects.get(pk=account.pk))


def spread(account: Account, before: Facts, *, by: User | None, at: datetime) -> int:
    """Keep what the record of `account` says, where `before` it said another thing, for each of its
    live leads, as known from `at` on, and have them judged again. Returns how many learnt of it.

    A lead that rests is judged when it wakes. One that another transaction holds at this instant
    learns of it with its next evidence.
    """
    now = account_facts(account)
    if now == before:
        return 0
    # Locked before their facts are read, so that what another transaction tells of one is not lost.
    theirs = Lead.objects.live().filter(account=account).order_by("pk")
    free = dict(
        theirs.select_for_update(no_key=True, skip_locked=True).values_list("pk", "reconsider_at")
    )
    latest = (
        FactSnapshot.objects.filter(lead__in=free)
        .order_by("lead_id", "-known_from", "-id")
        .distinct("lead_id")
        .values_list("lead_id", "known_from", "facts")
    )
    learnt = [
        FactSnapshot(lead_id=lead_id, known_from=max(at, known_from), facts=facts, by=by)
        for lead_id, known_from, known in latest
        if (facts := {name: known[name] for name in known.keys() - before} | now) != known
    ]
    FactSnapshot.objects.bulk_create(learnt)
    to_judge = [each.lead_id for each in learnt if free[each.lead_id] is None]
    Lead.objects.filter(pk__in=to_judge).update(reconsider_at=at)
    return len(learnt)
