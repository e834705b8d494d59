import pytest

from leads.countries import COUNTRIES, country_code, region_of
from leads.normalising import (
    company_key,
    domain_and_parents,
    is_company_domain,
    normal_email,
    normal_phone,
    website_domain,
)

JANE = "jane.doe@example.com"


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("jane.doe@example.com", id="plain"),
        pytest.param("  Jane.Doe@Example.COM\n", id="case and blanks"),
        pytest.param("ＪＡＮＥ.doe@example.com", id="full-width local part"),
        pytest.param("jane.doe@ＥＸＡＭＰＬＥ.com", id="full-width domain"),
        pytest.param("jane.doe@example。com", id="ideographic full stop"),
        pytest.param("JANE.DOE@EXAMPLE.COM", id="upper case"),
    ],
)
def test_six_spellings_of_one_address_become_one(spelling):
    assert normal_email(spelling) == JANE


def test_a_domain_in_another_script_and_its_ascii_form_are_one():
    assert normal_email("a@bücher.example") == normal_email("a@xn--bcher-kva.example")


def test_a_plus_tag_is_kept_as_another_address():
    assert normal_email("jane.doe+trial@example.com") != JANE


@pytest.mark.parametrize(
    "address", ["", "jane", "jane@", "@example.com", "a@b", "a b@example.com", "a\0@example.com"]
)
def test_what_is_no_address_is_refused_with_a_sentence(address):
    with pytest.raises(ValueError, match="not an e-mail address"):
        normal_email(address)


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        pytest.param("+49 30 123456", "", "+4930123456", id="with its country code"),
        pytest.param("030 / 12 34 56", "DE", "+4930123456", id="as dialled in the country"),
        pytest.param("(415) 555-0132", "US", "+14155550132", id="American"),
        pytest.param("030 123456", "", "", id="no country code and no country"),
        pytest.param("call me", "DE", "", id="no number"),
        pytest.param("+49 3", "", "", id="too short"),
    ],
)
def test_a_phone_number_is_written_internationally(number, country, expected):
    assert normal_phone(number, country) == expected


@pytest.mark.parametrize(
    "name", ["ACME", "Acme GmbH", "acme, Inc.", "Acme GmbH & Co. KG", " Acme  Ltd. ", "Ａcme"]
)
def test_legal_form_case_and_punctuation_do_not_tell_companies_apart(name):
    assert company_key(name) == "acme"


def test_a_company_called_like_a_legal_form_keeps_its_name():
    assert company_key("Limited") != ""


@pytest.mark.parametrize(
    ("website", "expected"),
    [
        ("https://www.Acme.com:8443/pricing", "acme.com"),
        ("shop.acme.com", "shop.acme.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost", ""),
        ("http://10.0.0.1/", ""),
    ],
)
def test_a_website_gives_its_host_without_www(website, expected):
    assert website_domain(website) == expected


@pytest.mark.parametrize("domain", ["gmail.com", "co.uk", "com.br", "localhost", ""])
def test_what_is_many_peoples_is_no_company_domain(domain):
    assert not is_company_domain(domain)


def test_parents_stop_before_what_is_shared():
    assert domain_and_parents("mail.eu.acme.co.uk") == [
        "mail.eu.acme.co.uk",
        "eu.acme.co.uk",
        "acme.co.uk",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [("SE", "SE"), ("se", "SE"), ("Sweden", "SE"), ("USA", "US"), ("united  states", "US"),
     ("UK", "GB"), ("Germany", "DE"), ("Narnia", None), ("", None)],
)  # fmt: skip
def test_a_country_is_known_by_code_and_name(words, code):
    assert country_code(words) == code


def test_every_country_but_uninhabited_ones_has_a_region():
    without = {code for code in COUNTRIES if region_of(code) is None}
    assert without == {"AQ", "BV", "GS", "HM", "TF"}


@pytest.mark.parametrize(
    ("code", "region"),
    [("US", "amer"), ("BR", "latam"), ("DE", "emea"), ("ZA", "emea"), ("JP", "apac"), ("XX", None)],
)
def test_a_country_lies_in_its_sales_region(code, region):
    assert region_of(code) == region
