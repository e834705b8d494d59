import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from leads import handoffs, lifecycle, ownership
from leads.documents import live_version, start_draft
from leads.errors import HandoffIsOpen, LostRace
from leads.models import Assignment, Document, Handoff, Lead

pytestmark = pytest.mark.django_db


def check_deferred():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def in_stage(lead, stage):
    """Move a lead as if it had come this far before; returns it."""
    lifecycle.move(lead, stage, at=lead.entered_at, reason="Earlier")
    return lead


def stage_of(handoff):
    return Lead.objects.get(pk=handoff.lead_id).stage_id


def test_a_passed_handoff_and_its_lead_have_the_same_owner(make_handoff, alice):
    handoff = make_handoff(rep=alice)
    handoff.refresh_from_db()
    assert handoff.owner == handoff.lead.owner == alice
    assert handoff.queue is None and handoff.lead.queue is None


def test_a_lead_has_one_open_handoff(make_handoff):
    lead = make_handoff().lead
    with pytest.raises(HandoffIsOpen):
        make_handoff(lead)


def test_the_database_too_keeps_a_lead_to_one_open_handoff(make_handoff):
    handoff = make_handoff()
    handoff.pk = None
    with pytest.raises(IntegrityError, match="handoff_one_open_per_lead"):
        Handoff.objects.bulk_create([handoff])


def test_a_passed_handoff_needs_an_open_assignment(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    check_deferred()
    with pytest.raises(IntegrityError, match="needs one open assignment"):
        handoffs.end_assignment(handoff, Assignment.Outcome.REROUTED, at=at)


def test_the_open_assignment_is_the_owners(make_handoff, alice, carol):
    handoff = make_handoff(rep=alice)
    check_deferred()
    with pytest.raises(IntegrityError, match="needs one open assignment"):
        Handoff.objects.filter(pk=handoff.pk).update(owner=carol)


def test_an_owner_does_not_change_without_its_sequence(make_lead, alice):
    lead = make_lead()
    with pytest.raises(IntegrityError, match="only through its one writer"):
        Lead.objects.filter(pk=lead.pk).update(owner=alice, queue=None)


def test_an_owner_does_not_change_without_an_entry_in_the_ledger(make_lead, alice):
    lead = make_lead()
    Lead.objects.filter(pk=lead.pk).update(owner=alice, queue=None, owner_seq=2)
    with pytest.raises(IntegrityError, match="owner changed without an entry"):
        check_deferred()


def test_a_stage_does_not_change_without_an_entry_in_the_ledger(make_lead):
    lead = make_lead()
    Lead.objects.filter(pk=lead.pk).update(stage="sal", stage_seq=2)
    with pytest.raises(IntegrityError, match="stage changed without an entry"):
        check_deferred()


def test_a_closed_handoff_stays_closed(make_handoff, at):
    handoff = make_handoff()
    withdrawn = {"closed_as": "withdrawn", "outcome": "withdrawn"}
    handoffs.close(handoff, **withdrawn, reason="Withdrawn", at=at)
    with pytest.raises(IntegrityError, match="A closed handoff stays closed"):
        Handoff.objects.update(state="waiting", closed_as="", closed_at=None)


def test_who_accepts_second_learns_who_was_first(make_handoff, alice, carol, at):
    handoff = make_handoff(rep=alice)
    seen = handoffs.open_assignment(handoff)
    handoffs.accept(seen, by=alice, at=at)
    with pytest.raises(LostRace, match="Alice accepted this") as lost:
        handoffs.accept(seen, by=carol, at=at)
    assert (lost.value.winner, lost.value.at) == (alice, at)


def test_the_rows_of_a_published_version_never_change(defaults, at):
    row = live_version(Document.Kind.CRITERIA, at).signals.first()
    with pytest.raises(IntegrityError, match="published and can no longer change"):
        row.save()


def test_a_lead_read_before_it_moved_is_not_taken(make_lead, alice, carol, at):
    stale = make_lead()
    taking = {"source": "manager", "reason": "Mine", "by": None, "at": at}
    ownership.take(Lead.objects.get(pk=stale.pk), to=alice, **taking)
    with pytest.raises(LostRace, match="went to Alice") as lost:
        ownership.take(stale, to=carol, **taking)
    assert lost.value.winner == alice


@pytest.mark.parametrize(
    ("before", "after"),
    [("ml", "sal"), ("disqualified", "sal"), ("sql", "sql"), ("customer", "customer")],
)
def test_accepting_never_moves_a_lead_back(make_lead, make_handoff, alice, before, after):
    lead = in_stage(make_lead(), before)
    assert stage_of(make_handoff(lead, rep=alice, accepted=True)) == after


@pytest.mark.parametrize("way", ["back_to_routing", "send_to_review"])
def test_what_leaves_the_rep_who_accepted_is_accepted_no_more(
    make_lead, make_handoff, alice, way, at
):
    handoff = make_handoff(in_stage(make_lead(), "mql"), rep=alice, accepted=True)
    getattr(handoffs, way)(handoff, reason="Alice left", by=alice, at=at)
    assert stage_of(handoff) == "mql"
    last = handoff.lead.stage_transitions.last()
    assert (last.reason, last.by) == ("Alice left", alice)


def test_what_is_passed_on_waits_for_the_next_reps_answer(
    make_lead, make_handoff, alice, carol, at
):
    handoff = make_handoff(in_stage(make_lead(), "mql"), rep=alice, accepted=True)
    handoffs.pass_to(handoff, carol, source="manager", reason="Knows them", at=at)
    assert (handoff.state, stage_of(handoff)) == ("passed", "mql")


def test_what_was_not_accepted_keeps_its_stage_when_it_is_passed_on(
    make_lead, make_handoff, alice, carol, at
):
    handoff = make_handoff(in_stage(make_lead(), "sal"), rep=alice)
    handoffs.pass_to(handoff, carol, source="manager", reason="Knows them", at=at)
    assert stage_of(handoff) == "sal"


def test_a_draft_is_numbered_with_its_document_locked(defaults, at):
    base = live_version(Document.Kind.CRITERIA, at)
    with CaptureQueriesContext(connection) as asked:
        start_draft(base, by=None)
    statements = [each["sql"] for each in asked.captured_queries]
    locking = next(i for i, sql in enumerate(statements) if "FOR NO KEY UPDATE" in sql)
    numbering = next(i for i, sql in enumerate(statements) if "MAX(" in sql)
    assert locking < numbering
