from datetime import timedelta

import pytest

from leads.models import Document, Publication, Version
from leads.tokens import issue_token
from sla.models import RepHours

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "address"), [("alice", "/queue/"), ("mona", "/sla/"), ("vera", "/insights/")]
)
def test_each_role_has_its_home(client, request, defaults, who, address):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/").url == address


@pytest.mark.parametrize("who", ["olga", "rosa"])
def test_who_sets_the_rules_sees_how_the_gap_stands(client, request, make_handoff, alice, who):
    make_handoff(rep=alice)
    client.force_login(request.getfixturevalue(who))
    page = client.get("/").content.decode()
    assert "Criteria v1" in page
    assert "Entered today" in page


def test_an_admin_is_led_through_the_first_steps_till_all_are_done(
    client, rosa, defaults, alice, make_lead
):
    client.force_login(rosa)
    steps = client.get("/").context["steps"]
    assert [step.what for step in steps if not step.is_done] == [
        "Give a source its token",
        "Say when people work",
        "Try a lead",
    ]
    RepHours.objects.create(rep=alice, calendar=Document.objects.get(kind="calendar"))
    issue_token(make_lead().source, by=rosa)
    assert "First steps" not in client.get("/").content.decode()


def test_a_stranger_signs_in_first(client, rosa):
    assert client.get("/").url.startswith("/accounts/login/")


def test_the_live_version_is_dated_by_when_it_went_live_not_by_when_that_was_said_again(
    client, rosa, defaults
):
    version = Version.objects.get(document__kind="criteria")
    first = version.publications.get()
    again = first.at + timedelta(days=3)
    Publication.objects.create(version=version, at=again, note="Once more")
    client.force_login(rosa)
    assert first in client.get("/").context["live"]


def test_nobody_is_said_to_have_published_what_is_shipped(rosa, defaults):
    assert not Publication.objects.exclude(by=None).exists()
