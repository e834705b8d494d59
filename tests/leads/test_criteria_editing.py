"""Drafts of the criteria, edited a row at a time by several people."""

from __future__ import annotations

from copy import copy

import pytest
from django.http import QueryDict
from django.test import Client

from leads.contested import untouched
from leads.criteria_tables import SLUGS
from leads.custom_facts import active_attributes
from leads.forms.criteria import FORMS
from leads.models import (
    Bands,
    CustomFact,
    FitRule,
    GroupCap,
    RequiredField,
    Role,
    Signal,
)
from leads.version_diff import version_diff
from leads.version_words import key_of, marks_of
from tests.conftest import make_user
from tests.leads.criteria_forms import HTMX, form_of, opened, send

pytestmark = pytest.mark.django_db


def rule(draft, key="size-core"):
    return FitRule.objects.get(version=draft, key=key)


def typed_into(row, form, **typed):
    """Return the form of `row`, given what its editor would send with something typed over it."""
    sent = QueryDict(mutable=True)
    for name, value in {**form, **typed}.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    return FORMS[type(row)](sent, instance=copy(row), own=active_attributes(), address="")


def mistakes(form):
    """Return what is wrong with a form, in a line."""
    return " ".join(str(message) for told in form.errors.values() for message in told)


# Saving -------------------------------------------------------------------------------------------
def test_a_row_opens_and_saves_as_it_is(editor, address, draft):
    before = rule(draft)
    path = address("fit", "size-core")
    answer = send(editor, path, form_of(editor.get(path)))
    after = rule(draft)
    assert answer.url == f"/criteria/{draft.number}/#fit-size-core"
    assert (after.conditions, after.points) == (before.conditions, before.points)


@pytest.mark.parametrize("model", FORMS, ids=lambda model: model.__name__)
def test_every_row_of_every_table_opens_and_saves_unchanged(editor, address, draft, model):
    rows = list(model.objects.filter(version=draft))
    forms = {row: opened(editor, address(SLUGS[model], key_of(row))) for row in rows}
    assert forms
    for row, form in forms.items():
        filled = typed_into(row, form)
        assert filled.is_valid()
        assert untouched(filled.instance, marks_of(row)) == list(marks_of(row))
        filled.save()
    assert send(editor, address(SLUGS[model], key_of(row)), form).status_code == 302
    assert version_diff(draft.base, draft, own=active_attributes()).count == 0


def test_a_number_is_changed_and_who_did_it_is_kept(editor, address, draft, olga):
    path = address("fit", "size-core")
    send(editor, path, opened(editor, path), points="35")
    draft.refresh_from_db()
    assert rule(draft).points == 35
    assert (draft.revision, draft.saved_by) == (2, olga)


def test_in_the_table_the_page_is_asked_for_anew(editor, address, draft):
    path = address("fit", "size-core")
    form = form_of(editor.get(path, headers=HTMX))
    answer = send(editor, path, form, headers=HTMX, points="35")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")
    assert rule(draft).points == 35


def test_a_range_is_typed_with_thousands(editor, address, draft):
    path = address("fit", "size-core")
    low, high = {"conditions-0-0-low": "1,500"}, {"conditions-0-0-high": "3,000"}
    send(editor, path, opened(editor, path), **low, **high)
    assert rule(draft).conditions == [
        [{"fact": "account.employees", "op": "between", "value": [1500, 3000]}]
    ]


def test_a_rule_is_added_with_a_key_of_its_own(editor, address, draft):
    form = opened(editor, address("fit"))
    typed = {
        "label": "Size core", "points": "5", "conditions-0-0-fact": "person.seniority",
        "conditions-0-0-op": "is_any_of", "conditions-0-0-chosen": ["vp", "c_level"],
    }  # fmt: skip
    send(editor, address("fit"), form, **typed)
    added = FitRule.objects.filter(version=draft).last()
    assert (added.key, added.points) == ("size-core-2", 5)
    assert added.conditions[0][0]["value"] == ["vp", "c_level"]


