import pytest
from django.core import mail
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from leads.documents import live_version, publish
from leads.instants import database_now
from leads.models import (
    Document,
    IntakeSource,
    Organisation,
    Role,
    Team,
    User,
    Version,
)
from leads.tokens import known_token
from revops import jobs
from revops.forms.setup import OrganisationForm, PersonForm, TeamForm
from revops.people import Job, put_to_work
from routing.models import Capacity, Rota
from sla.models import CalendarTerms, TeamHours

pytestmark = pytest.mark.django_db

FIRST = {
    "code": "open-sesame",
    "organisation": "Lumora",
    "zone": "Europe/Berlin",
    "name": "Rosa",
    "email": "rosa@example.com",
    "password": "correct horse battery",
}


@pytest.fixture
def setup_code(settings):
    settings.SETUP_CODE = FIRST["code"]


def person(**fields):
    return {
        "name": "Dana",
        "email": "Dana@Example.com",
        "zone": "Europe/Berlin",
        "role": Role.REP,
        "sales_role": "sdr",
        **fields,
    }


@pytest.mark.parametrize("address", ["/", "/setup/"])
def test_an_empty_installation_leads_to_the_first_admin(client, address):
    assert client.get(address).url == "/setup/first/"


def test_the_first_admin_needs_the_code(client, setup_code):
    answer = client.post("/setup/first/", FIRST | {"code": "guess"})
    assert answer.status_code == 422
    assert not User.objects.exists()


def test_without_a_code_in_the_settings_nobody_gets_in(client, settings):
    settings.SETUP_CODE = ""
    assert client.post("/setup/first/", FIRST | {"code": ""}).status_code == 422


def test_the_first_admin_gets_the_shipped_settings(client, setup_code):
    client.post("/setup/first/", FIRST)
    rosa = User.objects.get()
    assert rosa.has_role(Role.ADMIN) and rosa.is_staff and not rosa.is_superuser
    assert Organisation.objects.get().zone == "Europe/Berlin"
    assert IntakeSource.objects.filter(slug="demo-request").exists()
    assert client.get("/setup/").status_code == 200


def test_a_zone_nobody_chose_is_utc_or_the_browsers(client, db):
    page = client.get("/setup/first/").content.decode()
    assert '<option value="UTC" selected>' in page and "data-browser-zone" in page


def test_a_zone_that_was_chosen_is_left_alone(client, setup_code):
    answer = client.post("/setup/first/", FIRST | {"code": "guess"}).content.decode()
    assert '<option value="Europe/Berlin" selected>' in answer and "data-browser-zone" not in answer


def test_a_new_person_is_taken_with_what_the_form_begins_with(client, rosa, defaults):
    client.force_login(rosa)
    begun = client.get("/setup/people/new/").context["form"]
    form = {name: begun[name].value() or "" for name in begun.fields if name != "rotas"}
    form["role"] = begun.fields["role"].choices[0][0]
    answer = client.post("/setup/people/new/", form | {"name": "Dana", "email": "d@example.com"})
    assert answer.status_code == 302
    assert User.objects.get(name="Dana").sales_role == "sdr"


def test_set_up_leads_to_the_criteria_themselves(client, olga, defaults):
    client.force_login(olga)
    assert '<a href="/criteria/">' in client.get("/setup/").content.decode()


def test_the_first_admin_is_made_once(client, setup_code, rosa):
    assert client.get("/setup/first/").status_code == 404
    assert client.post("/setup/first/", FIRST).status_code == 404


def test_only_ops_and_admins_see_setup(client, alice, mona, vera):
    for user in (alice, mona, vera):
        client.force_login(user)
        assert client.get("/setup/").status_code == 403
        assert client.get("/setup/people/").status_code == 403


def test_marketing_ops_do_not_manage_people(client, olga, defaults):
    client.force_login(olga)
    assert client.get("/setup/sources/").status_code == 200
    assert client.get("/setup/people/").status_code == 403


def test_one_form_adds_a_rep_with_team_and_rota(client, rosa, defaults, north):
    client.force_login(rosa)
    rota = Rota.objects.get(name="Inbound")
    answer = client.post("/setup/people/new/", person(team=north.pk, rotas=[rota.pk], max_open=12))
    assert answer.status_code == 302, answer.content
    dana = User.objects.get(email="dana@example.com")
    assert dana.has_role(Role.REP) and dana.team == north
    assert rota.members.get().rep == dana
    assert dana.capacity.max_open == 12
    assert "dana@example.com" in mail.outbox[0].to
    assert mail.outbox[0].subject == "Your account in Handoff"
    assert "Rosa made an account for you in Handoff" in mail.outbox[0].body


