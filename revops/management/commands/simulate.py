from __future__ import annotations

import logging
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from revops.demo.simulation import Plan, run

MOST_PER_MINUTE, MOST_MINUTES = 600, 24 * 60


class Command(BaseCommand):
    help = "Post new leads to the intake API, evenly, and say what became of each, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--per-minute", type=float, default=6, help="How many leads a minute.")
        parser.add_argument("--minutes", type=float, help="For how long; left out: until Ctrl-C.")
        parser.add_argument("--url", default=settings.BASE_URL, help="Where Handoff is.")
        parser.add_argument("--seed", type=int, help="The same one, the same leads.")

    def handle(self, *args: object, **options: Any) -> None:
        per_minute, minutes = options["per_minute"], options["minutes"]
        if not 0 < per_minute <= MOST_PER_MINUTE or not (
            minutes is None or 0 < minutes <= MOST_MINUTES
        ):
            raise CommandError(
                f"Between 0 and {MOST_PER_MINUTE} a minute, for {MOST_MINUTES} minutes at most."
            )
        plan = Plan(options["url"].rstrip("/"), per_minute, minutes, options["seed"])
        # Each lead has a line of its own; one for each request would bury it.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        how_long = f"for {minutes:g} minutes" if minutes else "until Ctrl-C"
        self.stdout.write(f"{per_minute:g} leads a minute to {plan.url}, {how_long}.")
        try:
            summary = run(plan, say=self.stdout.write)
        except httpx.TransportError as error:
            raise CommandError(f"{plan.url} can't be reached: {error}") from error
        self.stdout.write(str(summary))