def test_behaviour_is_asked_with_its_window_and_filter(editor, address, draft):
    typed = {
        "label": "Keen", "points": "5", "conditions-0-0-fact": "activity.count",
        "conditions-0-0-op": "at_least", "conditions-0-0-value": "2",
        "conditions-0-0-kind": "pricing_view", "conditions-0-0-days": "7",
        "conditions-0-0-where-name": ["plan", ""], "conditions-0-0-where-is": ["Team", ""],
    }  # fmt: skip
    send(editor, address("modifiers"), opened(editor, address("modifiers")), **typed)
    added = draft.modifiers.get(label="Keen")
    assert added.conditions[0][0] == {
        "fact": "activity.count", "op": "at_least", "value": 2, "kind": "pricing_view",
        "days": 7, "where": {"plan": "Team"},
    }  # fmt: skip


def test_an_own_attribute_can_be_asked(editor, address, draft):
    CustomFact.objects.create(slug="seats", label="Seats", type="number")
    typed = {
        "label": "Many seats", "points": "5", "conditions-0-0-fact": "custom.seats",
        "conditions-0-0-op": "at_least", "conditions-0-0-value": "50",
    }  # fmt: skip
    form = opened(editor, address("fit"))
    assert send(editor, address("fit"), form, **typed).status_code == 302
    assert "Seats is at least 50" in editor.get(f"/criteria/{draft.number}/").content.decode()


def test_a_property_is_read_as_what_it_looks_like(editor, address, draft):
    path, signals = address("signals", "pricing-view"), Signal.objects.filter(version=draft)
    for typed, stored in [("5", 5), ('"5"', "5"), ("yes", True), ("Team", "Team")]:
        where = {"where-name": ["plan", ""], "where-is": [typed, ""]}
        send(editor, path, opened(editor, path), **where)
        assert signals.get(key="pricing-view").where == {"plan": stored}
        again = typed_into(signals.get(key="pricing-view"), opened(editor, path))
        assert again.is_valid() and again.instance.where == {"plan": stored}


def test_bands_are_moved_and_opened(editor, address, draft):
    form = opened(editor, address("bands"))
    send(editor, address("bands"), form, fit_a="70", opens_at=["A1"])
    bands = Bands.objects.get(version=draft)
    assert (bands.fit_a, bands.opens_at) == (70, ["A1"])