def test_what_a_rep_takes_and_knows_is_set_in_the_form(client, rosa, alice):
    client.force_login(rosa)
    form = person(
        email=alice.email, is_online="on", max_per_day=3, max_per_week=9,
        skills="Payments, Insurance", languages="German; fr",
    )  # fmt: skip
    assert client.post(f"/setup/people/{alice.pk}/", form).status_code == 302
    capacity = Capacity.objects.get(rep=alice)
    assert (capacity.is_online, capacity.max_open) == (True, None)
    assert (capacity.max_per_day, capacity.max_per_week) == (3, 9)
    assert (capacity.skills, capacity.languages) == (["Payments", "Insurance"], ["de", "fr"])
    shown = client.get(f"/setup/people/{alice.pk}/").content.decode()
    assert 'value="German, French"' in shown and 'value="Payments, Insurance"' in shown


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("max_per_day", 0, "A cap is at least 1."),
        ("languages", "Elvish", "“Elvish” is no language."),
        ("skills", "x" * 41, "is longer than 40 characters."),
    ],
)
def test_what_no_rep_can_have_is_refused_in_words(rosa, alice, field, value, sentence):
    form = PersonForm(person(email=alice.email, **{field: value}), instance=alice, by=rosa)
    assert sentence in str(form.errors[field])


def test_hours_that_never_meet_the_teams_are_refused(rosa, alice, north, defaults, at):
    weekend = Document.objects.create(kind="calendar", name="Weekend")
    version = Version.objects.create(document=weekend, number=1)
    CalendarTerms.objects.create(version=version, zone="UTC", hours={"sun": [["09:00", "17:00"]]})
    publish(version, by=None, note="First", at=at)
    office = Document.objects.get(kind="calendar", name="Office hours")
    team = {"name": "North", "zone": "UTC"}
    assert (
        TeamForm({**team, "calendar": office.pk}, instance=north).save().team_hours.calendar
        == office
    )
    about = person(email=alice.email, team=north.pk, calendar=weekend.pk)
    form = PersonForm({**about, "within_team": "on"}, instance=alice, by=rosa)
    assert "never meet those of North" in str(form.errors["within_team"])
    put_to_work(alice, Job(Role.REP, weekend, within_team=True))
    TeamHours.objects.all().delete()
    form = TeamForm({**team, "calendar": office.pk}, instance=north)
    assert "never meet those of Alice" in str(form.errors["calendar"])
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    assert TeamForm({**team, "calendar": office.pk}, instance=north).is_valid()


def test_a_manager_takes_no_turns(client, rosa, defaults):
    client.force_login(rosa)
    form = person(role=Role.MANAGER, rotas=[Rota.objects.get(name="Inbound").pk])
    answer = client.post("/setup/people/new/", form)
    assert answer.status_code == 422
    assert "Only sales reps take turns" in answer.content.decode()


def test_the_same_address_twice_is_refused(client, rosa, defaults):
    client.force_login(rosa)
    answer = client.post("/setup/people/new/", person(email="ROSA@example.com"))
    assert answer.status_code == 422
    said = "Somebody has this e-mail address already."
    assert answer.context["form"].errors == {"email": [said]}


def test_a_leavers_leads_move_on(client, rosa, alice, carol, make_handoff):
    handoff = make_handoff(rep=alice)
    client.force_login(rosa)
    client.post(f"/setup/people/{alice.pk}/leave/")
    jobs.run_steps(for_s=5)
    handoff.refresh_from_db()
    assert handoff.state == "waiting" and handoff.reroute_at
    alice.refresh_from_db()
    assert not alice.is_active and not alice.rota_memberships.exists()


