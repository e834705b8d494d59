"""To how many prospects the instant answer would have gone lately, by the source they asked by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import OuterRef, Subquery

from leads.known_facts import newest_facts
from leads.models import Activity, IntakeSource
from sla.answer_times import asked_lately
from sla.instant_answers import ANSWERED_DOORS, has_mail_address


def would_be_written(sources: Collection[IntakeSource], at: datetime) -> Mapping[int, int]:
    """Return by id of each of `sources` how many would have been written to in the last 30 days:
    who asked by a form or system, with an address, without a refusal.
    """
    asked = Activity.objects.filter(
        lead=OuterRef("lead"),
        occurred_at=OuterRef("hand_raised_at"),
        submission__door__in=ANSWERED_DOORS,
        source__in=sources,
    )
    came = asked_lately(IntakeSource.objects.all(), at).annotate(
        by=Subquery(asked.order_by("-pk").values("source")[:1])
    )
    rows = came.exclude(by=None).order_by().values_list("by", "lead", "lead__email")
    reached = [(by, lead) for by, lead, email in rows if has_mail_address(email)]
    facts = newest_facts([lead for _, lead in reached], at)
    return Counter(
        by for by, lead in reached if facts.get(lead, {}).get("person.consent") is not False
    )
