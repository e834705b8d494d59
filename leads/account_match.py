"""Which account a submission belongs to, by domain or else by name.

Two new companies at once whose names are alike but not the same become two accounts: the lock of
`leads.matching.lock_identities` is on the name itself, since one on all that is like it would make
every other company wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from leads.countries import region_of
from leads.models import Account, AccountDomain, Organisation
from leads.normalising import company_key, domain_and_parents, domain_of, website_domain
from leads.submission_fields import SubmissionFields

SAME = 100
BEST = """
    SELECT account.* FROM leads_account account
    WHERE {condition}
    ORDER BY name_key = %(key)s DESC, similarity(name_key, %(key)s) DESC,
        EXISTS (SELECT 1 FROM leads_opportunity deal JOIN leads_lead lead ON lead.id = deal.lead_id
            WHERE lead.account_id = account.id AND deal.state = 'open') DESC,
        owner_id IS NOT NULL DESC, created_at DESC, id DESC
    LIMIT 1
"""
EQUAL = BEST.format(condition="name_key = %(key)s")
SET_LIKENESS = "SELECT set_config('pg_trgm.similarity_threshold', %s, true)"
LIKE = BEST.format(
    condition="""name_key %% %(key)s AND similarity(name_key, %(key)s) >= %(least)s
        AND (name_key = %(key)s OR NOT (%(has_domain)s AND EXISTS
            (SELECT 1 FROM leads_accountdomain WHERE account_id = account.id)))"""
)


def company_domains(fields: SubmissionFields) -> list[str]:
    """Return the domains that tell the company, most telling first; none for a private address."""
    return _of_companies([domain_of(fields.email), website_domain(fields.website)])


def _of_companies(domains: Iterable[str]) -> list[str]:
    return [found[0] for each in domains if (found := domain_and_parents(each))]


def match_account(fields: SubmissionFields) -> Account | None:
    """Return the account that `fields` belong to with what they tell of it, made if it is new.

    None if the fields name no company. Needs `lock_identities` first.
    """
    account = find_account(fields)
    if account is not None:
        teach(account, fields)
    return account


def find_account(fields: SubmissionFields) -> Account | None:
    """Return the account that `fields` belong to; one that is new is not saved yet.

    By the domain of a company's e-mail or website, or one that it lies under; else by the name
    without legal form, or one spelt nearly so. None if the fields name no company.
    """
    domains = company_domains(fields)
    known = _known_account(fields.company, domains)
    if known is not None or not (company_key(fields.company) or domains):
        return known
    return Account(name=fields.company or domains[0])


def account_on_record(company: str, email: str) -> Account | None:
    """Return the account that somebody of this company and address belongs to; None if none is
    known.
    """
    return _known_account(company, _of_companies([domain_of(email)]))


def _known_account(company: str, domains: Sequence[str]) -> Account | None:
    return _by_domain(domains) or by_name(company, domains)


def _by_domain(domains: Iterable[str]) -> Account | None:
    for domain in domains:
        candidates = domain_and_parents(domain)
        owners = {
            owner.domain: owner.account
            for owner in AccountDomain.objects.filter(domain__in=candidates).select_related(
                "account"
            )
        }
        for candidate in candidates:
            if candidate in owners:
                return owners[candidate]
    return None


def by_name(company: str, domains: Sequence[str] = ()) -> Account | None:
    """Return the account whose name is `company`, or else the one whose name is most like it, from
    the likeness on that the organisation set. None if none is.

    Among names equally like it: one with an open opportunity, then one with an owner, then the
    newest. A name that only is like another is no match where both companies have domains, and
    other ones: those speak against it.
    """
    key = company_key(company)
    if not key:
        return None
    # Before the set-up only the same name counts.
    likeness = Organisation.objects.values_list("company_likeness", flat=True).first() or SAME
    alike: dict[str, object] = {"key": key, "least": likeness / 100, "has_domain": bool(domains)}
    with transaction.atomic(savepoint=False):  # till its end the operator % goes by what is set
        with connection.cursor() as cursor:
            cursor.execute(SET_LIKENESS, [str(likeness / 100)])
        return next(iter(Account.objects.raw(LIKE if likeness < SAME else EQUAL, alike)), None)


def teach(account: Account, fields: SubmissionFields) -> bool:
    """Save `account` with what was not known of it before; what is known stays. Returns whether an
    account that was there learnt something.
    """
    domains, is_new = company_domains(fields), account.pk is None
    is_named = bool(fields.company) and account.name in domains
    if is_named:
        account.name = fields.company
    if is_named or not account.name_key:
        account.name_key = company_key(account.name)
    news = {
        "industry": fields.industry,
        "employees": fields.employees,
        "revenue": fields.revenue,
        "country": fields.country,
        "state": fields.state,
        "region": region_of(fields.country),
        "tech_stack": fields.tech_stack,
    }
    unknown: tuple[object, ...] = ("", None, [])
    learnt = {k: v for k, v in news.items() if v not in unknown and getattr(account, k) in unknown}
    for name, value in learnt.items():
        setattr(account, name, value)
    if learnt or is_named or is_new:
        account.save()
    if domains and not account.domains.exists():
        domain = AccountDomain(account=account, domain=domains[0])
        AccountDomain.objects.bulk_create([domain], ignore_conflicts=True)
    return bool(learnt or is_named) and not is_new
