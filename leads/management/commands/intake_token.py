from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from leads.importing.command import known_source
from leads.tokens import issue_token


class Command(BaseCommand):
    help = "Print a new token of a source for the intake API. It can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(issue_token(known_source(options["source"])))
