"""What differs between two versions, cell by cell, for any kind of document."""

from __future__ import annotations

import pytest

from leads.criteria_pages import CRITERIA
from leads.documents import live_version, publish, start_draft
from leads.draft_editing import move_row
from leads.instants import database_now
from leads.models import (
    Bands,
    CustomFact,
    Disqualifier,
    Document,
    FitRule,
    GroupCap,
    RequiredField,
    Version,
)
from leads.version_diff import version_diff
from leads.version_words import conditions_in_words
from routing.models import RoutingRule
from sla.models import Policy, Target

pytestmark = pytest.mark.django_db


def differences(draft):
    return version_diff(draft.base, draft, own={})


def edit(draft, model, **where):
    return model.objects.filter(version=draft, **where)


def told(draft):
    """Return each change as (row, how, {cell: (before, after)})."""
    return [
        (each.name, each.how, {cell.label: (cell.before, cell.after) for cell in each.cells})
        for each in differences(draft).changes
    ]


def test_a_fresh_draft_differs_in_nothing(draft):
    assert (differences(draft).changes, differences(draft).count) == ([], 0)


def test_a_changed_cell_is_told_in_words(draft):
    conditions = [[{"fact": "account.employees", "op": "at_least", "value": 300}]]
    edit(draft, FitRule, key="size-core").update(points=-5, conditions=conditions)
    cells = {
        "Conditions": ("Employees is between 200 and 2,000", "Employees is at least 300"),
        "Points": ("+30", "−5"),
    }
    assert told(draft) == [("200 to 2,000 employees", "changed", cells)]


def test_added_and_removed_rows_are_told_by_name(draft):
    edit(draft, Disqualifier, key="competitor").delete()
    conditions = [[{"fact": "person.consent", "op": "is_false"}]]
    Disqualifier.objects.create(version=draft, key="no", label="No consent", conditions=conditions)
    assert [(name, how) for name, how, _ in told(draft)] == [
        ("No consent", "added"),
        ("Works for a competitor", "removed"),
    ]


@pytest.mark.parametrize(("key", "step"), [("size-near", -1), ("size-core", 1)])
def test_a_move_is_one_change(draft, olga, key, step):
    by = CRITERIA.editing(draft.pk, draft.number, by=olga, at=database_now())
    move_row(by, FitRule, key, step=step)
    (change,) = differences(draft).changes
    assert (change.how, differences(draft).count) == ("moved", 1)
    was, stands = change.places
    assert abs(stands - was) == 1 and change.summary.endswith(f"from place {was} to {stands}")


def test_renumbering_without_another_order_is_no_change(draft):
    for place, rule in enumerate(edit(draft, FitRule)):
        edit(draft, FitRule, pk=rule.pk).update(position=100 + place)
    assert told(draft) == []


def test_rows_without_a_label_are_named_by_what_tells_them_apart(draft):
    edit(draft, RequiredField, fact="account.name").delete()
    edit(draft, GroupCap, group="content").update(cap=70)
    edit(draft, Bands).update(fit_a=70, opens_at=["A1"])
    assert {name: how for name, how, _ in told(draft)} == {
        "Every handoff: Company": "removed", "content": "changed", "Bands": "changed",
    }  # fmt: skip


def test_a_fact_that_no_longer_exists_can_still_be_read():
    conditions = [[{"fact": "custom.gone", "op": "is_known"}]]
    assert "“custom.gone” does not exist" in conditions_in_words(conditions, {})


def test_cells_that_differ_are_counted(draft):
    edit(draft, FitRule, key="size-core").update(points=5, label="Size")
    edit(draft, Disqualifier, key="competitor").delete()
    assert differences(draft).count == 3


# Other documents ----------------------------------------------------------------------------------
@pytest.fixture
def drafted(defaults, olga, at):
    return lambda kind: start_draft(live_version(kind, at), by=olga)


def test_a_routing_table_is_told_the_same_way(drafted):
    draft = drafted(Document.Kind.ROUTING)
    rule = edit(draft, RoutingRule).first()
    edit(draft, RoutingRule, pk=rule.pk).update(priority=7)
    assert told(draft) == [(rule.label, "changed", {"Priority": (str(rule.priority), "7")})]


def test_a_policy_is_told_with_its_targets(drafted):
    draft = drafted(Document.Kind.POLICIES)
    policy = edit(draft, Policy).filter(targets__isnull=False).first()
    Target.objects.filter(policy=policy).delete()
    ((name, how, cells),) = told(draft)
    assert (name, how, cells["Promises"][1]) == (policy.label, "changed", "–")


def test_a_calendar_is_told_too(drafted, at):
    name = Document.objects.filter(kind="calendar").first().name
    draft = start_draft(live_version("calendar", at, name=name), by=None)
    draft.calendar_terms.zone = "Asia/Tokyo"
    draft.calendar_terms.save()
    ((_, _, cells),) = told(Version.objects.get(pk=draft.pk))
    assert cells["Time zone"][1] == "Asia/Tokyo"


# The page -----------------------------------------------------------------------------------------
def test_the_page_and_its_fragment(editor, draft, vera):
    edit(draft, FitRule, key="size-core").update(points=35)
    path = f"/criteria/{draft.number}/diff/"
    page, part = editor.get(path), editor.get(path, headers={"HX-Request": "true"})
    for answer in (page, part):
        assert '<ins dir="auto">+35</ins>' in answer.content.decode()
    assert "<html" not in part.content.decode()
    editor.force_login(vera)
    assert editor.get(path).status_code == 200


def test_any_two_versions_are_compared(editor, draft, rosa):
    edit(draft, FitRule, key="size-core").update(points=35)
    publish(draft, by=rosa, note="More", at=database_now())
    answer = editor.get(f"/criteria/{draft.base.number}/diff/", {"against": draft.number})
    assert '<del dir="auto">+35</del>' in answer.content.decode()


@pytest.mark.parametrize(("against", "status"), [("99", 404), ("x", 404), ("", 200)])
def test_what_can_not_be_compared_is_not_found(editor, draft, against, status):
    path = f"/criteria/{draft.number}/diff/"
    assert editor.get(path, {"against": against}).status_code == status


@pytest.mark.parametrize("rules", [1, 12])
def test_however_many_rows_differ_it_asks_as_often(editor, draft, rules, django_assert_num_queries):
    conditions = [[{"fact": "custom.seats", "op": "at_least", "value": 1}]]
    CustomFact.objects.create(slug="seats", label="Seats", type="number")
    for place in range(rules):
        FitRule.objects.create(
            version=draft, key=f"r{place}", label="New", conditions=conditions, points=1
        )
    with django_assert_num_queries(22):
        editor.get(f"/criteria/{draft.number}/diff/")
