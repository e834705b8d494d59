"""A small SMTP server on a free local port that also refuses, stalls and drops the line."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Session(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.server.asked += 1
        with suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        if self.server.stalls_at == "greeting":
            self.stall()
            return
        if self.server.is_trickling:
            self.trickle()
            return
        self.say("220 ready")
        for line in iter(self.rfile.readline, b""):
            if not self.answer(line.decode().strip()):
                return

    def answer(self, command: str) -> bool:
        """Answer one command; False ends the session."""
        verb = command[:4].upper()
        if verb == self.server.stalls_at:
            self.stall()
            return False
        if verb == "RCPT" and self.server.refused in command:
            self.say(self.server.refusal)
        elif verb == "MAIL" and self.server.refuses_sender:
            self.say("550 we do not know you")
        elif verb == "DATA":
            return self.take_mail()
        else:
            self.say("221 bye" if verb == "QUIT" else "250 fine")
        return verb != "QUIT"

    def stall(self) -> None:
        """Say nothing more till the other side gives up."""
        self.server.stalled += 1
        while self.rfile.readline():
            pass

    def trickle(self) -> None:
        """Say one letter after the other, and never finish, till the other side hangs up."""
        with suppress(OSError):
            while True:
                self.wfile.write(b"2")
                time.sleep(0.05)

    def take_mail(self) -> bool:
        time.sleep(self.server.thinks_for_s)
        self.say("354 go on")
        mail = self.read_mail()
        if mail is None or self.server.is_dropping:
            return False
        self.server.received.append(mail)
        if self.server.stalls_at == "taken":
            self.stall()
            return False
        self.say("250 taken")
        return True

    def read_mail(self) -> str | None:
        """Return what is sent, or None if the line ends before the mail does."""
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                return b"".join(lines).decode()
            lines.append(line)
        return None


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    refused = "nobody"
    refusal = "550 no such mailbox"
    refuses_sender = False
    stalls_at = "never"
    is_dropping = False
    is_trickling = False
    asked = stalled = 0
    thinks_for_s = 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.received: list[str] = []

    @property
    def port(self) -> int:
        return self.server_address[1]


@contextmanager
def smtp_server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()
