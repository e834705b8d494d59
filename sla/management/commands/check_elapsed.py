from typing import Any

from django.core.management.base import BaseCommand, CommandError

from leads.instants import database_now
from sla.recount import recount

SHOWN = 20


class Command(BaseCommand):
    help = "Count again what stopped clocks have used, and say which were stored otherwise."

    def handle(self, *args: Any, **options: Any) -> None:
        found = recount(database_now())
        if found.differing:
            ids = ", ".join(map(str, found.differing[:SHOWN]))
            raise CommandError(
                f"{len(found.differing):,} of {found.counted:,} stopped clocks come out otherwise."
                f" The first: {ids}"
            )
        self.stdout.write(f"{found.counted:,} stopped clocks: each comes out as it is stored.")
