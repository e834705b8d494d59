"""Several people edit one draft of the criteria: collisions, removals, moves."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from leads.criteria_pages import CRITERIA
from leads.documents import discard, live_version, publish, start_draft
from leads.draft_editing import RowChanged, save_row
from leads.instants import database_now
from leads.models import (
    Bands,
    DepthRule,
    Document,
    FitRule,
    RequiredField,
    Signal,
    Version,
)
from leads.version_words import fingerprint
from tests.leads.criteria_forms import HTMX, form_of, opened, send

pytestmark = pytest.mark.django_db


def rule(draft, key="size-core"):
    return FitRule.objects.get(version=draft, key=key)


# Another's edit in between ------------------------------------------------------------------------
def test_two_people_edit_different_rows(editor, colleague, address, draft):
    mine, theirs = address("fit", "size-core"), address("fit", "size-near")
    my_form, their_form = opened(editor, mine), opened(colleague, theirs)
    assert send(colleague, theirs, their_form, points="1").status_code == 302
    assert send(editor, mine, my_form, points="2").status_code == 302
    assert (rule(draft, "size-near").points, rule(draft).points) == (1, 2)


def collide(editor, colleague, path, **headers):
    """Both open a row; the colleague saves 40 first, then Olga 35."""
    mine, theirs = opened(editor, path), opened(colleague, path)
    send(colleague, path, theirs, points="40")
    return send(editor, path, mine, points="35", **headers)


@pytest.mark.parametrize("headers", [{}, {"headers": HTMX}], ids=["page", "fragment"])
def test_the_second_of_two_sees_both_versions(editor, colleague, address, draft, headers):
    answer = collide(editor, colleague, address("fit", "size-core"), **headers)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Rosa" in page and "+40" in page and "+35" in page
    assert rule(draft).points == 40


def test_mine_is_saved_over_theirs(editor, colleague, address, draft):
    path = address("fit", "size-core")
    answer = collide(editor, colleague, path)
    assert send(editor, path, form_of(answer)).status_code == 302
    assert rule(draft).points == 35


def test_mine_can_be_edited_on_from_there(editor, colleague, address):
    path = address("fit", "size-core")
    again = send(editor, path, form_of(collide(editor, colleague, path)), do="go_on")
    assert form_of(again)["points"] == ["35"]


def meet(editor, colleague, path, theirs, mine):
    """Both open a row; the colleague saves `theirs` first, then Olga sends `mine`."""
    my_form, their_form = opened(editor, path), opened(colleague, path)
    assert send(colleague, path, their_form, **theirs).status_code == 302
    return send(editor, path, my_form, **mine)


def test_saving_mine_leaves_what_only_they_changed(editor, colleague, address, draft):
    path = address("fit", "size-core")
    theirs = {"label": "Core size", "conditions-0-0-low": "250", "points": "40"}
    answer = meet(editor, colleague, path, theirs, {"points": "35"})
    told = {each.label: (each.by, each.yours) for each in answer.context["cells"]}
    assert (told["Name"], told["Points"]) == (("they", "Core size"), ("both", "+35"))
    send(editor, path, form_of(answer))
    saved = rule(draft)
    assert (saved.label, saved.points) == ("Core size", 35)
    assert saved.conditions[0][0]["value"][0] == 250


def test_editing_on_starts_from_what_both_changed(editor, colleague, address, draft):
    path = address("fit", "size-core")
    answer = meet(editor, colleague, path, {"label": "Core size"}, {"points": "35"})
    again = form_of(send(editor, path, form_of(answer), do="go_on"))
    assert (again["label"], again["points"]) == (["Core size"], ["35"])
    send(editor, path, again, label="Core")
    assert (rule(draft).label, rule(draft).points) == ("Core", 35)


def test_what_both_together_make_no_sense_of_is_refused(editor, colleague, address, draft):
    path = address("bands")
    answer = meet(editor, colleague, path, {"fit_b": "55"}, {"fit_a": "52"})
    refused = send(editor, path, form_of(answer))
    assert refused.status_code == 422
    assert "A needs more than B" in refused.content.decode()
    assert (form_of(refused)["fit_a"], form_of(refused)["fit_b"]) == (["52"], ["55"])
    send(editor, path, form_of(refused), fit_a="56")
    bands = Bands.objects.get(version=draft)
    assert (bands.fit_a, bands.fit_b) == (56, 55)


def test_a_third_edit_collides_again(editor, colleague, address, draft):
    path = address("fit", "size-core")
    answer = collide(editor, colleague, path)
    send(colleague, path, opened(colleague, path), points="41")
    assert send(editor, path, form_of(answer)).status_code == 409
    assert rule(draft).points == 41


def test_a_mistake_is_said_before_the_collision(editor, colleague, address):
    path = address("fit", "size-core")
    mine, theirs = opened(editor, path), opened(colleague, path)
    send(colleague, path, theirs, points="40")
    answer = send(editor, path, mine, points="lots")
    assert answer.status_code == 422
    assert send(editor, path, form_of(answer), points="35").status_code == 409


def test_a_row_removed_in_between_can_be_put_back(editor, colleague, address, draft):
    path = address("fit", "size-core")
    mine, theirs = opened(editor, path), opened(colleague, path)
    send(colleague, address("fit", "size-core", "remove/"), theirs)
    answer = send(editor, path, mine, points="35")
    page = answer.content.decode()
    assert (answer.status_code, "Put mine back" in page) == (409, True)
    assert "what only they changed stays" not in page and "The same in both" not in page
    send(editor, path, form_of(answer))
    assert rule(draft).points == 35


def test_a_draft_published_in_between_keeps_what_was_typed(editor, address, draft, rosa):
    path = address("fit", "size-core")
    form = opened(editor, path)
    publish(draft, by=rosa, note="At last", at=database_now())
    answer = send(editor, path, form, points="77")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Rosa</span> published draft" in page and "+77" in page
    assert rule(draft).points == 30


def test_a_draft_discarded_in_between_keeps_what_was_typed(editor, colleague, address, draft):
    path = address("fit", "size-core")
    form = opened(editor, path)
    discard(draft)
    colleague.post("/criteria/draft/")
    answer = send(editor, path, form, points="77")
    assert (answer.status_code, "+77" in answer.content.decode()) == (409, True)
    assert rule(Version.objects.drafts().get()).points == 30


@pytest.mark.parametrize("kind", [Document.Kind.ROUTING, Document.Kind.CRITERIA])
def test_no_draft_but_the_one_of_the_address_is_written_to(editor, address, draft, olga, at, kind):
    other = start_draft(live_version(kind, at), by=olga)
    before = DepthRule.objects.filter(version=other).count()
    answer = send(
        editor, address("depth"), opened(editor, address("depth")),
        draft=other.pk, label="Two", high=2, meaningful=0, supportive=0, window_days=9,
    )  # fmt: skip
    assert answer.status_code == 409
    assert DepthRule.objects.filter(version=other).count() == before


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins_and_the_other_is_told(draft, olga, rosa):
    seen = []
    barrier = threading.Barrier(2)

    def edit(who, points):
        edit = CRITERIA.editing(draft.pk, draft.number, by=who, at=database_now())
        mark = fingerprint(rule(draft))
        barrier.wait()
        try:
            save_row(
                edit, FitRule, "size-core", seen=mark,
                write=lambda now: bool(FitRule.objects.filter(pk=now.pk).update(points=points)),
            )  # fmt: skip
            seen.append("saved")
        except RowChanged:
            seen.append("told")
        connection.close()

    threads = [threading.Thread(target=edit, args=pair) for pair in ((olga, 1), (rosa, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["saved", "told"]


# Removing, moving, putting back -------------------------------------------------------------------
def keys(draft, model=FitRule):
    return list(model.objects.filter(version=draft).values_list("key", flat=True))


def test_a_removed_row_stands_struck_through_and_can_be_put_back(editor, address, draft):
    form = opened(editor, address("fit", "size-core"))
    send(editor, address("fit", "size-core", "remove/"), form)
    assert "size-core" not in keys(draft)
    assert "Put back" in editor.get(f"/criteria/{draft.number}/").content.decode()
    send(editor, address("fit", "size-core", "restore/"), {"draft": draft.pk, "seen": ""})
    assert "size-core" in keys(draft)


def test_a_row_somebody_changed_is_not_removed_unasked(editor, colleague, address, draft):
    path = address("fit", "size-core")
    mine = opened(editor, path)
    send(colleague, path, opened(colleague, path), points="40")
    answer = send(editor, address("fit", "size-core", "remove/"), mine)
    assert (answer.status_code, "size-core" in keys(draft)) == (409, True)
    send(editor, address("fit", "size-core", "remove/"), form_of(answer))
    assert "size-core" not in keys(draft)


def test_a_changed_row_gets_back_what_it_said(editor, address, draft):
    path = address("fit", "size-core")
    send(editor, path, opened(editor, path), points="35")
    send(editor, address("fit", "size-core", "restore/"), opened(editor, path))
    assert rule(draft).points == 30


def test_changed_bands_get_back_what_they_said(editor, address, draft):
    path, page = address("bands"), f"/criteria/{draft.number}/"
    assert f"{path}restore/" not in editor.get(page).content.decode()
    was = Bands.objects.get(version=draft).fit_a
    send(editor, path, opened(editor, path), fit_a=was + 1)
    assert f"{path}restore/" in editor.get(page).content.decode()
    send(editor, f"{path}restore/", opened(editor, path))
    assert Bands.objects.get(version=draft).fit_a == was


def test_bands_somebody_changed_since_are_not_taken_back_unasked(editor, colleague, address, draft):
    path = address("bands")
    send(editor, path, mine := opened(editor, path), fit_a="71")
    mine = opened(editor, path)
    send(colleague, path, opened(colleague, path), fit_a="72")
    answer = send(editor, f"{path}restore/", mine)
    assert (answer.status_code, Bands.objects.get(version=draft).fit_a) == (409, 72)
    assert f'action="{path}restore/"' in answer.content.decode()


def test_what_somebody_changed_since_is_not_taken_back_unasked(editor, colleague, address, draft):
    path, restore = address("fit", "size-core"), address("fit", "size-core", "restore/")
    mine = opened(editor, path)
    send(colleague, path, mine, points="99")
    answer = send(editor, restore, mine)
    page = answer.content.decode()
    assert (answer.status_code, rule(draft).points) == (409, 99)
    assert "+99" in page and "+30" in page and "Before this draft" in page
    send(editor, restore, form_of(answer))
    assert rule(draft).points == 30


def test_what_somebody_put_back_and_changed_is_not_put_back_again(
    editor, colleague, address, draft
):
    path, restore = address("fit", "size-core"), address("fit", "size-core", "restore/")
    as_removed = {"draft": draft.pk, "seen": ""}
    send(editor, address("fit", "size-core", "remove/"), opened(editor, path))
    send(colleague, restore, as_removed)
    send(colleague, path, opened(colleague, path), points="99")
    assert send(editor, restore, as_removed).status_code == 409
    assert rule(draft).points == 99


def test_a_row_moves_by_one(editor, address, draft):
    first, second, *_ = keys(draft)
    send(editor, address("fit", second, "move/"), {"draft": draft.pk}, to="up")
    assert keys(draft)[:2] == [second, first]
    send(editor, address("fit", second, "move/"), {"draft": draft.pk}, to="up")
    send(editor, address("fit", second, "move/"), {"draft": draft.pk}, to="down")
    assert keys(draft)[:2] == [first, second]


def test_a_signal_moves_within_its_group(editor, address, draft):
    signals = Signal.objects.filter(version=draft)
    first, second = signals.filter(group="content")[:2]
    send(editor, address("signals", second.key, "move/"), {"draft": draft.pk}, to="up")
    assert [each.key for each in signals.filter(group="content")[:2]] == [second.key, first.key]


def test_another_path_for_a_required_field_is_another_row(editor, address, draft):
    field = RequiredField.objects.filter(version=draft).first()
    path = address("required", f"{field.path}:{field.fact}")
    send(editor, path, opened(editor, path), path="sql")
    field.refresh_from_db()
    assert field.path == "sql"


def test_only_cells_that_somebody_changed_are_listed(editor, colleague, address):
    page = collide(editor, colleague, address("fit", "size-core")).content.decode()
    listed, _, same = page.partition("The same in both:")
    assert ">Points <" in listed and "<span>Points</span>" not in same
    assert "Conditions" not in listed and "<span>Conditions</span>" in same
