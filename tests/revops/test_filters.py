"""What every list and report answers to a filter that makes no sense."""

import pytest

from leads import handoffs

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


@pytest.mark.parametrize("path", sorted({path for path, _ in LISTS}))
def test_without_a_filter_a_list_shows_all(client, rosa, defaults, path):
    client.force_login(rosa)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(("wanted", "found"), [("true", 1), ("false", 2), ("", 3)])
def test_leads_in_review_are_told_from_others(
    client, rosa, make_lead, make_handoff, at, wanted, found
):
    make_lead(), make_lead()
    handoffs.send_to_review(make_handoff(), missing=[], reason="Nobody was there", at=at)
    client.force_login(rosa)
    assert len(client.get(f"/leads/?review={wanted}").context["leads"]) == found
