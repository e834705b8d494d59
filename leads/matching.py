"""Which lead a submission belongs to.

Two submissions of one new person at once must end in one lead. `lock_identities` makes the
second wait until the first has committed; the unique constraints hold even if it is forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import connection

from leads.account_match import company_domains
from leads.models import Identity, IntakeSource, Lead
from leads.normalising import company_key
from leads.submission_fields import SubmissionFields

EMAIL, PHONE, SOURCE_ID = Identity.Kind.EMAIL, Identity.Kind.PHONE, Identity.Kind.SOURCE_ID


@dataclass(frozen=True, slots=True, order=True)
class IdentityKey:
    """One way of recognising a person, normalised; `scope` is the source of a source_id."""

    kind: str
    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """The lead that a submission is about, locked; None: nobody known.

    by:     the kind of identity that decided.
    others: ids of further leads that hold an identity of it too, and perhaps are the same person;
            by a phone beside an e-mail only if they have the same last name, since colleagues share
            one.
    """

    lead: Lead | None
    by: str = ""
    others: tuple[int, ...] = ()


def identity_keys(fields: SubmissionFields, source: IntakeSource) -> list[IdentityKey]:
    """Return the identities in `fields`, the one that decides first."""
    keys = [
        IdentityKey(EMAIL, "", fields.email),
        IdentityKey(SOURCE_ID, source.slug, fields.source_id),
        IdentityKey(PHONE, "", fields.normal_phone),
    ]
    return [key for key in keys if key.value]


def lock_identities(fields: SubmissionFields, source: IntakeSource) -> None:
    """Wait until nobody else is at work on this person or company, till the transaction's end.

    The first thing of a transaction that matches: before any row is locked.
    """
    names = [f"{key.kind}:{key.scope}:{key.value}" for key in identity_keys(fields, source)]
    names += [f"account:{name}" for name in (*company_domains(fields), company_key(fields.company))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number",
            [sorted({_lock_number(name) for name in names})],
        )


def match_lead(fields: SubmissionFields, source: IntakeSource) -> Match:
    """Return the lead that `fields` are about: by e-mail, else by the source's number for it, else,
    where no e-mail is given, by phone. A merged lead leads to the one that is left.
    """
    keys = identity_keys(fields, source)
    holders = _holders(keys)
    deciding = [key for key in keys if key in holders and not (key.kind == PHONE and fields.email)]
    lead = survivor(holders[deciding[0]]) if deciding else None
    others = {survivor_id(holders[key]) for key in deciding[1:]}
    others |= _namesakes({survivor_id(holders[key]) for key in holders.keys() - deciding}, fields)
    others -= {lead.pk if lead else None}
    return Match(lead, by=deciding[0].kind if lead else "", others=tuple(sorted(others)))


def _namesakes(ids: set[int], fields: SubmissionFields) -> set[int]:
    """Return which of these leads have the last name that `fields` tell."""
    last_name = _last_name(fields.full_name)
    if not ids or not last_name:
        return set()
    names = Lead.objects.filter(pk__in=ids).values_list("pk", "name")
    return {pk for pk, name in names if _last_name(name) == last_name}


def _last_name(name: str) -> str:
    return name.casefold().split()[-1] if name.split() else ""


def survivor(lead_id: int) -> Lead:
    """Return, locked, the lead itself or the one it was merged into."""
    while True:
        lead = Lead.objects.select_for_update(no_key=True).get(pk=survivor_id(lead_id))
        if lead.merged_into_id is None:  # merged between the two reads otherwise
            return lead


def survivor_id(lead_id: int) -> int:
    while merged_into := Lead.objects.values_list("merged_into", flat=True).get(pk=lead_id):
        lead_id = merged_into
    return lead_id


def claim_identities(
    lead: Lead, fields: SubmissionFields, source: IntakeSource
) -> dict[IdentityKey, int]:
    """Write down that `fields` identify `lead`. Returns who holds each: the id of a lead.

    An identity that is another lead's stays so: a shared phone number is the first one's.
    """
    keys = identity_keys(fields, source)
    Identity.objects.bulk_create(
        [Identity(lead=lead, kind=key.kind, scope=key.scope, value=key.value) for key in keys],
        ignore_conflicts=True,
    )
    return _holders(keys)


def _holders(keys: list[IdentityKey]) -> dict[IdentityKey, int]:
    """Return the id of the lead that holds each of `keys`, as far as somebody does."""
    found = Identity.objects.filter(value__in=[key.value for key in keys]).values_list(
        "kind", "scope", "value", "lead"
    )
    holders = {IdentityKey(kind, scope, value): lead for kind, scope, value, lead in found}
    return {key: holders[key] for key in keys if key in holders}


def _lock_number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
