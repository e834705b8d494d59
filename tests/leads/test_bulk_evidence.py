"""Many leads' evidence read together is what each one's is read alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import bulk_evidence
from leads.bulk_evidence import evidence_in_bulk, histories
from leads.fact_history import evidence_for, facts_of, record_facts
from leads.models import Account, Activity, Lead, Submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(make_lead, at):
    """Three leads, two at one company, with facts that changed and things that happened."""
    company = Account.objects.create(name="Lumora Pay")
    leads = [make_lead("Ann", account=company), make_lead("Ben", account=company), make_lead("Cy")]
    for place, lead in enumerate(leads):
        record_facts(lead, {"account.employees": 10}, known_from=at - timedelta(days=9))
        record_facts(lead, {"account.employees": 300 + place}, known_from=at - timedelta(days=2))
        for days in (1, 5, 8):
            when = at - timedelta(days=days, minutes=place)
            Activity.objects.create(lead=lead, kind="page_view", occurred_at=when)
            more = {"occurred_at": when + timedelta(seconds=9), "properties": {"page": days % 5}}
            Activity.objects.create(lead=lead, kind="page_view", **more)
    Activity.objects.create(account=company, kind="buying_signal", occurred_at=at)
    return leads


@pytest.mark.parametrize("days_ago", [0, 3, 6, 20])
def test_bulk_evidence_is_that_of_each_lead(crowd, at, days_ago, monkeypatch):
    monkeypatch.setattr(bulk_evidence, "CHUNK", 2)
    then = at - timedelta(days=days_ago)
    found = dict(evidence_in_bulk([lead.pk for lead in crowd], then))
    assert found == {lead.pk: evidence_for(lead, then) for lead in crowd}


@pytest.mark.parametrize("days_ago", [0, 2, 3, 9, 20])
def test_a_history_knows_what_was_known_at_any_instant(crowd, at, days_ago):
    then = at - timedelta(days=days_ago)
    for history, lead in zip(histories([lead.pk for lead in crowd], at), crowd, strict=True):
        evidence, alone = history.at(then), evidence_for(lead, then)
        assert (evidence.facts, evidence.by_kind) == (alone.facts, alone.by_kind)


def test_before_it_knew_of_anything_it_knows_of_who_was_merged_into_it(crowd, at):
    ann, _, cy = crowd
    Lead.objects.filter(pk=cy.pk).update(merged_into=ann)
    record_facts(cy, {"account.employees": 1}, known_from=at - timedelta(days=20))
    (history,) = histories([ann.pk], at)
    for days_ago, employees in ((30, None), (10, 1), (9, 10), (2, 300)):
        then = at - timedelta(days=days_ago)
        known = [
            each.get("account.employees") for each in (facts_of(ann, then), history.facts_at(then))
        ]
        assert known == [employees, employees]


@pytest.mark.parametrize("is_historical", [False, True])
def test_what_a_live_source_tells_late_is_known_from_then(make_lead, source, at, is_historical):
    lead = make_lead()
    submission = Submission.objects.create(
        source=source, payload={}, received_at=at, next_attempt_at=at, is_historical=is_historical
    )
    happened_at = at - timedelta(days=9)
    told = Activity.objects.create(
        lead=lead, kind="page_view", occurred_at=happened_at, submission=submission
    )
    (history,) = histories([lead.pk], told.recorded_at)
    known_from = happened_at if is_historical else told.recorded_at
    assert history.news_at == {known_from}
    assert not history.at(known_from - timedelta(seconds=1)).count
    assert history.at(known_from).count == 1


def test_bulk_evidence_takes_three_queries_a_chunk(crowd, at, django_assert_num_queries):
    with django_assert_num_queries(3):
        list(evidence_in_bulk([lead.pk for lead in crowd], at))


def test_instants_are_read_to_the_microsecond(make_lead, at):
    whens = [at.replace(year=year, microsecond=999_999) for year in (1990, 2026, 2099)]
    lead = make_lead()
    for when in whens:
        Activity.objects.create(lead=lead, kind="page_view", occurred_at=when)
    found = evidence_for(lead, whens[-1]).activities
    assert [each.occurred_at for each in found] == whens
