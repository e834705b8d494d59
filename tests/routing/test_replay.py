"""A replay sends past handoffs where routing would, and says what a draft would change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leads.documents import live_version, start_draft
from leads.models import (
    Document,
    Handoff,
    Job,
)
from revops import jobs
from routing import replay_job
from routing.replay_result import Result
from tests.routing.conftest import when

pytestmark = pytest.mark.django_db

# A Monday, when the week begins.
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
END = START + timedelta(days=14)
SWEDEN = when("account.country", "eq", "SE")


@pytest.fixture
def hand(make_lead, make_handoff, know):
    """Open a handoff so many hours after the start, of a lead of which `facts` are known by then."""

    def make(hours=0.0, /, lead_fields=None, **facts):
        opened_at = START + timedelta(hours=hours)
        lead = make_lead(entered_at=opened_at, **(lead_fields or {}))
        lead.facts.all().delete() if hasattr(lead, "facts") else None
        know(lead, **facts)
        lead_facts = lead.fact_snapshots if hasattr(lead, "fact_snapshots") else None
        del lead_facts
        return make_handoff(lead, at=opened_at, hand_raised_at=opened_at)

    return make


def draft_of_live(by):
    return start_draft(live_version(Document.Kind.ROUTING, END), by=by)


def replayed(draft, by, days=14, **more):
    started = replay_job.start(draft, days=days, by=by, at=END, **more)
    while jobs.run_step():
        pass
    started.refresh_from_db()
    assert started.job.state == Job.State.DONE, started.job.error
    return Result.from_json(started.result)


def reps_of(handoffs_made):
    made = Handoff.objects.in_bulk([each.pk for each in handoffs_made])
    return [made[each.pk].owner for each in handoffs_made]
