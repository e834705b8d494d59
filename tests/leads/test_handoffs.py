import pytest
from django.db import IntegrityError, transaction

from leads import handoffs
from leads.errors import HandoffIsOpen, LostRace
from leads.models import Assignment, Handoff, Lead, OwnershipChange

pytestmark = pytest.mark.django_db


def test_a_passed_handoff_and_its_lead_have_the_same_owner(make_handoff, alice):
    handoff = make_handoff(rep=alice)
    handoff.refresh_from_db()
    assert handoff.owner == handoff.lead.owner == alice
    assert handoff.queue is None and handoff.lead.queue is None
