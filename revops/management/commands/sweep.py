import logging
import signal
import threading

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from revops.sweep import stand_by, sweep

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Do everything that is due now; with --loop, stand by and do it whenever nobody else does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="Stay and look every second.")

    def handle(self, *args: object, loop: bool, **options: object) -> None:
        if not loop:
            self.stdout.write(f"{sweep('command')} done.")
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(PAUSE_SECONDS):
            _look()


def _look() -> None:
    """One look. Whatever fails, such as a database that is away, is tried again next time."""
    close_old_connections()
    try:
        stand_by()
    except Exception:
        logger.exception("A look failed.")
