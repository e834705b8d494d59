import logging
import signal
import threading
from collections.abc import Callable

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections, connection

from revops.pulse import try_to_leave
from revops.sweep import stand_by, stand_by_to_send, sweep

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# What a mail that is being sent gets when the process is to stop.
PATIENCE_SECONDS = 10.0


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
        # Apart, so that a mail server that stalls makes no clock late.
        sender = threading.Thread(target=_keep_looking, args=(stand_by_to_send, stopped))
        sender.daemon = True
        sender.start()
        _keep_looking(stand_by, stopped)
        sender.join(PATIENCE_SECONDS)
        try_to_leave()


def _keep_looking(look: Callable[[], int], stopped: threading.Event) -> None:
    """Look every second. Whatever fails, such as a database that is away, is tried again then."""
    while not stopped.wait(PAUSE_SECONDS):
        close_old_connections()
        try:
            look()
        except Exception:
            logger.exception("A look failed.")
    connection.close()
