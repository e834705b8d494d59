"""Many leads with facts and activities, written as fast as the database takes them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction

from leads.models import FactSnapshot, IntakeSource, Lead, Queue, Role, User
from revops.defaults.load import load_defaults

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
PAST_DAYS = 180
BATCH = 5_000
# A statement may take no longer than the settings say.
COPIED_AT_ONCE = 100_000
INDUSTRIES = ("software", "fintech", "retail", "health", "energy", "media")
SENIORITIES = ("individual", "manager", "director", "vp", "c_level")
FUNCTIONS = ("sales", "marketing", "it", "finance", "engineering")
# How often each kind of activity comes, in a thousand.
KINDS = {
    "page_view": 500,
    "email_click": 180,
    "content_download": 120,
    "pricing_view": 90,
    "case_study_view": 60,
    "webinar_attendance": 40,
    "demo_request": 10,
}


def prepare() -> None:
    """Migrate, and load what ships, live since long before `AT`. Somebody owns the queues."""
    call_command("migrate", verbosity=0)
    admin = User.objects.create_user("admin@example.com", name="Admin")
    admin.groups.set(Group.objects.filter(name=Role.ADMIN))
    load_defaults(datetime(2025, 1, 1, tzinfo=UTC))


def make_leads(number: int, *, activities: int) -> None:
    """Add `number` leads with one or two fact snapshots, and `activities` in all."""
    choose = random.Random(1)
    with transaction.atomic(), connection.cursor() as cursor:
        # Each lead's first ledger rows are left out: nothing that is measured reads them.
        cursor.execute("SET LOCAL session_replication_role = replica")
        leads = _leads(number, choose)
        while batch := [lead for _, lead in zip(range(BATCH), leads, strict=False)]:
            made = Lead.objects.bulk_create(batch)
            FactSnapshot.objects.bulk_create(_snapshots(made, choose))
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for start in range(0, activities, COPIED_AT_ONCE):
            number = min(COPIED_AT_ONCE, activities - start)
            _copy_activities(cursor.cursor, ids, number, choose)
        cursor.execute("ANALYZE")


def _leads(number: int, choose: random.Random) -> Iterator[Lead]:
    source, queue = IntakeSource.objects.get(slug="website"), Queue.objects.get(key="nurture")
    for place in range(number):
        entered_at = AT - timedelta(days=choose.uniform(1, PAST_DAYS))
        yield Lead(
            name=f"Lead {place}",
            email=f"lead{place}@example.com",
            source=source,
            queue=queue,
            stage_id="ml",
            stage_since=entered_at,
            entered_at=entered_at,
        )


def _snapshots(leads: list[Lead], choose: random.Random) -> list[FactSnapshot]:
    rows = []
    for lead in leads:
        facts = _facts(choose)
        rows.append(FactSnapshot(lead=lead, known_from=lead.entered_at, facts=facts))
        if choose.random() < 0.3:
            later = lead.entered_at + (AT - lead.entered_at) * choose.random()
            more = {**facts, "person.phone": "+46 8 000"}
            rows.append(FactSnapshot(lead=lead, known_from=later, facts=more))
    return rows


def _facts(choose: random.Random) -> dict[str, object]:
    return {
        "person.email": "a@b.example",
        "person.seniority": choose.choice(SENIORITIES),
        "person.function": choose.choice(FUNCTIONS),
        "person.email_is_free": choose.random() < 0.2,
        "account.name": "B",
        "account.country": "se",
        "account.industry": choose.choice(INDUSTRIES),
        "account.employees": int(choose.lognormvariate(5.5, 1.5)),
        "account.region": choose.choice(("emea", "amer", "apac")),
    }


def _copy_activities(cursor: object, ids: list[int], number: int, choose: random.Random) -> None:
    kinds, weights = list(KINDS), list(KINDS.values())
    columns = "lead_id, kind, properties, occurred_at, recorded_at, external_id"
    with cursor.copy(f"COPY leads_activity ({columns}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        for kind, place in zip(choose.choices(kinds, weights, k=number), count(), strict=False):
            when = AT - timedelta(days=choose.uniform(0, PAST_DAYS))
            copy.write_row((ids[place % len(ids)], kind, "{}", when, when, ""))
