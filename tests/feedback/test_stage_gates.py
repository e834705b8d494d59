"""What the stages and the checklist ask of a lead when a rep accepts or qualifies it."""

from __future__ import annotations

import pytest

from feedback import answers
from feedback.errors import AnswerRefused
from feedback.story import story
from leads import handoffs
from leads.documents import live_version, publish, start_draft
from leads.errors import EntryRefused
from leads.models import (
    ChecklistAnswer,
    ChecklistItem,
    Document,
    Handoff,
    RequiredField,
    Stage,
    StageTransition,
)

pytestmark = pytest.mark.django_db

PHONE = [[{"fact": "person.has_phone", "op": "is_true"}]]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def accepted(make_handoff, alice):
    return make_handoff(rep=alice, accepted=True)


@pytest.fixture
def change_criteria(at, rosa):
    """Publish the live criteria with a change: `change(draft)` makes it."""

    def publish_with(change):
        draft = start_draft(live_version(Document.Kind.CRITERIA, at), by=rosa)
        change(draft)
        publish(draft, by=rosa, note="For a test", at=at)

    return publish_with


def test_what_was_confirmed_and_what_was_not_is_kept(accepted, alice, at):
    answers.qualify(accepted, confirmed=["need", "timing"], by=alice, at=at)
    told = ChecklistAnswer.objects.filter(handoff=accepted)
    assert dict(told.values_list("item__key", "is_confirmed")) == {
        "need": True, "authority": False, "budget": False, "timing": True,
    }  # fmt: skip


def test_a_required_item_must_be_confirmed(accepted, alice, at):
    with pytest.raises(AnswerRefused, match="Need") as refused:
        answers.qualify(accepted, confirmed=["budget"], by=alice, at=at)
    assert "confirmed" in refused.value.problems
    accepted.refresh_from_db()
    assert accepted.state == Handoff.State.ACCEPTED


def test_a_fact_that_qualifying_requires_must_be_known(accepted, alice, at, change_criteria):
    change_criteria(
        lambda draft: RequiredField.objects.create(version=draft, path="sql", fact="person.phone")
    )
    with pytest.raises(AnswerRefused, match="known first: Phone"):
        answers.qualify(accepted, confirmed=["need"], by=alice, at=at)


def test_without_items_there_is_nothing_to_confirm(client, accepted, alice, at, change_criteria):
    change_criteria(lambda draft: ChecklistItem.objects.filter(version=draft).delete())
    client.force_login(alice)
    page = client.get(f"/queue/{accepted.pk}/qualify/", headers=HTMX)
    assert "confirmed" not in page.context["form"].fields


def test_the_form_lists_the_items_of_the_live_criteria(client, accepted, alice):
    client.force_login(alice)
    page = client.get(f"/queue/{accepted.pk}/qualify/", headers=HTMX).content.decode()
    assert "Need (required): They named a problem that we solve." in page


@pytest.fixture
def sal_asks_for_a_phone(defaults):
    Stage.objects.filter(pk="sal").update(entry_criteria=PHONE)


def test_a_stage_may_refuse_what_a_rep_accepts(make_handoff, alice, at, sal_asks_for_a_phone):
    handoff = make_handoff(rep=alice)
    with pytest.raises(EntryRefused):
        answers.accept(handoffs.open_assignment(handoff), by=alice, at=at)
    handoff.refresh_from_db()
    assert handoff.state == Handoff.State.PASSED
    assert handoffs.open_assignment(handoff).answered_at is None


def test_the_rep_is_asked_why_and_may_go_on(client, make_handoff, alice, sal_asks_for_a_phone):
    handoff = make_handoff(rep=alice)
    client.force_login(alice)
    refused = client.post(f"/queue/{handoff.pk}/accept/", headers=HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#answer")
    assert "override" in refused.context["form"].fields
    client.post(f"/queue/{handoff.pk}/accept/", {"override": "They called me"}, headers=HTMX)
    moved = StageTransition.objects.get(lead=handoff.lead_id, to_stage="sal")
    assert (moved.is_override, moved.by) == (True, alice)
    (step,) = [step for step in story(handoff) if "override" in step.text]
    assert step.text.endswith("override by Alice") and "They called me" in step.note
    assert moved.reason.endswith(": They called me")


def test_an_empty_reason_overrides_nothing(client, make_handoff, alice, sal_asks_for_a_phone):
    handoff = make_handoff(rep=alice)
    client.force_login(alice)
    answer = client.post(f"/queue/{handoff.pk}/accept/", {"override": " "}, headers=HTMX)
    assert (answer.status_code, "Say why it goes on" in answer.content.decode()) == (422, True)
    assert not StageTransition.objects.filter(lead=handoff.lead_id, to_stage="sal").exists()


def test_all_that_keeps_a_lead_from_qualifying_is_told_at_once(client, accepted, alice):
    Stage.objects.filter(pk="sql").update(entry_criteria=PHONE)
    client.force_login(alice)
    told = {"confirmed": "budget", "meeting_at": "0001-01-01T00:00"}
    form = client.post(f"/queue/{accepted.pk}/qualify/", told, headers=HTMX).context["form"]
    assert set(form.errors) == {"confirmed", "meeting_at", "__all__"}
    assert "override" in form.fields
