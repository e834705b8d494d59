from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from leads.forms.stamps import SALT, new_stamp, read_stamp
from leads.instants import database_now
from leads.models import IntakeSource, Organisation, Submission

pytestmark = pytest.mark.django_db

URL = "/forms/demo-request/"
JANE = {"name": "Jane Doe", "email": "Jane@Lumora.example", "company": "Lumora", "employees": "120"}


@pytest.fixture
def shown(source):
    """The stamp of a form that was shown a minute ago."""
    return new_stamp(database_now() - timedelta(minutes=1))


@pytest.fixture
def send(client, shown):
    return lambda **fields: client.post(URL, {**JANE, "stamp": shown, **fields})


def test_it_is_in_the_name_of_the_organisation(client, source):
    Organisation.objects.update(name="Brightwater")
    page = client.get(URL).content.decode()
    assert "Brightwater" in page and "Handoff" not in page


def test_it_hands_in_the_standard_fields_and_thanks(send):
    answer = send(consent="on", country="SE", time_window="Next week")
    submission = Submission.objects.get()
    assert (answer.status_code, answer.url) == (302, f"{URL}thanks/")
    assert (submission.door, submission.state) == ("form", "pending")
    assert submission.payload == {
        "name": "Jane Doe",
        "email": "Jane@Lumora.example",
        "company": "Lumora",
        "employees": 120,
        "country": "SE",
        "time_window": "Next week",
        "consent": True,
    }


def test_the_page_shows_its_title_and_a_fresh_stamp(client, source):
    page = client.get(URL)
    assert source.form_title in page.content.decode()
    assert read_stamp(page.context["form"].initial["stamp"])
    assert "no-store" in page["Cache-Control"]


def test_the_thank_you_page_says_what_happens_next(client, source):
    assert "by e-mail or phone" in client.get(f"{URL}thanks/").content.decode()


@pytest.mark.parametrize("change", [{"has_form": False}, {"is_active": False}])
def test_a_source_without_an_open_form_is_a_404(client, send, change, source):
    IntakeSource.objects.filter(pk=source.pk).update(**change)
    assert client.get(URL).status_code == 404
    assert send().status_code == 404
    assert client.get(f"{URL}thanks/").status_code == 404


def test_a_double_click_counts_once(send):
    first, second = send(), send()
    assert first.url == second.url
    assert Submission.objects.count() == 1


def test_a_corrected_form_sent_again_counts(send):
    send()
    send(email="jane.doe@lumora.example")
    assert Submission.objects.count() == 2


def test_too_many_employees_are_refused_in_words(send):
    errors = send(employees="99999999999").context["form"].errors
    assert errors["employees"] == ["That is more than any company employs."]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "jane"}, "email"),
        ({"email": ""}, "email"),
        ({"name": ""}, "name"),
        ({"name": "a\x1bb"}, "name"),
        ({"employees": "-1"}, "employees"),
        ({"employees": "99999999999"}, "employees"),
        ({"country": "Narnia"}, "country"),
        ({"reason": "x" * 4001}, "reason"),
    ],
)
def test_a_bad_field_is_shown_again_with_what_is_wrong(send, fields, field):
    answer = send(**fields)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Submission.objects.exists()


def test_a_nul_byte_is_refused(send):
    assert send(name="Jane\0").status_code == 422


def forged(at):
    return signing.dumps(["key", at.timestamp()], salt=SALT, key="another secret")


@pytest.mark.parametrize(
    ("trap", "reason"),
    [
        pytest.param(lambda at: {"homepage": "https://spam.example"}, "can't see", id="honeypot"),
        pytest.param(lambda at: {"stamp": new_stamp(at)}, "faster than", id="too fast"),
        pytest.param(lambda at: {"stamp": ""}, "our form", id="no stamp"),
        pytest.param(lambda at: {"stamp": forged(at)}, "our form", id="forged stamp"),
    ],
)
def test_likely_spam_is_thanked_too_and_held_back(send, trap, reason):
    answer = send(**trap(database_now()))
    submission = Submission.objects.get()
    assert answer.url == f"{URL}thanks/"
    assert submission.state == "held" and reason in submission.error
    assert "homepage" not in submission.payload


def test_somebody_known_is_answered_like_anybody(send, make_lead):
    make_lead(email="jane@lumora.example")
    known, new = send(), send(email="joe@lumora.example")
    assert (known.status_code, known.url) == (new.status_code, new.url)


def test_a_form_without_the_csrf_token_is_refused(source, shown):
    client = Client(enforce_csrf_checks=True)
    assert client.post(URL, {**JANE, "stamp": shown}).status_code == 403


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_verbs_are_refused(client, source, method):
    assert getattr(client, method)(URL).status_code == 405