# Mistakes -----------------------------------------------------------------------------------------
ROW = "conditions-0-0-"
BEHAVIOUR = {
    f"{ROW}fact": "activity.count", f"{ROW}kind": "page_view", f"{ROW}op": "at_least",
    f"{ROW}value": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({f"{ROW}low": "3000"}, "The range is upside down: 3,000 is more than 2,000."),
        ({"label": ""}, "“Name” is blank."),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost(editor, address, draft, typed, sentence):
    path = address("fit", "size-core")
    answer = send(editor, path, opened(editor, path), headers=HTMX, **{"points": "77", **typed})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert rule(draft).points == 30
    again = form_of(answer)
    assert again["points"] == ["77"]
    assert {name: again[name][0] for name in typed} == typed


def test_a_fit_rule_that_makes_no_sense_is_refused(editor, address, draft):
    form = opened(editor, address("fit", "size-core"))
    for typed, sentence in [
        ({f"{ROW}fact": "custom.gone"}, "does not exist or no longer exists"),
        ({f"{ROW}op": "contains"}, "can't be asked “contains”"),
        ({f"{ROW}fact": ""}, "It is blank; choose what to ask about."),
        ({f"{ROW}low": "many"}, "Employees needs a number, not “many”."),
        ({f"{ROW}low": ""}, "Employees needs a value to compare with."),
        ({"points": "lots"}, "“Points” is a whole number."),
        ({"points": "1001"}, "“Points” is at most 1000."),
        (BEHAVIOUR | {f"{ROW}where-name": "page", f"{ROW}where-is": " "}, "each filter needs"),
        (BEHAVIOUR | {f"{ROW}days": "9" * 5000}, "the window must be a whole number of days"),
    ]:
        assert sentence.lower() in mistakes(typed_into(rule(draft), form, **typed)).lower()


def test_a_signal_that_makes_no_sense_is_refused(editor, address, draft):
    form = opened(editor, address("signals", "pricing-view"))
    signal = Signal.objects.get(version=draft, key="pricing-view")
    for typed, sentence in [
        ({"decay": "half_life", "half_life_days": "0"}, "“Half-life” is at least a day."),
        ({"decay": "half_life", "half_life_days": ""}, "A half-life is at least a day."),
        ({"window_days": "731"}, "“Counts for” is at most 730 days."),
        ({"cap": "-1"}, "“Cap” is at least 0."),
        ({"window_days": "", "decay": "linear"}, "“Counts for” is blank."),
        ({"intent": ""}, "“Intent” is blank."),
        ({"where-name": ["plan"], "where-is": [""]}, "Each filter needs a property’s name"),
        ({"where-name": "a\0b", "where-is": "docs"}, "be stored"),
        ({"where-name": "page", "where-is": "a\0b"}, "be stored"),
    ]:
        assert sentence in mistakes(typed_into(signal, form, **typed))


def test_a_mistake_in_a_filter_is_said_beside_it(editor, address):
    path, half = address("signals", "pricing-view"), {"where-name": ["plan"], "where-is": [""]}
    answer = send(editor, path, opened(editor, path), headers=HTMX, **half)
    assert answer.status_code == 422
    assert "Each filter needs a property’s name" in answer.content.decode()


def test_thresholds_stay_in_order(editor, address, draft):
    form, bands = opened(editor, address("bands")), Bands.objects.get(version=draft)
    for typed, sentence in [
        ({"fit_a": "30", "fit_b": "40"}, "Fit A must need more points than fit B, not 30"),
        ({"readiness_1": "15"}, "Readiness 1 must need more points than readiness 2, not 15"),
    ]:
        assert sentence in mistakes(typed_into(bands, form, **typed))


def test_a_second_cap_of_a_group_is_refused(editor, address, draft):
    form = opened(editor, address("caps"))
    group = GroupCap.objects.filter(version=draft).first().group
    answer = send(editor, address("caps"), form, headers=HTMX, group=group, cap="9")
    assert answer.status_code == 422
    assert "This group has a cap already." in answer.content.decode()


def test_a_field_is_required_on_a_path_once(editor, address, draft):
    form = opened(editor, address("required"))
    there = draft.requiredfields.first()
    again = {"fact": there.fact, "path": there.path}
    said = mistakes(typed_into(RequiredField(version=draft), form, **again))
    assert said == "This field is required on that path already."


def test_a_rule_without_conditions_is_refused(editor, address, draft):
    path = address("fit", "size-core")
    form = {name: value for name, value in opened(editor, path).items() if ROW not in name}
    answer = send(editor, path, form, headers=HTMX)
    assert (answer.status_code, "Add at least one condition" in answer.content.decode()) == (
        422,
        True,
    )


# Changing the form before it is saved -------------------------------------------------------------
def places(form):
    return sorted(name for name in form if name.endswith("-fact"))


def test_conditions_are_added_and_removed_without_saving(editor, address, draft):
    path = address("fit", "size-core")
    form = opened(editor, path)
    for press, left in [
        ("add:0", ["conditions-0-0-fact", "conditions-0-1-fact"]),
        ("group", ["conditions-0-0-fact", "conditions-1-0-fact"]),
        ("remove:0:0", []),
        ("nonsense", ["conditions-0-0-fact"]),
    ]:
        answer = send(editor, path, form, headers=HTMX, do=press, points="77")
        again = form_of(answer)
        assert (answer.status_code, places(again), again["points"]) == (200, left, ["77"])
    assert rule(draft).points == 30


@pytest.mark.parametrize("press", ["add:7", "add:²", "remove:0:" + "9" * 5000])
def test_a_press_that_names_no_place_changes_nothing(editor, address, draft, press):
    filled = typed_into(rule(draft), opened(editor, address("fit", "size-core")))
    assert filled.as_typed(press) == filled.as_typed("")


def test_another_fact_brings_its_own_operators_and_choices(editor, address):
    path = address("fit", "size-core")
    form = opened(editor, path)
    answer = send(
        editor, path, form, headers=HTMX, do="update", **{f"{ROW}fact": "person.seniority"}
    )
    page = answer.content.decode()
    assert "is any of" in page
    assert "Individual contributor" not in page or f"{ROW}low" not in page


# Who may ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["mona", "alice", "vera"])
def test_others_edit_nothing(client, address, draft, request, role):
    client.force_login(request.getfixturevalue(role))
    form = {"draft": draft.pk, "label": "X", "points": "1"}
    path = address("fit", "size-core")
    answers = [client.get(path), client.post(path, form)]
    answers += [client.post(f"{path}{act}/", form) for act in ("remove", "move", "restore")]
    assert {answer.status_code for answer in answers} == {403}


def test_who_does_not_edit_has_no_tools(client, draft, olga, vera):
    for user, has_tools in [(olga, True), (vera, False)]:
        client.force_login(user)
        page = client.get(f"/criteria/{draft.number}/").content.decode()
        assert ("row-tools" in page) is has_tools


def test_wrong_verbs_are_refused(editor, address):
    path = address("fit", "size-core")
    answers = [editor.put(path)] + [editor.get(f"{path}{act}/") for act in ("remove", "move")]
    assert {answer.status_code for answer in answers} == {405}


def test_what_does_not_exist_is_not_found(editor, draft):
    for path in [
        *("rows/fit/gone/", "rows/nothing/add/", "rows/fit/a:b/", "rows/required/x/"),
        *("rows/fit/%00/", "diff/?against=²", f"diff/?against={'9' * 5000}"),
    ]:
        assert editor.get(f"/criteria/{draft.number}/{path}").status_code == 404, path


def test_what_names_no_draft_or_lead_changes_nothing(editor, address, draft):
    remove = address("fit", "size-core", "remove/")
    for text in ("²", "9" * 5000, ""):
        assert editor.post(remove, {"draft": text}).status_code == 404
        assert editor.get(f"/criteria/{draft.number}/lead/", {"lead": text}).status_code == 200
    assert rule(draft)


def test_a_number_too_long_to_store_is_said(editor, address, draft):
    form = opened(editor, address("fit", "size-core"))
    for text in ("9" * 19, "9" * 5000, f"1,{'999,' * 2000}999.5"):
        asked = {f"{ROW}fact": "account.employees", f"{ROW}op": "at_least", f"{ROW}value": text}
        told = mistakes(typed_into(rule(draft), form, **asked))
        assert "needs a number of at most 18 digits" in told


def test_a_published_version_offers_no_editor(editor, draft):
    answer = editor.get(f"/criteria/{draft.base.number}/rows/fit/size-core/")
    assert answer.url == f"/criteria/{draft.base.number}/"


def test_hostile_names_are_only_text(editor, address, draft):
    hostile = "<script>alert(1)</script>"
    path = address("fit", "size-core")
    send(editor, path, opened(editor, path), label=hostile)
    assert hostile not in editor.get(f"/criteria/{draft.number}/").content.decode()


def test_another_admin_is_named_as_the_last_to_save(editor, address, draft):
    path = address("fit", "size-core")
    second = make_user("Sam", Role.ADMIN)
    sam = Client()
    sam.force_login(second)
    send(sam, path, opened(sam, path), points="1")
    assert "Sam</span>" in editor.get(f"/criteria/{draft.number}/").content.decode()


@pytest.mark.parametrize("table", ["fit", "required"])
def test_what_is_known_only_while_routing_is_not_offered(editor, draft, table):
    page = editor.get(f"/criteria/{draft.number}/rows/{table}/add/", headers=HTMX).content.decode()
    assert "account.employees" in page
    assert "account.has_open_opportunity" not in page
