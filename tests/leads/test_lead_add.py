from datetime import timedelta

import pytest

from leads.forms.stamps import new_stamp
from leads.instants import database_now
from leads.models import Submission

pytestmark = pytest.mark.django_db

URL = "/leads/new/"


@pytest.fixture
def fields(source):
    return {
        "source": source.pk,
        "name": "Jane Doe",
        "email": "jane@lumora.example",
        "stamp": new_stamp(database_now() - timedelta(minutes=1)),
    }


@pytest.fixture
def added(client, alice, fields):
    """A lead that Alice added by hand."""
    client.force_login(alice)
    client.post(URL, fields)
    return Submission.objects.get()


@pytest.mark.parametrize("person", ["alice", "mona", "olga", "rosa"])
def test_who_works_with_leads_adds_one(client, fields, person, request):
    user = request.getfixturevalue(person)
    client.force_login(user)
    answer = client.post(URL, fields)
    submission = Submission.objects.get()
    assert answer.url == f"{URL}{submission.public_id}/"
    assert (submission.door, submission.by) == ("manual", user)
    assert submission.payload == {"name": "Jane Doe", "email": "jane@lumora.example"}


def test_a_viewer_may_not(client, fields, vera):
    client.force_login(vera)
    assert client.get(URL).status_code == 403
    assert client.post(URL, fields).status_code == 403
    assert not Submission.objects.exists()


def test_signed_out_asks_to_sign_in(client, source):
    assert client.get(URL).url == f"/accounts/login/?next={URL}"


def test_sources_that_are_switched_off_are_not_offered(client, alice, source, fields):
    type(source).objects.filter(pk=source.pk).update(is_active=False)
    client.force_login(alice)
    assert source not in client.get(URL).context["form"].fields["source"].queryset
    assert client.post(URL, fields).status_code == 422


def test_a_phone_number_is_enough(client, alice, fields):
    client.force_login(alice)
    answer = client.post(URL, {**fields, "email": "", "phone": "+46 8 123 456 78"})
    assert answer.status_code == 302


def test_somebody_nobody_could_recognise_is_refused(client, alice, fields):
    client.force_login(alice)
    answer = client.post(URL, {**fields, "email": ""})
    assert answer.status_code == 422
    assert "Give an e-mail address or a phone number." in answer.content.decode()


def test_a_double_click_adds_one(client, alice, fields):
    client.force_login(alice)
    assert client.post(URL, fields).url == client.post(URL, fields).url
    assert Submission.objects.count() == 1


def test_the_page_tells_that_it_waits_and_asks_again(client, added):
    page = client.get(f"{URL}{added.public_id}/").content.decode()
    assert "In the inbox" in page and 'hx-trigger="every 2s"' in page


def test_htmx_gets_the_fragment_alone(client, added):
    page = client.get(f"{URL}{added.public_id}/", headers={"HX-Request": "true"})
    assert "<html" not in page.content.decode()


def test_the_page_leads_to_the_lead_when_it_is_done(client, added, make_handoff, alice, at):
    lead = make_handoff(rep=alice).lead
    Submission.objects.update(state="done", processed_at=at, lead=lead)
    page = client.get(f"{URL}{added.public_id}/").content.decode()
    assert f"/leads/{lead.pk}/" in page and "every 2s" not in page


def test_a_lead_that_went_to_another_rep_is_not_linked(client, added, make_handoff, carol, at):
    lead = make_handoff(rep=carol).lead
    Submission.objects.update(state="done", processed_at=at, lead=lead)
    page = client.get(f"{URL}{added.public_id}/").content.decode()
    assert f"/leads/{lead.pk}/" not in page and "Carol" not in page


def test_what_failed_says_why(client, added):
    Submission.objects.update(state="failed", error="The rota is empty.")
    page = client.get(f"{URL}{added.public_id}/").content.decode()
    assert "The rota is empty." in page


def test_what_a_colleague_added_is_not_found(client, added, carol):
    client.force_login(carol)
    assert client.get(f"{URL}{added.public_id}/").status_code == 404


def test_all_that_is_wrong_is_told_at_once(client, alice, fields):
    client.force_login(alice)
    faulty = {"name": "", "email": "jane", "phone": "abc", "website": "?", "employees": "many"}
    errors = client.post(URL, {**fields, **faulty}).context["form"].errors
    assert set(errors) == set(faulty)
