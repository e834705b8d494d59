"""A small SMTP server on a free local port that also refuses, stalls and drops the line."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Session(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.server.asked += 1
        if self.server.stalls_at == "greeting":
            self.stall()
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
            self.say("550 no such mailbox")
        elif verb == "DATA":
            return self.take_mail()
        else:
            self.say("221 bye" if verb == "QUIT" else "250 fine")
        return verb != "QUIT"

    def stall(self) -> None:
        """Say nothing more till the other side gives up."""
        while self.rfile.readline():
            pass

    def take_mail(self) -> bool:
        self.say("354 go on")
        lines = list(iter(self.rfile.readline, b".\r\n"))
        if self.server.is_dropping:
            return False
        self.server.received.append(b"".join(lines).decode())
        self.say("250 taken")
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    refused = "nobody"
    stalls_at = "never"
    is_dropping = False
    asked = 0

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
