from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sla.invariants import NEVER, amiss

SHOWN = 20


class Command(BaseCommand):
    help = "Look for what must never be so, and say of which leads it is."

    def handle(self, *args: Any, **options: Any) -> None:
        found = amiss()
        if found:
            lines = (
                f"{what}: {len(leads):,}, the first are leads "
                + ", ".join(str(lead.pk) for lead in leads[:SHOWN])
                for what, leads in found.items()
            )
            raise CommandError("\n".join(lines))
        self.stdout.write(f"Of {len(NEVER)} things that must never be so, none is.")
