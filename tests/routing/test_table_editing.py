"""Drafts of the routing table, edited a row at a time."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.http import QueryDict
from django.utils.http import urlencode

from leads.documents import live_version, revert, start_draft
from leads.instants import database_now
from leads.models import CustomFact, Document, Organisation, Queue, User, Version
from leads.offered_facts import offered_facts
from leads.version_words import fingerprint
from routing.forms.rows import RoutingRuleForm
from routing.linting.order import LAST_TO_REVIEW
from routing.models import Capacity, Rota, RoutingRule
from routing.table_pages import FALLBACK, TABLE
from tests.leads.criteria_forms import form_of, opened, send
from tests.routing.conftest import when

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(defaults, olga, at):
    return start_draft(live_version(Document.Kind.ROUTING, at), by=olga)


@pytest.fixture
def address(draft):
    return lambda key="add", action="": f"/routing/{draft.number}/rows/rows/{key}/{action}"


@pytest.fixture
def change(editor, draft):
    """Give a function that presses a button beside a row."""

    def press(address, key, action, **typed):
        seen = fingerprint(RoutingRule.objects.filter(version=draft, key=key).first())
        given = {"draft": draft.pk, "seen": seen, **typed}
        return editor.post(address(key, action), given)

    return press


def row(draft, key="demo"):
    return RoutingRule.objects.get(version=draft, key=key)


def order(draft):
    return list(RoutingRule.objects.filter(version=draft).values_list("key", flat=True))


def differences(draft):
    return TABLE.tables_of(draft, draft.base).diff.count


def test_a_draft_is_started_from_what_is_live(client, olga, defaults):
    client.force_login(olga)
    assert client.post("/routing/draft/").url == "/routing/2/"
    assert differences(Version.objects.drafts().get()) == 0


def test_every_row_saves_unchanged(editor, address, draft):
    for key in order(draft):
        assert send(editor, address(key), opened(editor, address(key))).status_code == 302, key
    assert differences(draft) == 0


def test_it_asks_only_for_what_the_outcome_needs(editor, address):
    form = opened(editor, address("demo"))
    assert "rota" in form and not {"rep", "queue"} & form.keys()
    answer = send(editor, address("demo"), form, outcome="rep", do="update", headers=HTMX)
    assert "rep" in form_of(answer) and "rota" not in form_of(answer)


def test_another_outcome_takes_the_place_of_the_former(editor, address, draft, alice):
    form = opened(editor, address("demo"))
    assert send(editor, address("demo"), form, outcome="rep", rep=alice.pk).status_code == 302
    assert (row(draft).outcome, row(draft).rep, row(draft).rota) == ("rep", alice, None)


def test_without_scripts_the_missing_field_is_asked_for_on_saving(editor, address, draft):
    answer = send(editor, address("demo"), opened(editor, address("demo")), outcome="rep")
    assert answer.status_code == 422
    assert "Choose a rep who works here." in answer.content.decode()
    assert row(draft).outcome == "rota"


def test_what_can_never_be_is_refused(editor, address, draft, alice):
    alice.is_active = False
    alice.save()
    form = opened(editor, address("demo"))
    for typed, said in (
        ({"outcome": ""}, "Choose where it goes."),
        ({"outcome": "moon"}, "“Goes to” can't be “moon”"),
        ({"rota": ""}, "Choose the rota that takes turns."),
        ({"rota": "999"}, "Choose the rota that takes turns."),
        ({"outcome": "rep", "rep": alice.pk}, "Choose a rep who works here."),
        ({"label": ""}, "“Name” is blank."),
        ({"priority": "1000"}, "is at most 100"),
        ({"conditions-0-0-fact": "account.shoe_size"}, "does not exist"),
    ):
        (error,) = errors(row(draft), {**form, **typed})
        assert said in error


def test_the_last_row_leads_to_review_and_nowhere_else(editor, address, draft):
    nurture = Queue.objects.get(key="nurture")
    answer = send(editor, address("review"), opened(editor, address("review")), queue=nurture.pk)
    assert answer.status_code == 422 and LAST_TO_REVIEW in answer.content.decode()
    assert row(draft, "review").queue.key == "review"


def test_a_row_saved_on_a_page_of_its_own_leads_back_to_the_draft(editor, address, draft):
    own = {**HTMX, "HX-Current-URL": f"http://testserver{address('demo')}"}
    form = opened(editor, address("demo"))
    answer = send(editor, address("demo"), form, label="People", headers=own)
    assert answer.headers["HX-Redirect"] == f"/routing/{draft.number}/#rows-demo"
    (said,) = get_messages(answer.wsgi_request)
    assert str(said) == f"The row is saved to draft v{draft.number}."
    assert row(draft).label == "People"


def test_no_other_row_may_do_without_conditions(editor, address, draft):
    form = opened(editor, address("demo"))
    bare = {name: value for name, value in form.items() if not name.startswith("conditions")}
    (error,) = errors(row(draft), bare)
    assert "only a fallback rule may apply to everybody" in error


def test_a_country_is_one_by_code_or_name_and_stored_as_its_code(editor, address, draft):
    form = opened(editor, address("territory"))
    named = {"conditions-0-0-op": "is_any_of", "conditions-0-0-value": "Germany, fr, Sverige"}
    assert send(editor, address("territory"), form, **named).status_code == 302
    assert row(draft, "territory").conditions[0][0]["value"] == ["DE", "FR", "SE"]
    unknown = {"conditions-0-0-op": "is", "conditions-0-0-value": "Atlantis"}
    answer = send(editor, address("territory"), opened(editor, address("territory")), **unknown)
    assert answer.status_code == 422
    assert "There is no country “Atlantis”." in answer.content.decode()


def test_hours_skills_and_languages(editor, address, draft, alice):
    Capacity.objects.create(rep=alice, skills=["Payments"], languages=["de"])
    typed = {"off_hours": "hold", "skills": ["Payments"], "languages": ["de"]}
    send(editor, address("demo"), opened(editor, address("demo")), **typed)
    assert (row(draft).off_hours, row(draft).skills, row(draft).languages) == (
        "hold", ["Payments"], ["de"],
    )  # fmt: skip
    page = editor.get(f"/routing/{draft.number}/").content.decode()
    assert "has Payments and speaks German" in page
    assert "Hold until somebody opens" in page


def test_it_offers_scores_deals_languages_and_rotas(editor, address, alice):
    Capacity.objects.create(rep=alice, languages=["de"])
    Rota.objects.create(name="East")
    page = editor.get(address("demo")).content.decode()
    for offered in ('value="account.has_open_opportunity"', 'value="score.band"', "German", "East"):
        assert offered in page


def test_a_new_row_stands_above_the_last(editor, address, draft):
    form = opened(editor, address())
    nurture = Queue.objects.get(key="nurture")
    typed = {
        "label": "Students", "outcome": "queue", "queue": nurture.pk,
        "conditions-0-0-fact": "person.email_is_free", "conditions-0-0-op": "is_true",
    }  # fmt: skip
    assert send(editor, address(), form, **typed).status_code == 302
    assert order(draft)[-2:] == ["students", "review"]


def test_rows_change_places_but_for_the_last(change, address, draft):
    first = order(draft)
    change(address, first[2], "move/", to="up")
    assert order(draft) == [first[0], first[2], first[1], *first[3:]]
    change(address, "inbound", "move/", to="down")
    change(address, "review", "move/", to="up")
    assert order(draft)[-1] == "review"


def test_a_row_is_dragged_to_an_end_but_not_below_the_last(change, address, draft):
    first, *_, last = order(draft)
    change(address, "demo", "move/", before=first)
    assert order(draft)[0] == "demo"
    change(address, "demo", "move/", after=last)
    assert order(draft)[-2:] == ["demo", "review"]


def test_a_row_lands_beside_the_one_it_was_dropped_at_whatever_moved_meanwhile(
    change, address, draft
):
    first = order(draft)[0]
    change(address, "inbound", "move/", before=first)  # a colleague, while it was dragged
    change(address, "demo", "move/", before=first)
    assert order(draft)[:3] == ["inbound", "demo", first]
    change(address, first, "remove/")
    answer = change(address, "inbound", "move/", after=first)
    assert order(draft)[:2] == ["inbound", "demo"]
    assert [str(each) for each in get_messages(answer.wsgi_request)] == [
        "Somebody else removed the row that you put it beside. It was not moved."
    ]


def test_the_last_row_stays(change, address, draft, editor):
    answer = change(address, "review", "remove/")
    assert FALLBACK.stays in editor.get(answer.url).content.decode()
    assert order(draft)[-1] == "review"
    form = opened(editor, address("review"))
    assert not any(name.startswith("conditions") for name in form)


def test_a_removed_row_is_put_back_where_it_belongs(change, address, draft, editor):
    change(address, "inbound", "remove/")
    change(address, "demo", "move/", to="up")
    assert "inbound" not in order(draft)
    answer = editor.get(f"/routing/{draft.number}/")
    assert "Put back" in answer.content.decode()
    places = [(each.view.key, each.place) for each in answer.context["page"].rows]
    assert places[-2:] == [("inbound", 0), ("review", 10)]
    change(address, "inbound", "restore/")
    assert order(draft)[-2:] == ["inbound", "review"]


def test_of_two_who_edit_a_row_each_keeps_what_they_changed(editor, colleague, address, draft):
    mine, theirs = opened(editor, address("demo")), opened(colleague, address("demo"))
    send(colleague, address("demo"), theirs, priority="40")
    answer = send(editor, address("demo"), mine, label="Wants to talk")
    assert answer.status_code == 409
    assert "40" in answer.content.decode() and "Wants to talk" in answer.content.decode()
    assert send(editor, address("demo"), form_of(answer)).status_code == 302
    assert (row(draft).label, row(draft).priority) == ("Wants to talk", 40)


def test_a_row_of_the_criteria_is_no_row_of_this_draft(editor, address, draft, at):
    criteria = start_draft(live_version(Document.Kind.CRITERIA, at), by=None)
    form = opened(editor, address("demo")) | {"draft": [str(criteria.pk)]}
    assert send(editor, address("demo"), form).status_code == 409


def test_the_diff_is_told_cell_by_cell(editor, address, draft):
    send(editor, address("demo"), opened(editor, address("demo")), priority="40")
    page = editor.get(f"/routing/{draft.number}/diff/").content.decode()
    assert "<del" in page and "Asked for a person" in page
    assert "Nothing differs" not in page


def test_an_attribute_of_ones_own_can_be_asked(editor, address, draft):
    CustomFact.objects.create(slug="plan", label="Plan", type="text")
    form = opened(editor, address("demo"))
    asked = {
        "conditions-0-0-fact": "custom.plan", "conditions-0-0-op": "is",
        "conditions-0-0-value": "team",
    }  # fmt: skip
    send(editor, address("demo"), form, **asked)
    assert row(draft).conditions == when("custom.plan", "is", "team")


def errors(row, typed):
    """Return what the form of a row says against what was typed."""
    sent = QueryDict(urlencode(typed, doseq=True))
    form = RoutingRuleForm(sent, instance=row, own=offered_facts(), address="")
    return [error for told in form.errors.values() for error in told]


def test_only_a_hand_raise_that_there_is_can_be_asked_for(draft):
    asked = {
        "conditions-0-0-fact": "handoff.hand_raise", "conditions-0-0-op": "is",
        "conditions-0-0-value": "demo_request",
    }  # fmt: skip
    sentences = " ".join(errors(row(draft), asked))
    assert "one of Asked for a demo, " in sentences and "not “demo_request”" in sentences
    assert "not “" not in " ".join(
        errors(row(draft), {**asked, "conditions-0-0-value": "demo-request"})
    )


def test_a_hand_raise_may_be_asked_for_by_a_part_of_it(draft):
    asked = {
        "conditions-0-0-fact": "handoff.hand_raise", "conditions-0-0-op": "contains",
        "conditions-0-0-value": "demo",
    }  # fmt: skip
    assert not [each for each in errors(row(draft), asked) if "Hand-raise" in each]


def test_a_choice_is_ticked_however_it_is_written(draft):
    stored = row(draft)
    stored.conditions = when("handoff.hand_raise", "is", "Demo-Request")
    form = RoutingRuleForm(instance=stored, own=offered_facts(), address="")
    page = str(form["conditions"])
    assert '<option value="demo-request" selected>' in page and "does not exist" not in page


# Publishing ---------------------------------------------------------------------------------------
def publish(client, draft, **typed):
    given = {"revision": draft.revision, "note": "Germans first", **typed}
    return client.post(f"/routing/{draft.number}/publish/", given)


def test_publishing_needs_a_note_and_is_live_at_once(editor, draft):
    assert publish(editor, draft, note=" ").status_code == 422
    assert publish(editor, draft).url == "/routing/"
    page = editor.get("/routing/").content.decode()
    assert "Germans first" in page and f"Live v{draft.number}" in page


def test_errors_forbid_it(editor, draft, alice):
    RoutingRule.objects.filter(version=draft, key="demo").update(
        outcome="rep", rota=None, rep=alice
    )
    alice.is_active = False
    alice.save()
    answer = publish(editor, draft)
    assert (answer.status_code, "leads to Alice, who has left" in answer.content.decode()) == (
        422, True,
    )  # fmt: skip
    draft.refresh_from_db()
    assert draft.is_draft


def test_what_somebody_changed_meanwhile_is_looked_at_first(editor, colleague, address, draft):
    send(colleague, address("demo"), opened(colleague, address("demo")), priority="40")
    assert publish(editor, draft).status_code == 409


def test_who_may_publish_is_a_setting(editor, draft):
    Organisation.objects.update(publishers="admins")
    assert publish(editor, draft).status_code == 403


def test_going_back_and_discarding(editor, draft):
    publish(editor, draft)
    page = editor.get("/routing/1/go-back/").content.decode()
    assert 'hx-get="/routing/1/check/"' in page and 'hx-get="/routing/1/replay/said/"' in page
    editor.post("/routing/1/go-back/", {"note": "As before"})
    assert "Live v1" in editor.get("/routing/").content.decode()
    editor.post("/routing/draft/")
    editor.post("/routing/3/discard/", {"revision": 1})
    assert editor.get("/routing/3/").status_code == 404


def test_a_table_that_names_a_leaver_is_not_gone_back_to(editor, draft, carol, rosa):
    RoutingRule.objects.filter(version=draft, key="demo").update(
        outcome="rep", rep=carol, rota=None
    )
    publish(editor, draft)
    revert(draft.base, by=None, note="Back", at=database_now())
    User.objects.filter(pk=carol.pk).update(is_active=False)
    url = f"/routing/{draft.number}/go-back/"
    editor.force_login(rosa)
    assert "leads to Carol, who has left" in editor.get(url).content.decode()
    assert editor.post(url, {"note": "Again"}).status_code == 422
    assert live_version(Document.Kind.ROUTING, database_now()) == draft.base


def test_a_manager_reads_a_draft_and_changes_nothing(client, draft, address, mona):
    client.force_login(mona)
    for path in (address("demo", "remove/"), address("demo", "move/"), "/routing/draft/"):
        assert client.post(path).status_code == 403
    page = client.get(f"/routing/{draft.number}/").content.decode()
    assert "Asked for a person" in page and "Edit Asked for a person" not in page