def test_a_leavers_session_is_over(client, rosa, alice):
    client.force_login(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/queue/").status_code == 302


def test_a_kept_lead_goes_to_the_leavers_manager(client, rosa, alice, mona, make_handoff):
    handoff = make_handoff(rep=alice, accepted=True)
    client.force_login(alice)
    client.post(f"/queue/{handoff.pk}/qualify/", {"confirmed": "need"})
    client.force_login(rosa)
    client.post(f"/setup/people/{alice.pk}/leave/")
    jobs.run_steps(for_s=5)
    handoff.lead.refresh_from_db()
    assert handoff.lead.owner == mona


def test_nobody_who_owns_a_queue_can_leave(client, rosa, defaults):
    other = User.objects.create_user("ann@example.com", name="Ann")
    other.groups.set(rosa.groups.all())
    client.force_login(other)
    client.post(f"/setup/people/{rosa.pk}/leave/")
    rosa.refresh_from_db()
    assert rosa.is_active


def test_a_rep_who_becomes_a_viewer_hands_their_leads_on(client, rosa, alice, make_handoff):
    handoff = make_handoff(rep=alice)
    client.force_login(rosa)
    answer = client.post(
        f"/setup/people/{alice.pk}/", person(email=alice.email, role=Role.VIEWER, sales_role="")
    )
    assert answer.status_code == 302, answer.content
    jobs.run_steps(for_s=5)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner) == ("waiting", None)


def test_an_admin_stays_one_till_another_says_otherwise(client, rosa, defaults):
    client.force_login(rosa)
    answer = client.post(f"/setup/people/{rosa.pk}/", person(email=rosa.email, role=Role.MANAGER))
    assert answer.status_code == 422
    assert "stop being an admin" in answer.content.decode()
    assert User.objects.get(pk=rosa.pk).has_role(Role.ADMIN)


def test_the_last_admin_stays_one(rosa, olga):
    form = PersonForm(person(email=rosa.email, role=Role.MANAGER), instance=rosa, by=olga)
    assert form.errors["role"] == ["Rosa is the last admin. Make another first."]


def test_a_token_is_shown_once_and_opens_the_door_till_revoked(client, olga, source, at):
    client.force_login(olga)
    page = client.post(f"/setup/sources/{source.pk}/token/").content.decode()
    token = page.split("<code>")[1].split("</code>")[0]
    known = known_token(token, at=at)
    assert known.source == source
    client.post(f"/setup/tokens/{known.pk}/revoke/")
    assert known_token(token, at=at) is None


def test_a_source_keeps_its_slug(client, olga, source):
    client.force_login(olga)
    form = {"name": "Demo", "slug": "other", "motion": "inbound", "is_active": "on"}
    client.post(f"/setup/sources/{source.pk}/", form)
    source.refresh_from_db()
    assert (source.name, source.slug) == ("Demo", "demo-request")


def test_a_code_that_recycles_says_for_how_long(client, olga, defaults):
    client.force_login(olga)
    form = {
        "label": "Later",
        "key": "later",
        "group": "timing",
        "position": 1,
        "definition": "Not now.",
        "consequence": "recycle",
        "min_touches": 0,
    }
    answer = client.post("/setup/reasons/new/", form)
    assert answer.status_code == 422
    assert "for how many days" in answer.content.decode()


@pytest.mark.parametrize("name", ["people", "teams", "sources", "reasons"])
def test_lists_ask_the_database_as_often_for_many_rows(client, rosa, alice, name):
    client.force_login(rosa)
    few = count_queries(client, f"/setup/{name}/")
    for number in range(3):
        User.objects.create_user(f"p{number}@example.com", name=f"P{number}")
        Team.objects.create(name=f"Team {number}")
        IntakeSource.objects.create(slug=f"s{number}", name=f"S{number}")
    assert count_queries(client, f"/setup/{name}/") == few


def count_queries(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("unseen_minutes", -1, "Between 1 minute and a day of 1,440."),
        ("unseen_minutes", 99_999, "Between 1 minute and a day of 1,440."),
        ("mails_an_hour", 0, "Between 1 and 1,000 e-mails an hour."),
        ("reroutes_before_manager", 11, "Between 1 and 10 reroutes."),
        ("company_likeness", 101, "Between 60 and 100 percent"),
    ],
)
def test_a_number_of_the_organisation_says_its_true_limits_once(organisation, name, value, says):
    sent = {**model_to_dict(organisation), name: value}
    (message,) = OrganisationForm(sent, instance=organisation).errors[name]
    assert message.startswith(says)


def test_setup_lists_policies_deliveries_and_instant_answers_by_their_names(client, olga, defaults):
    client.force_login(olga)
    page = client.get("/setup/").content.decode()
    for name in ("Policies", "Deliveries", "Instant answers"):
        assert f"</svg>{name}</a>" in page
    assert ">Promises<" not in page
    assert str(live_version(Document.Kind.POLICIES, database_now())) == "Policies v1"
