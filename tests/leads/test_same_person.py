"""Who may be the same person: found by intake, shown to who works on the lead, gone once merged."""

from __future__ import annotations

import pytest

from leads.entering import enter
from leads.models import Lead, Submission, User
from leads.same_person import perhaps_same
from leads.submission_fields import read_fields


@pytest.fixture
def hand_in(source, at):
    """Hand in something about somebody; returns the lead that it became, or was added to."""

    def taken(**payload):
        submission = Submission.objects.create(
            source=source, door="api", payload=payload, received_at=at, next_attempt_at=at
        )
        submission.lead, _ = enter(submission, read_fields(payload, at=at), at)
        submission.save()
        return submission.lead

    return taken


CLARA = {"email": "clara@lumora.example", "phone": "+46701234567", "name": "Clara Nyström"}


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        ({**CLARA, "email": "clara@home.example"}, True),
        ({**CLARA, "email": "c@home.example", "name": "C. NYSTRÖM"}, True),
        ({**CLARA, "email": "bo@lumora.example", "name": "Bo Ek"}, False),
        ({"email": "info@lumora.example", "phone": CLARA["phone"]}, False),
        ({**CLARA, "email": "clara@home.example", "phone": "+46707654321"}, False),
    ],
    ids=["another address", "initial", "colleague", "no name", "another phone"],
)
def test_a_phone_of_somebody_of_the_same_name_may_be_the_same_person(hand_in, olga, other, is_same):
    one, two = hand_in(**CLARA), hand_in(**other)
    assert one != two
    assert list(perhaps_same(two, olga)) == ([one] if is_same else [])
    assert list(perhaps_same(one, olga)) == ([two] if is_same else [])


def test_an_address_and_a_number_of_two_leads_are_perhaps_one_persons(hand_in, olga):
    by_number, by_mail = hand_in(source_id="17"), hand_in(email="clara@lumora.example")
    assert hand_in(source_id="17", email="clara@lumora.example") == by_mail
    assert list(perhaps_same(by_mail, olga)) == [by_number]


def test_once_merged_nobody_is_asked_and_of_others_the_one_that_is_left(hand_in, make_lead, olga):
    one, two = hand_in(**CLARA), hand_in(**{**CLARA, "email": "clara@home.example"})
    left = make_lead("Clara")
    Lead.objects.filter(pk=one.pk).update(merged_into=left)
    assert list(perhaps_same(two, olga)) == [left]
    assert list(perhaps_same(left, olga)) == [two]
    Submission.objects.filter(lead=two).update(lead=left)
    Lead.objects.filter(pk=two.pk).update(merged_into=left)
    assert not perhaps_same(left, olga).exists()


@pytest.mark.parametrize(("who", "may_merge"), [("olga", True), ("vera", False)])
def test_the_page_of_a_lead_names_the_other(client, hand_in, request, who, may_merge):
    one, two = hand_in(**CLARA), hand_in(**{**CLARA, "email": "clara@home.example"})
    client.force_login(request.getfixturevalue(who))
    page = client.get(f"/leads/{two.pk}/").content.decode()
    assert "May be the same person as" in page and f"({one.email})" in page
    assert (f"/leads/{two.pk}/same-person/{one.pk}/" in page) == may_merge


def test_a_rep_reads_of_anothers_lead_who_has_it_and_no_more(
    client, hand_in, alice: User, make_handoff
):
    one, two = hand_in(**CLARA), hand_in(**{**CLARA, "email": "clara@home.example"})
    handoff = make_handoff(two, rep=alice)
    client.force_login(alice)
    for address in (f"/leads/{two.pk}/", f"/queue/{handoff.pk}/"):
        page = client.get(address).content.decode()
        assert f"lead {one.pk}, with <bdi>Marketing nurture</bdi>" in page
        assert one.email not in page and f"/leads/{one.pk}/" not in page
