import pytest

from leads.models import User
from tests.conftest import PASSWORD

RESET = "/accounts/password/reset/"


@pytest.fixture
def priya(db):
    return User.objects.create_user("priya@kestrel.example", PASSWORD, name="Priya Raman")


def test_too_many_reset_links_are_refused_with_a_page_of_ours(client, priya):
    answers = [client.post(RESET, {"email": priya.email}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert b"Too many tries" in answers[-1].content


def test_the_reset_mail_carries_a_link_that_sets_a_password(client, priya, mailoutbox):
    client.post(RESET, {"email": priya.email})
    mail = mailoutbox[0]
    assert mail.subject == "Set a new password for Handoff"
    link = next(word for word in mail.body.split() if word.startswith("http"))
    assert b"Set a new password" in client.get(link, follow=True).content


def test_a_stranger_learns_nothing_from_a_reset(client, db, mailoutbox):
    answer = client.post(RESET, {"email": "nobody@kestrel.example"}, follow=True)
    assert b"If the address belongs to an account" in answer.content
    assert mailoutbox[0].subject == "No Handoff account for this address"


def test_nobody_signs_up_by_themselves(client, db):
    assert b"Accounts are made for you" in client.get("/accounts/signup/").content
