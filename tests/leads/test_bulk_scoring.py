"""Many leads scored at once get what each would get alone."""

from __future__ import annotations

import gc
from datetime import timedelta

import pytest

from leads.bulk_scoring import rescore_in_bulk
from leads.documents import live_version
from leads.fact_history import evidence_for, record_facts
from leads.models import Activity, Lead, ScoreSnapshot
from leads.rescoring import rescore
from leads.uncollected import uncollected

pytestmark = pytest.mark.django_db
FIELDS = ("pk", "fit", "readiness", "band", "scored_at", "band_changes_on")


@pytest.fixture
def crowd(make_lead, at):
    """Three leads: one that fits and did much, one that fits, one that nothing is known of."""
    leads = [make_lead(name) for name in ("Ann", "Ben", "Cy")]
    for lead in leads[:2]:
        facts = {"account.employees": 900, "person.seniority": "vp", "account.region": "emea"}
        record_facts(lead, facts, known_from=at - timedelta(days=9))
    for days in (1, 3, 8):
        when = at - timedelta(days=days)
        Activity.objects.create(lead=leads[0], kind="pricing_view", occurred_at=when)
    return leads


def scores():
    return list(Lead.objects.order_by("pk").values(*FIELDS))


def snapshots():
    rows = ScoreSnapshot.objects.order_by("lead", "id")
    return list(rows.values("lead", "version", "at", "fit", "readiness", "band", "breakdown"))


def test_scores_and_snapshots_are_those_of_one_by_one(crowd, at):
    for lead in crowd:
        rescore(lead, evidence_for(lead, at))
    alone = scores(), snapshots()
    Lead.objects.update(fit=0, readiness=0, band="", scored_at=None, band_changes_on=None)
    rescore_in_bulk([lead.pk for lead in crowd], live_version("criteria", at), at)
    assert (scores(), snapshots()[::2], snapshots()[1::2]) == (alone[0], alone[1], alone[1])
    assert {lead["band"] for lead in scores()} == {"A2", "A3", "C3"}


def test_a_second_run_changes_nothing(crowd, at):
    ids = [lead.pk for lead in crowd]
    rescore_in_bulk(ids, live_version("criteria", at), at)
    first = scores(), snapshots()
    rescore_in_bulk(ids, live_version("criteria", at), at)
    assert (scores(), snapshots()) == first


def test_a_newer_score_stays(crowd, at):
    newer = at + timedelta(minutes=1)
    Lead.objects.update(band="B1", fit=1, scored_at=newer)
    rescore_in_bulk([lead.pk for lead in crowd], live_version("criteria", at), at)
    assert {(each["band"], each["scored_at"]) for each in scores()} == {("B1", newer)}
    assert snapshots() == []


def test_a_chunk_takes_as_many_queries_as_a_lead(crowd, at, django_assert_num_queries):
    version = live_version("criteria", at)
    rescore_in_bulk([crowd[0].pk], version, at)
    with django_assert_num_queries(8):  # one for those of whom nothing is known
        rescore_in_bulk([lead.pk for lead in crowd], version, at)


def test_garbage_is_collected_again_after_a_failure():
    with pytest.raises(ZeroDivisionError), uncollected():
        assert not gc.isenabled()
        raise ZeroDivisionError
    assert gc.isenabled()
