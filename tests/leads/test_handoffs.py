import pytest

pytestmark = pytest.mark.django_db


def test_a_passed_handoff_and_its_lead_have_the_same_owner(make_handoff, alice):
    handoff = make_handoff(rep=alice)
    handoff.refresh_from_db()
    assert handoff.owner == handoff.lead.owner == alice
    assert handoff.queue is None and handoff.lead.queue is None
