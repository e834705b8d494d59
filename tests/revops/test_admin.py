"""The records admin: every page opens, drafts are edited and published, history is only read."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from feedback import backtest
from feedback.models import Backtest, DealChange, Disposition, ReasonCode
from leads import handoffs
from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import (
    Absence,
    Account,
    AccountDomain,
    Activity,
    ChecklistAnswer,
    ChecklistItem,
    CustomFact,
    Document,
    FactSnapshot,
    FitRule,
    IntakeToken,
    Job,
    Meeting,
    Merge,
    Opportunity,
    Organisation,
    Publication,
    RefusedOwnership,
    ScoreSnapshot,
    Submission,
    Team,
    Touch,
    User,
    Version,
)
from revops import jobs
from routing.models import Capacity, Replay, RoutingRule, Territory
from routing.routing import route
from sla.handoff_clocks import start_assignment_clocks
from sla.heartbeats import beat
from sla.models import (
    AnswerTemplate,
    CalendarTerms,
    InstantAnswer,
    Notification,
    Pause,
    Policy,
    RepHours,
    RetiredCalendar,
    Target,
    TeamHours,
)
from sla.outbox import notify

OURS = ("leads", "sla", "routing", "feedback")
# Edited within their version, their rota or their account, or kept by the history of changes.
INLINE = {
    "leads.fitrule", "leads.disqualifier", "leads.signal", "leads.modifier", "leads.groupcap",
    "leads.handraise", "leads.depthrule", "leads.requiredfield", "leads.bands", "leads.checklistitem",
    "leads.accountdomain", "sla.calendarterms", "sla.target", "routing.routingrule",
    "routing.rotamember",
}  # fmt: skip
REGISTERED = [model for model in admin.site._registry if model._meta.app_label in OURS]


@pytest.fixture
def admin_client(client, rosa, defaults):
    client.force_login(rosa)
    return client


@pytest.fixture
def one_of_everything(alice, carol, rosa, make_lead, make_handoff, source, at):
    """At least one row of every record."""
    account = Account.objects.create(name="Lumora Pay", owner=alice)
    AccountDomain.objects.create(account=account, domain="lumora.example")
    lead = make_lead(account=account)
    handoff = make_handoff(lead)
    assignment = route(handoffs.locked(handoff.pk), at=at).assignment
    other = make_handoff(make_lead("Ana"))
    start_assignment_clocks(route(handoffs.locked(other.pk), at=at).assignment, at=at)
    notify(alice, Notification.Kind.PASSED, key="x", subject="New lead", handoff=handoff, at=at)
    criteria = live_version(Document.Kind.CRITERIA, at)
    calendar = Document.objects.get(kind=Document.Kind.CALENDAR)
    by_lead = {"lead": lead, "handoff": handoff}
    Absence.objects.create(user=alice, starts_at=at, ends_at=at + timedelta(days=1), cover=carol)
    Activity.objects.create(lead=lead, kind="demo_request", occurred_at=at)
    FactSnapshot.objects.create(lead=lead, known_from=at, facts={"person.title": "CFO"})
    IntakeToken.objects.create(source=source, prefix="hf_12345", digest="5e884898da28047151d0e5")
    old = Document.objects.create(kind=Document.Kind.CALENDAR, name="Old hours")
    RetiredCalendar.objects.create(calendar=old, by=rosa, at=at)
    job = Job.objects.create(kind="backtest")
    Backtest.objects.create(
        version=criteria,
        revision=1,
        against=criteria,
        job=job,
        months=6,
        from_at=at - timedelta(days=182),
        to_at=at,
    )
    Meeting.objects.create(**by_lead, booked_at=at)
    Merge.objects.create(lead=lead, gone=other.lead, by=rosa, at=at)
    deal = Opportunity.objects.create(**by_lead, opened_at=at)
    DealChange.objects.create(deal=deal, to_state="open", by=alice, at=at)
    ScoreSnapshot.objects.create(
        lead=lead, version=criteria, at=at, fit=1, readiness=1, band="C3", breakdown={}
    )
    Submission.objects.create(
        source=source, door="api", body_sha256="", payload={}, received_at=at, next_attempt_at=at
    )
    Touch.objects.create(**by_lead, by=alice, channel="call", outcome="spoke", occurred_at=at)
    Capacity.objects.get_or_create(rep=carol)
    RefusedOwnership.objects.create(
        lead=lead,
        to_owner=carol,
        source="import",
        reason="In the list",
        against=lead.ownership_changes.last(),
        because="Sales has it",
        at=at,
    )
    table = live_version(Document.Kind.ROUTING, at)
    Replay.objects.create(
        version=table,
        revision=1,
        against=table,
        job=Job.objects.create(kind="replay"),
        days=30,
        from_at=at - timedelta(days=30),
        to_at=at,
    )
    Territory.objects.create(name="Sweden", precedence=1, countries=["SE"], rep=alice)
    RepHours.objects.create(rep=alice, calendar=calendar)
    TeamHours.objects.create(team=alice.team, calendar=calendar)
    beat("web", at, pid=1)
    AnswerTemplate.objects.create()
    InstantAnswer.objects.create(
        handoff=handoff, source=source, asked_at=at, created_at=at, send_after=at
    )
    till = {"since": at, "until": at + timedelta(days=1), "reason": "Away", "by": alice}
    Pause.objects.create(assignment=assignment, kind="snoozed", **till)
    code = ReasonCode.objects.first()
    CustomFact.objects.create(slug="seats", type="number", label="Seats")
    item = ChecklistItem.objects.filter(version=criteria).first()
    ChecklistAnswer.objects.create(handoff=handoff, item=item, is_confirmed=True)
    Disposition.objects.create(
        handoff=handoff, assignment=assignment, code=code, kind="rejected", by=alice, at=at
    )


def url(model, page, *args):
    return (
        f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        + "/".join(map(str, (*args, page) if page else args))
        + ("/" if page else "")
    )


# Every page --------------------------------------------------------------------------------------


def test_every_record_has_its_admin():
    models = {
        model._meta.label_lower
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if not model._meta.model_name.endswith("event")
        or model._meta.label_lower == "sla.clockevent"
    }
    assert models - INLINE == {model._meta.label_lower for model in REGISTERED}


def test_every_record_opens(admin_client, one_of_everything):
    for model in REGISTERED:
        row = model._default_manager.first()
        assert row is not None, model
        assert admin_client.get(url(model, "change", row.pk)).status_code == 200, model


def test_every_list_opens_with_as_many_queries_for_many_rows_as_for_few(
    admin_client, one_of_everything, make_lead, make_handoff, carol
):
    few = {model: (queries_of_list(admin_client, model), row_count(model)) for model in REGISTERED}
    for number in range(3):
        make_handoff(make_lead(f"Lead {number}"), rep=carol)
    grown = [model for model, (_, count) in few.items() if row_count(model) > count]
    assert {"Lead", "Handoff", "Assignment"} <= {model.__name__ for model in grown}
    for model in grown:
        assert (model, queries_of_list(admin_client, model)) == (model, few[model][0])


def queries_of_list(client, model):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url(model, "")).status_code == 200, model
    return len(captured)


def row_count(model):
    return model._default_manager.count()


@pytest.mark.parametrize("who", ["alice", "mona", "vera"])
def test_only_ops_and_admins_come_in(client, request, defaults, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/admin/", follow=True).status_code == 403


def test_signed_out_one_signs_in_where_everybody_does(client, db):
    answer = client.get("/admin/leads/lead/", follow=True)
    assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/admin/leads/lead/"


READ_ONLY = [
    "leads.lead", "leads.handoff", "leads.assignment", "leads.touch", "leads.activity",
    "leads.factsnapshot", "leads.ownershipchange", "leads.stagetransition", "leads.scoresnapshot",
    "leads.publication", "leads.submission", "leads.intaketoken", "sla.clock", "sla.clockevent",
    "sla.notification", "sla.pause", "routing.decision", "routing.turn", "feedback.disposition",
]  # fmt: skip


@pytest.mark.parametrize("label", READ_ONLY)
def test_history_is_only_read(rf, rosa, label):
    request = rf.get("/")
    request.user = rosa
    site = admin.site._registry[apps.get_model(label)]
    assert not site.has_add_permission(request)
    assert not site.has_change_permission(request)
    assert not site.has_delete_permission(request)


def test_posting_to_a_lead_changes_nothing(admin_client, make_lead, alice):
    lead = make_lead()
    answer = admin_client.post(url(type(lead), "change", lead.pk), {"name": "X", "owner": alice.pk})
    lead.refresh_from_db()
    assert (answer.status_code, lead.owner, lead.name) == (403, None, "Clara Nyström")


def test_a_token_never_shows_what_is_kept_of_it(admin_client, source):
    token = IntakeToken.objects.create(source=source, prefix="hf_1", digest="5e884898da28")
    for page in (url(IntakeToken, ""), url(IntakeToken, "change", token.pk)):
        assert "5e884898da28" not in admin_client.get(page).content.decode()


def test_people_show_no_password_and_are_added_elsewhere(admin_client, alice):
    page = admin_client.get(url(User, "change", alice.pk)).content.decode()
    assert alice.password not in page
    assert f"/setup/people/{alice.pk}/" in page
    assert admin_client.get("/admin/leads/user/add/").status_code == 403


def test_leads_are_found_by_words(admin_client, make_lead):
    make_lead("Clara Nyström")
    make_lead("Bo Ek")
    page = admin_client.get("/admin/leads/lead/?q=nyström").content.decode()
    assert "Clara" in page
    assert "Bo Ek" not in page


# The inbox and the outbox ------------------------------------------------------------------------


def test_a_failed_submission_is_set_to_be_tried_again(admin_client, source, at):
    failed = Submission.objects.create(
        source=source, door="api", body_sha256="", payload={}, received_at=at, next_attempt_at=at,
        state="failed", error="No e-mail", attempts=5,
    )  # fmt: skip
    act(admin_client, Submission, "retry", failed)
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (Submission.State.PENDING, 0)


def test_what_was_given_up_is_sent_again(admin_client, alice, at):
    notify(alice, Notification.Kind.MOVED, key="x", subject="Moved", at=at)
    Notification.objects.filter(channel="email").update(state="parked", attempts=9)
    act(admin_client, Notification, "resend", *Notification.objects.all())
    assert Notification.objects.get(channel="email").state == Notification.State.WAITING


def act(client, model, action, *rows, **more):
    """Choose an action for `rows`; its note goes with the revision that the page would carry."""
    if "note" in more:
        more = {"revision": rows[0].revision, **more}
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(url(model, ""), data)


def told(answer):
    """Return what the next page will say."""
    return " ".join(map(str, get_messages(answer.wsgi_request)))


# Drafts ------------------------------------------------------------------------------------------

KINDS = {
    Document.Kind.CRITERIA: FitRule,
    Document.Kind.ROUTING: RoutingRule,
    Document.Kind.POLICIES: Policy,
    Document.Kind.CALENDAR: CalendarTerms,
}


@pytest.fixture
def draft(defaults, rosa, at):
    """A draft of the calendar, which has the smallest form."""
    return start_draft(live_version(Document.Kind.CALENDAR, at), by=rosa)


@pytest.fixture
def table(defaults, rosa, at):
    """A draft of the routing table."""
    return start_draft(live_version(Document.Kind.ROUTING, at), by=rosa)


def fields_of(page):
    """Return what the form on a page would send if nobody typed anything."""
    form = page.context["adminform"].form
    data = {"revision": form["revision"].value() or ""}
    for inline in page.context["inline_admin_formsets"]:
        for each in [inline.formset.management_form, *inline.formset.forms]:
            for field in each:
                value = field.value()
                data[field.html_name] = "" if value is None else value
    return data


def edit(client, version, **changes):
    address = url(Version, "change", version.pk)
    return client.post(address, {**fields_of(client.get(address)), **changes})


def test_a_rule_of_a_draft_is_edited(admin_client, table):
    edit(admin_client, table, **{"routingrules-0-label": "The deal's owner"})
    table.refresh_from_db()
    assert table.routingrules.first().label == "The deal's owner"
    assert table.revision == 2


def test_conditions_are_checked_in_words(admin_client, table):
    broken = '[[{"fact": "account.employees", "op": "at_least", "value": "many"}]]'
    page = edit(admin_client, table, **{"routingrules-0-conditions": broken}).content.decode()
    assert "Employees needs a number, not “many”." in page
    assert Version.objects.get(pk=table.pk).revision == 1


def test_another_persons_edit_in_between_is_told_and_what_one_typed_is_kept(admin_client, draft):
    address = url(Version, "change", draft.pk)
    mine = fields_of(admin_client.get(address)) | {"calendar_terms-0-zone": "Asia/Tokyo"}
    edit(admin_client, draft, **{"calendar_terms-0-zone": "Europe/Oslo"})
    page = admin_client.post(address, mine).content.decode()
    assert "Somebody else changed or published this version" in page
    assert "Asia/Tokyo" in page
    assert CalendarTerms.objects.get(version=draft).zone == "Europe/Oslo"


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_of_each_kind_starts_as_a_copy_and_can_be_saved(admin_client, at, kind):
    live = live_version(kind, at)
    act(admin_client, Version, "start_draft", live)
    draft = Version.objects.get(base=live)
    assert (
        KINDS[kind].objects.filter(version=draft).count()
        == KINDS[kind].objects.filter(version=live).count()
    )
    answer = edit(admin_client, draft)
    draft.refresh_from_db()
    assert (draft.revision, answer.status_code) == (2, 302)


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_of_a_published_version_can_be_edited(admin_client, at, kind):
    live = live_version(kind, at)
    page = admin_client.get(url(Version, "change", live.pk))
    assert not re.search(
        r'<(textarea|select|input type="text")[^>]* name="[a-z_]+-\d', page.content.decode()
    )
    assert admin_client.post(url(Version, "change", live.pk), fields_of(page)).status_code == 403
    assert admin_client.post(url(Version, "delete", live.pk), {"post": "yes"}).status_code == 403
    with pytest.raises(IntegrityError, match="can no longer change"), transaction.atomic():
        KINDS[kind].objects.filter(version=live).delete()


def test_the_targets_of_a_published_policy_cannot_be_edited(admin_client, at):
    policy = Policy.objects.filter(version=live_version(Document.Kind.POLICIES, at)).first()
    address = url(Policy, "change", policy.pk)
    assert "targets-0-allowed" not in re.findall(
        r'name="([^"]+)"', admin_client.get(address).content.decode()
    )
    assert admin_client.post(address, {"label": "x"}).status_code == 403


def test_the_targets_of_a_drafts_policy_are_edited(admin_client, rosa, at):
    draft = start_draft(live_version(Document.Kind.POLICIES, at), by=rosa)
    policy = draft.policys.first()
    address = url(Policy, "change", policy.pk)
    page = admin_client.get(address)
    form = page.context["adminform"].form
    data = fields_of(page) | {name: form[name].value() for name in ("label", "position")}
    target = next(name for name, value in data.items() if value == "accept").replace(
        "kind", "allowed"
    )
    answer = admin_client.post(address, data | {"conditions": "[]", target: "00:20:00"})
    assert (answer.status_code, Version.objects.get(pk=draft.pk).revision) == (302, 2)
    assert Target.objects.get(policy=policy, kind="accept").allowed == timedelta(minutes=20)


# Publishing --------------------------------------------------------------------------------------


def open_delete(client, draft):
    """Return the address of the page that asks whether to delete `draft`, as it is now."""
    answer = client.get(url(Version, "delete", draft.pk))
    assert answer.status_code == 302
    assert client.get(answer.url).status_code == 200
    return answer.url


def test_a_draft_is_discarded_as_its_page_would(admin_client, draft):
    address = open_delete(admin_client, draft)
    assert admin_client.post(address, {"post": "yes"}).status_code == 302
    assert not Version.objects.filter(pk=draft.pk).exists()


def test_a_draft_somebody_edited_meanwhile_is_not_discarded(admin_client, draft):
    address = open_delete(admin_client, draft)
    edit(admin_client, draft, **{"calendar_terms-0-zone": "Europe/Oslo"})
    said = told(admin_client.post(address, {"post": "yes"}))
    assert "Somebody else changed" in said and "Nothing was discarded." in said
    assert Version.objects.filter(pk=draft.pk).exists()


def test_a_draft_that_another_is_built_on_is_not_discarded(admin_client, draft, rosa):
    address = open_delete(admin_client, draft)
    start_draft(draft, by=rosa)
    admin_client.post(address, {"post": "yes"})
    assert Version.objects.filter(pk=draft.pk).exists()


def test_publishing_asks_for_the_note_first(admin_client, draft):
    page = act(admin_client, Version, "publish", draft).content.decode()
    assert "What changes, and why" in page
    assert not draft.publications.exists()


def test_a_draft_is_published_with_its_note(admin_client, draft, rosa):
    act(admin_client, Version, "publish", draft, note="Demo rules first")
    publication = Publication.objects.latest()
    assert (publication.version, publication.by) == (draft, rosa)
    assert publication.note == "Demo rules first"


def test_one_goes_back_to_an_earlier_version(admin_client, draft):
    act(admin_client, Version, "publish", draft, note="Try it")
    act(admin_client, Version, "go_back", draft.base, note="It did not work")
    assert Publication.objects.latest().version == draft.base


def test_criteria_published_here_keep_what_was_foretold(admin_client, rosa, make_lead):
    make_lead()
    draft = start_draft(live_version(Document.Kind.CRITERIA, database_now()), by=rosa)
    foretold = backtest.start(draft, months=3, by=rosa, at=database_now())
    while jobs.run_step():
        pass
    act(admin_client, Version, "publish", draft, note="As foretold")
    assert Publication.objects.get(version=draft).predicted["backtest"] == foretold.pk


def test_a_draft_that_was_edited_since_is_not_published_unseen(admin_client, draft):
    asked = act(admin_client, Version, "publish", draft).content.decode()
    assert f'name="revision" value="{draft.revision}"' in asked
    edit(admin_client, draft)
    answer = act(admin_client, Version, "publish", draft, note="Unseen")
    assert "was changed since you looked at it" in told(answer)
    assert not draft.publications.exists()


def test_a_draft_of_what_is_no_longer_live_is_refused(admin_client, draft, rosa):
    second = start_draft(draft.base, by=rosa)
    act(admin_client, Version, "publish", draft, note="First")
    answer = act(admin_client, Version, "publish", second, note="Second")
    assert "is live now. Start a draft from that one" in told(answer)
    assert not second.publications.exists()


def test_a_table_without_a_fallback_is_not_published(admin_client, table):
    table.routingrules.filter(conditions=[]).delete()
    page = act(admin_client, Version, "publish", table, note="Oops").content.decode()
    assert "The last row must have no conditions" in page
    assert not table.publications.exists()


def test_who_may_publish_is_the_organisations_to_say(client, olga, draft):
    client.force_login(olga)
    Organisation.objects.update(publishers=Organisation.Publishers.ADMINS)
    act(client, Version, "publish", draft, note="I may not")
    assert not draft.publications.exists()
    Organisation.objects.update(publishers=Organisation.Publishers.OPS)
    act(client, Version, "publish", draft, note="Now I may")
    assert draft.publications.exists()


def test_two_versions_at_once_are_refused(admin_client, draft):
    answer = act(admin_client, Version, "publish", draft, draft.base, note="Both")
    assert "Choose one version." in told(answer)


def test_a_new_calendar_begins_with_a_draft(admin_client):
    admin_client.post("/admin/leads/document/add/", {"kind": "calendar", "name": "Night shift"})
    version = Version.objects.get(document__name="Night shift")
    page = act(admin_client, Version, "publish", version, note="Nights").content.decode()
    assert "has no hours" in page


def test_a_second_routing_table_is_refused(admin_client):
    data = {"kind": "routing", "name": "Another"}
    page = admin_client.post("/admin/leads/document/add/", data).content.decode()
    assert "Of these there is one only" in page


def test_a_team_is_changed(admin_client, north):
    data = {"name": "North and West", "manager": north.manager_id, "zone": "Europe/Berlin"}
    admin_client.post(url(Team, "change", north.pk), data)
    assert Team.objects.get().name == "North and West"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hours": '{"mon": [["09:00", "17:00"], ["16:00", "18:00"]]}'}, "overlap"),
        ({"hours": "{}"}, "This calendar is never open"),
        ({"zone": "Mars/Olympus"}, "There is no time zone"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_when_it_is_saved(
    admin_client, draft, changes, said
):
    changes = {f"calendar_terms-0-{name}": value for name, value in changes.items()}
    assert said in edit(admin_client, draft, **changes).content.decode()
    draft.refresh_from_db()
    assert draft.revision == 1


@pytest.mark.parametrize(
    ("starts", "ends", "told"),
    [
        ("2026-05-02", "2026-05-01", "An absence must end after it starts"),
        ("2026-05-02", "2026-05-02", "An absence must end after it starts"),
        ("0001-01-01", "2026-05-01", "Choose a day from 1970 on"),
        ("2026-05-01", "9999-12-31", "Choose a day from 1970 on"),
    ],
)
def test_an_absence_that_can_not_be_is_refused(admin_client, alice, starts, ends, told):
    given = {"user": alice.pk, "note": "", "cover": ""}
    given |= {"starts_at_0": starts, "starts_at_1": "09:00:00"}
    given |= {"ends_at_0": ends, "ends_at_1": "09:00:00"}
    page = admin_client.post("/admin/leads/absence/add/", given)
    assert (page.status_code, Absence.objects.exists()) == (200, False)
    assert told in page.content.decode()
