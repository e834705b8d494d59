"""Whose word about a lead's owner holds against whose."""

from __future__ import annotations

import pytest

from leads import ownership
from leads.errors import Outranked
from leads.models import Lead, OwnershipChange, Queue

Source = OwnershipChange.Source
STRONG = [Source.REP, Source.ESCALATION, Source.MANAGER]
WEAK = [Source.ROUTING, Source.INTAKE, Source.IMPORT]


@pytest.fixture
def take(at):
    def take(lead, to, source, by=None):
        return ownership.take(lead, to=to, source=source, reason="Theirs", by=by, at=at)

    return take


@pytest.mark.parametrize(
    ("held_by", "asked_by"),
    [(strong, weak) for strong in STRONG for weak in WEAK]
    + [(strong, weak) for place, strong in enumerate(WEAK) for weak in WEAK[place + 1 :]],
)
def test_a_weaker_word_is_refused(make_lead, alice, carol, take, held_by, asked_by):
    lead = make_lead()
    take(lead, alice, held_by)
    with pytest.raises(Outranked, match="Alice has this lead since 10 Mar 2026"):
        take(lead, carol, asked_by)
    assert Lead.objects.get(pk=lead.pk).owner == alice


@pytest.mark.parametrize("word", Source)
def test_every_source_has_a_strength_and_a_word(word):
    assert ownership.STRENGTH[word] >= 0
    assert ownership.WORDS[word]


@pytest.mark.parametrize("held_by", STRONG)
@pytest.mark.parametrize("asked_by", STRONG)
def test_among_people_the_newest_word_holds(make_lead, alice, carol, take, held_by, asked_by):
    lead = make_lead()
    take(lead, alice, held_by)
    take(lead, carol, asked_by)
    assert lead.owner == carol


def test_a_queue_keeps_a_lead_from_nobody(make_lead, carol, take):
    lead = make_lead()
    take(lead, Queue.objects.get(key="review"), Source.MANAGER)
    take(lead, carol, Source.IMPORT)
    assert lead.owner == carol


@pytest.mark.parametrize("word", [Source.ROUTING, Source.INTAKE])
def test_a_handoff_takes_a_lead_to_its_queue(make_lead, alice, take, word):
    lead, routing = make_lead(), Queue.objects.get(key="routing")
    take(lead, alice, Source.MANAGER)
    take(lead, routing, word)
    assert lead.queue == routing


def test_who_has_a_lead_may_let_go_of_it(make_lead, alice, take):
    lead, review = make_lead(), Queue.objects.get(key="review")
    take(lead, alice, Source.MANAGER)
    take(lead, review, Source.IMPORT, by=alice)
    assert lead.queue == review


def test_a_lead_of_who_left_is_anybodys(make_lead, alice, carol, take):
    lead = make_lead()
    take(lead, alice, Source.MANAGER)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    take(Lead.objects.get(pk=lead.pk), carol, Source.ROUTING)
    assert Lead.objects.get(pk=lead.pk).owner == carol


def test_the_timeline_tells_what_was_refused(client, make_lead, alice, carol, olga, take):
    lead = make_lead()
    take(lead, alice, Source.MANAGER)
    with pytest.raises(Outranked) as refused:
        take(lead, carol, Source.IMPORT)
    refused.value.asked.save()
    client.force_login(olga)
    page = client.get(f"/leads/{lead.pk}/timeline/").content.decode()
    assert "Not given to Carol" in page
    assert "an import does not take it away" in page
