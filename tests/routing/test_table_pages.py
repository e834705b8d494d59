"""Who may open which page of the routing table, and what it can be taken away as."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest

from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Document, Organisation, Role
from routing.models import RoutingRule
from routing.table_page import upkeep_of
from routing.urls import urlpatterns
from tests.conftest import make_user

pytestmark = pytest.mark.django_db

READ = [
    "", "history/", "1/", "1/diff/", "1/check/", "1/try/", "1/map.csv", "rows/demo/taken/", "2/",
    "2/diff/", "2/check/", "2/replay/", "before/missing/", "1/came/passed/",
]  # fmt: skip
EDIT = ["upkeep/", "2/rows/rows/add/", "2/rows/rows/demo/", "2/discard/"]
PUBLISH = ["2/publish/", "1/go-back/"]
POST_ONLY = [
    "draft/",
    "2/replay/cancel/",
    *(f"2/rows/rows/demo/{what}/" for what in ("remove", "move", "restore")),
]


@pytest.fixture
def draft(defaults, olga, at):
    return start_draft(live_version(Document.Kind.ROUTING, at), by=olga)


@pytest.fixture
def visit(client, draft):
    """Give a function that opens pages as somebody with a role; the status of each."""

    def open_as(role, paths):
        client.force_login(make_user("Visitor", *([role] if role else [])))
        return {path: client.get(f"/routing/{path}").status_code for path in paths}

    return open_as


@pytest.mark.parametrize("role", [None, Role.REP])
def test_who_has_no_role_and_reps_open_nothing(visit, role):
    paths = [*READ, *EDIT, *PUBLISH]
    assert visit(role, paths) == dict.fromkeys(paths, 403)


@pytest.mark.parametrize(("role", "read"), [(Role.MANAGER, ["", "2/"]), (Role.VIEWER, READ)])
def test_managers_and_viewers_only_read(visit, role, read):
    expected = dict.fromkeys(read, 200) | dict.fromkeys([*EDIT, *PUBLISH], 403)
    assert visit(role, expected) == expected


@pytest.mark.parametrize("role", [Role.MARKETING_OPS, Role.ADMIN])
def test_ops_and_admins_read_edit_and_publish(visit, role):
    paths = ["1/map.csv", *EDIT, *PUBLISH]
    assert visit(role, paths) == dict.fromkeys(paths, 200)


def test_what_changes_something_is_no_get(visit):
    assert visit(Role.ADMIN, POST_ONLY) == dict.fromkeys(POST_ONLY, 405)


def test_every_address_is_walked_here():
    walked = {f"routing/{path}" for path in [*READ, *EDIT, *PUBLISH, *POST_ONLY]}
    walked |= {f"routing/2/replay/{part}/" for part in ("progress", "leads", "said")}
    walked |= {"routing/1/check/leads/", "routing/decisions/1/", "handoffs/1/reassign/"}
    missed = [each.name for each in urlpatterns if not any(map(each.pattern.match, walked))]
    assert [name for name in missed if name.startswith("table")] == []


def test_a_version_there_is_not_is_not_found(visit):
    paths = [f"9/{page}" for page in ("", "diff/", "check/", "try/", "map.csv", "publish/")]
    assert visit(Role.ADMIN, paths) == dict.fromkeys(paths, 404)


def test_leads_behind_what_the_check_did_not_find(visit):
    paths = [f"1/check/leads/?of={of}" for of in ("", "x", "0", "99999999999999999999")]
    assert visit(Role.ADMIN, paths) == dict.fromkeys(paths, 404)


def test_the_map_as_csv_runs_nothing(client, olga, draft):
    RoutingRule.objects.filter(version=draft, key="demo").update(label="=1+1", off_hours="hold")
    client.force_login(olga)
    answer = client.get("/routing/2/map.csv")
    rows = list(csv.reader(answer.content.decode("utf-8-sig").splitlines()))
    assert rows[4][:4] == [
        "4", "'=1+1", "Hand-raise is any of Asked for a demo, Wrote through the contact form or Called us", "Inbound",
    ]  # fmt: skip
    assert rows[4][5:] == ["Hold until somebody opens", "30"]
    assert rows[-1][2:4] == ["Everything else", "Review"]
    assert 'filename="routing-table-v2.csv"' in answer["Content-Disposition"]


# Upkeep -------------------------------------------------------------------------------------------
def test_who_keeps_the_table_and_when_it_is_looked_through(client, olga, defaults):
    client.force_login(olga)
    assert "Nobody keeps it up to date yet" in client.get("/routing/").content.decode()
    day = database_now().date() + timedelta(days=30)
    client.post("/routing/upkeep/", {"owner": olga.pk, "review_on": day.isoformat()})
    page = client.get("/routing/").content.decode()
    assert 'Owner: <span dir="auto">Olga</span>' in page
    assert f"Next review {day:%-d %b %Y}" in page


def test_both_are_needed_and_the_owner_works_here(client, olga, alice):
    client.force_login(olga)
    assert client.post("/routing/upkeep/", {}).status_code == 422
    told = {"owner": alice.pk, "review_on": "2026-12-01"}
    assert client.post("/routing/upkeep/", told).status_code == 422


@pytest.mark.parametrize(("hour", "is_overdue"), [(22, False), (23, True)], ids=["before", "after"])
def test_it_is_due_once_the_day_is_over_where_the_organisation_is(draft, at, hour, is_overdue):
    Organisation.objects.update(zone="Europe/Berlin")
    document = draft.document
    document.review_on = at.date()
    assert upkeep_of(document, at.replace(hour=hour)).is_overdue is is_overdue


def test_a_review_that_is_overdue_is_red(client, olga, draft, at):
    Document.objects.filter(pk=draft.document_id).update(owner=olga, review_on="2026-01-05")
    client.force_login(olga)
    assert "Review was due 5 Jan 2026" in client.get("/routing/").content.decode()
