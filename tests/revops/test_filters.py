"""What every list and report answers to a filter that makes no sense."""

import pytest

from leads import handoffs
from leads.views.leads import filtered_leads

pytestmark = pytest.mark.django_db

LISTS = [
    ("/leads/", "stage=nowhere"),
    ("/leads/", "review=perhaps"),
    ("/leads/", "owner=0"),
    ("/sla/compliance/", "period=fortnight"),
    ("/sla/compliance/", "rep=nobody"),
    ("/sla/compliance/", "since=0001-01-01"),
    ("/sla/clocks/", "what=lost"),
    ("/sla/handoffs/", "took=wall-99"),
    ("/insights/", "source=999999"),
    ("/setup/people/", "role=king"),
    ("/setup/people/", "team=999999"),
]


@pytest.mark.parametrize(("path", "query"), LISTS)
def test_a_filter_that_makes_no_sense_is_refused_and_says_why(client, rosa, defaults, path, query):
    client.force_login(rosa)
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 422
    assert "invalid-feedback" in answer.content.decode()


@pytest.mark.parametrize(("wanted", "found"), [("true", 1), ("false", 2), ("", 3)])
def test_leads_in_review_are_told_from_others(rf, rosa, make_lead, make_handoff, at, wanted, found):
    make_lead(), make_lead()
    handoffs.send_to_review(make_handoff(), missing=[], reason="Nobody was there", at=at)
    request = rf.get(f"/leads/?review={wanted}")
    request.user = rosa
    assert filtered_leads(request).qs.count() == found
