"""Leads that somebody answers for."""

import pytest

from leads import ownership
from leads.models import Lead


@pytest.fixture
def kept(make_lead, at):
    """Give a function that makes a lead which `owner` answers for without an open handoff."""

    def make(owner):
        lead = make_lead()
        ownership.take(lead, to=owner, source="manager", reason="Theirs", by=None, at=at)
        return lead

    return make


def holder(lead):
    lead = Lead.objects.get(pk=lead.pk)
    return lead.owner or lead.queue
