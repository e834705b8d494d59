"""Who is out of the question for one lead alone, whatever hours and caps say."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from leads.models import Assignment
from routing.candidates import HAD_IT, REJECTED_IT

HAD = """
    SELECT of_lead.lead_id, said.rep_id, bool_or(of_lead.state <> 'closed'),
        (array_agg(said.answer ORDER BY said.answered_at DESC) FILTER (WHERE said.answer <> ''))[1]
    FROM leads_assignment said JOIN leads_handoff of_lead ON of_lead.id = said.handoff_id
    WHERE of_lead.lead_id = ANY(%s) GROUP BY of_lead.lead_id, said.rep_id
"""


def own_refusals(lead_ids: Sequence[int]) -> dict[int, dict[int, str]]:
    """Return who had the open handoff of each lead or rejected the lead before, in words, by rep;
    no entry for a lead that nobody had.
    """
    found: dict[int, dict[int, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(HAD, [list(lead_ids)])
        for lead_id, rep_id, is_this, answer in cursor.fetchall():
            if is_this:
                found.setdefault(lead_id, {})[rep_id] = HAD_IT
            elif answer == Assignment.Answer.REJECTED:
                found.setdefault(lead_id, {})[rep_id] = REJECTED_IT
    return found
