from django.core.management.base import BaseCommand

from leads.instants import database_now
from revops.defaults.load import load_defaults


class Command(BaseCommand):
    help = "Load the shipped stages, criteria, promises, sources and reason codes. Safe to repeat."

    def handle(self, *args: object, **options: object) -> None:
        load_defaults(database_now())
