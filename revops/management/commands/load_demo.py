from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.instants import database_now
from leads.models import Handoff, Lead
from revops.demo.load import NotEmpty, load_demo


class Command(BaseCommand):
    help = "Load the demo: people, and leads of the last 90 days. Does nothing the second time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=42, help="Another one, other leads.")
        parser.add_argument("--leads", type=int, default=2000, help="How many, 50 or more.")

    def handle(self, *args: object, **options: Any) -> None:
        if options["leads"] < 50:
            raise CommandError("Ask for 50 leads or more.")
        try:
            story = load_demo(seed=options["seed"], leads=options["leads"], now=database_now())
        except NotEmpty as error:
            raise CommandError(str(error)) from error
        if story is None:
            self.stdout.write("The demo is there already. Nothing was changed.")
            return
        leads, handoffs = story.rows.of(Lead), story.rows.of(Handoff)
        self.stdout.write(f"Loaded {len(leads)} leads with {len(handoffs)} handoffs.")
