from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from leads.account_match import match_account
from leads.matching import claim_identities, lock_identities, match_lead
from leads.models import Account, Identity, IntakeSource, Lead
from leads.submission_fields import read_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(at):
    return lambda **fields: read_fields(fields, at=at)


@pytest.fixture
def known(make_lead, source, read):
    """Make a lead that holds the identities in `fields`."""

    def make(**fields):
        lead = make_lead(email="")
        claim_identities(lead, read(**fields), source)
        return lead

    return make


@pytest.mark.parametrize(
    "spelling", ["jane@lumora.example", " JANE@Lumora.Example ", "ｊane@ＬＵＭＯＲＡ.example"]
)
def test_a_lead_is_known_by_any_spelling_of_its_address(known, source, read, spelling):
    jane = known(email="jane@lumora.example")
    match = match_lead(read(email=spelling), source)
    assert (match.lead, match.by) == (jane, "email")


def test_nobody_known_is_none(source, read):
    assert match_lead(read(email="jane@lumora.example"), source).lead is None


def test_a_phone_decides_where_there_is_no_email(known, source, read):
    jane = known(email="jane@lumora.example", phone="+49 30 123456")
    assert match_lead(read(phone="030 123456", country="DE"), source).lead == jane


def test_a_phone_does_not_decide_where_there_is_an_email(known, source, read):
    known(email="jane@lumora.example", phone="+49 30 123456")
    assert match_lead(read(email="joe@lumora.example", phone="+49 30 123456"), source).lead is None


def test_a_number_at_a_source_means_nothing_at_another(known, source, read):
    jane = known(source_id="17")
    other = IntakeSource.objects.exclude(pk=source.pk).first()
    assert match_lead(read(source_id="17"), source).lead == jane
    assert match_lead(read(source_id="17"), other).lead is None


def test_where_email_and_number_disagree_the_email_decides_and_the_other_is_named(
    known, source, read
):
    jane, joe = known(email="jane@lumora.example"), known(source_id="17")
    match = match_lead(read(email="jane@lumora.example", source_id="17"), source)
    assert (match.lead, match.others) == (jane, (joe.pk,))


def test_a_merged_lead_leads_to_the_one_that_is_left(known, make_lead, source, read):
    jane, left = known(source_id="17"), make_lead()
    Lead.objects.filter(pk=jane.pk).update(merged_into=left)
    assert match_lead(read(source_id="17"), source).lead == left


def test_a_claimed_identity_stays_with_the_first(known, make_lead, source, read):
    jane = known(email="jane@lumora.example", phone="+4930123456")
    joe = make_lead(email="")
    fields = read(email="joe@lumora.example", phone="+4930123456")
    holders = claim_identities(joe, fields, source)
    assert {key.kind: lead for key, lead in holders.items()} == {"email": joe.pk, "phone": jane.pk}


def test_claiming_again_changes_nothing(known, source, read):
    jane = known(email="jane@lumora.example")
    claim_identities(jane, read(email="jane@lumora.example"), source)
    assert Identity.objects.filter(lead=jane).count() == 1


@pytest.mark.django_db(transaction=True)
def test_six_spellings_of_one_new_person_at_once_make_one_lead(make_lead, source, read):
    spellings = [
        {"email": "jane@lumora.example"},
        {"email": "JANE@lumora.example"},
        {"email": "jane@LUMORA.example", "phone": "+4930123456"},
        {"email": " jane@lumora.example "},
        {"email": "ｊane@lumora.example", "source_id": "17"},
        {"email": "jane@ｌumora.example", "company": "Lumora"},
    ]

    def process(fields):
        try:
            with transaction.atomic():
                read_in = read(**fields)
                lock_identities(read_in, source)
                lead = match_lead(read_in, source).lead or make_lead(email="")
                claim_identities(lead, read_in, source)
                match_account(read_in)
                return lead.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        leads = set(pool.map(process, spellings))
    assert len(leads) == 1
    assert Lead.objects.count() == 1 and Account.objects.count() == 1


def test_an_account_is_made_once_and_found_by_its_domain(read):
    account = match_account(read(email="jane@lumora.example", company="Lumora Pay"))
    assert (account.name, account.domains.get().domain) == ("Lumora Pay", "lumora.example")
    assert match_account(read(email="joe@lumora.example")) == account


def test_a_domain_under_an_accounts_is_the_accounts(read):
    account = match_account(read(email="jane@lumora.example"))
    assert match_account(read(email="joe@mail.eu.lumora.example")) == account


def test_a_private_address_makes_no_account(read):
    assert match_account(read(email="jane@gmail.com")) is None


def test_a_private_address_is_placed_by_company_or_website(read):
    account = match_account(read(email="joe@lumora.example", company="Lumora Pay"))
    assert match_account(read(email="jane@gmail.com", company="LUMORA PAY, Inc.")) == account
    assert match_account(read(email="jane@gmail.com", website="www.lumora.example")) == account


def test_everybodys_domain_is_never_one_accounts(read):
    match_account(read(email="jane@co.uk", company="Sly"))
    assert match_account(read(email="joe@acme.co.uk")).name == "acme.co.uk"


def test_an_account_learns_what_was_unknown_and_keeps_what_it_knew(read):
    match_account(read(email="jane@lumora.example", country="SE"))
    account = match_account(
        read(email="joe@lumora.example", company="Lumora Pay", employees=120, country="US")
    )
    account.refresh_from_db()
    assert (account.name, account.employees) == ("Lumora Pay", 120)
    assert (account.country, account.region) == ("SE", "emea")


def test_an_account_known_by_its_domain_takes_the_name_that_is_told(read):
    match_account(read(email="jane@lumora.example"))
    match_account(read(email="joe@lumora.example", company="Lumora Pay"))
    account = match_account(read(email="jim@gmail.com", company="Lumora Pay Ltd"))
    assert (account.name, Account.objects.count()) == ("Lumora Pay", 1)
