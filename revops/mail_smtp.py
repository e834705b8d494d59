"""SMTP with an end: however slowly a server answers, the line to it is cut in 45 seconds.

A timeout is of one answer, and begins anew with each byte of it: a server that trickles would hold
its sender, and what waits behind it, for ever.
"""

from __future__ import annotations

import smtplib
import socket
from contextlib import suppress
from threading import Timer
from typing import Any

from django.core.mail.backends import smtp

# Longer than a run of the sender and a slow last message take (sla/sending.py), and over before the
# task that sends is ended, so that admins are told of such a server.
LONGEST_S = 45.0


class _Ends(smtplib.SMTP):
    """A line that another thread cuts once its time is over, under whoever reads from it."""

    _end: Timer | None = None

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        self._end = Timer(LONGEST_S, self._cut)
        self._end.daemon = True
        self._end.start()
        try:
            return super().connect(*args, **kwargs)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._end is not None:
            self._end.cancel()
        super().close()

    def _cut(self) -> None:
        line = self.sock
        if line is not None:
            with suppress(OSError):  # it is closed by now
                # Past TLS, which would take leave of the server first.
                socket.socket.shutdown(line, socket.SHUT_RDWR)


class _EndsWithTls(_Ends, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _EndsWithTls if self.use_ssl else _Ends
