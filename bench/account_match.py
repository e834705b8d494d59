"""Measure finding a company by its name among many, beside asking for the very same name.

    .venv/bin/python -m bench.with_servers account_match [--accounts 50000]

Goal: under 5 ms for a name nearly the same, by the index.
"""

import argparse
import random
import sys
from statistics import quantiles
from time import perf_counter

import django

django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from leads.account_match import LIKE, by_name  # noqa: E402
from leads.instants import database_now  # noqa: E402
from leads.models import Account, Role, User  # noqa: E402
from leads.normalising import company_key  # noqa: E402
from revops.defaults.load import load_defaults  # noqa: E402

GOAL_MS, ASKED = 5.0, 400
SOUNDS = (
    "al an ar bel bor cal can cor dan del dor en far fin gal gen hal in kar lan lor lum mar mer"
)
MORE = (
    "mon nor ol or pan par per qua ral ran ri ro sal san sol tan tar tel tor ul val ver vin xan zen"
)
KINDS = "Logistics Payments Systems Foods Energy Health Capital Software Media Partners Motors Labs"


def names(count: int, choose: random.Random) -> list[str]:
    sounds, kinds = f"{SOUNDS} {MORE}".split(), KINDS.split()
    return [
        f"{''.join(choose.choices(sounds, k=3)).title()} {choose.choice(kinds)}"
        for _ in range(count)
    ]


def misspelt(name: str) -> str:
    """Return a name with its last letter doubled."""
    return name + name[-1]


def p50_p99(asked: list[str]) -> tuple[float, float]:
    """Return the milliseconds of one question, in the middle and in the worst of a hundred."""
    took = []
    for name in asked:
        start = perf_counter()
        by_name(name)
        took.append((perf_counter() - start) * 1000)
    cuts = quantiles(took, n=100)
    return cuts[49], cuts[98]


def uses_the_index(key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {LIKE}", {"key": key, "least": 0.85, "has_domain": False})
        return any("account_name_like" in line for (line,) in cursor.fetchall())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=50_000)
    count = parser.parse_args().accounts
    call_command("migrate", verbosity=0)
    admin = User.objects.create_user("admin@example.com", name="Admin")
    admin.groups.set(Group.objects.filter(name=Role.ADMIN))
    load_defaults(database_now())
    choose = random.Random(1)
    made = names(count, choose)
    Account.objects.bulk_create(
        (Account(name=name, name_key=company_key(name)) for name in made), batch_size=5_000
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_account")  # as autovacuum does after an import
    some = choose.sample(made, ASKED)
    questions = {
        "the same": some,
        "nearly the same": [misspelt(name) for name in some],
        "new": names(ASKED, random.Random(2)),
    }
    worst = 0.0
    for what, asked in questions.items():
        middle, late = p50_p99(asked)
        worst = max(worst, middle)
        found = sum(by_name(name) is not None for name in asked[:50])
        print(f"{what:16} p50 {middle:6.2f} ms   p99 {late:6.2f} ms   {found} of 50 found")
    by_index = uses_the_index(company_key(some[0]))
    print(f"{count:,} accounts; by the index: {by_index}; goal p50 under {GOAL_MS} ms")
    return int(worst > GOAL_MS or not by_index)


if __name__ == "__main__":
    sys.exit(main())
