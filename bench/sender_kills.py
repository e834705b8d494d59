"""Kill the sender of mail at random moments, while many wait to be sent, and see what arrives.

    .venv/bin/python -m bench.with_servers sender_kills [--mails 1000] [--kills 50]

The standby is the sender, a real process; the mail server is a local one that keeps all that it
takes and needs a moment for each. Every fifth person is told of five things at once, which go as
one list. Goals: each message arrives; not more arrive twice than senders were killed, nor more than
0.5 percent, and each under the Message-ID that it had. What is killed when is random; --seed
repeats it.
"""

import argparse
import os
import random
import re
import sys
import time
from collections import Counter, defaultdict
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from bench.processes import STANDBY, processes
from bench.rota_passing import prepare  # sets Django up first
from leads.instants import database_now
from leads.models import User
from sla.models import Notification
from sla.outbox import Message, write
from tests.sla.smtp_server import Server, smtp_server

MOST_TWICE = 0.005
LONGEST_WAIT_S = 900.0
MANY_AT_ONCE, EACH_NTH = 5, 5
NEWS = re.compile(r"news (\d+)\b")
SECONDS_A_MAIL = 0.02


def tell(number: int) -> int:
    """Tell so many people: each of one thing, or of five that go as one list. Returns how many
    things they were told.
    """
    people = User.objects.bulk_create(
        User(email=f"p{each}@example.com", name=f"Person {each}", is_quiet_off_hours=False)
        for each in range(number)
    )
    told = [
        person
        for each, person in enumerate(people)
        for _ in range(MANY_AT_ONCE if each % EACH_NTH == 0 else 1)
    ]
    kind = Notification.Kind.MOVED
    messages = [
        Message(person, kind, f"moved:{each}", f"This is news {each}")
        for each, person in enumerate(told)
    ]
    write(messages, at=database_now())
    return len(messages)


def waiting() -> int:
    return Notification.objects.filter(state=Notification.State.WAITING).count()


def kill_while_sending(server: Server, mails: int, kills: int, chance: random.Random) -> None:
    """Kill a sender so often, each after some of what it has to send; then let one do the rest."""
    with processes() as running:
        for kill in range(1, kills + 1):
            sender, had = running.start(*STANDBY), len(server.received)
            enough = had + chance.randint(1, max(1, mails // (2 * kills)))
            give_up_at = time.monotonic() + 60
            while len(server.received) < enough and time.monotonic() < give_up_at:
                time.sleep(0.002)
            time.sleep(chance.uniform(0.0, 0.05))
            running.kill(sender)
            print(f"\r{kill} kills, {len(server.received)} mails taken", end="", flush=True)
        running.start(*STANDBY)
        give_up_at = time.monotonic() + LONGEST_WAIT_S
        while waiting() and time.monotonic() < give_up_at:
            time.sleep(1)
    print()


def text_of(mail: EmailMessage) -> str:
    text = mail.get_body(("plain",))
    assert text
    return f"{mail['Subject']}\n{text.get_content()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20260310)
    options = parser.parse_args()
    prepare(0)
    number = tell(options.mails)
    began = time.monotonic()
    with smtp_server() as server:
        server.thinks_for_s = SECONDS_A_MAIL
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
        kill_while_sending(server, options.mails, options.kills, random.Random(options.seed))
        mails = [message_from_bytes(each.encode(), policy=default) for each in server.received]
    times = Counter(mail["Message-ID"] for mail in mails)
    under: dict[str, set[str]] = defaultdict(set)
    for mail in mails:
        for news in NEWS.findall(text_of(mail)):
            under[news].add(mail["Message-ID"])
    lost = number - len(under)
    twice = sum(each - 1 for each in times.values())
    renamed = sum(len(each) > 1 for each in under.values())
    print(
        f"{options.kills} kills, {number} messages in {len(times)} e-mails: lost {lost} (goal 0),"
        f" {twice} sent twice (goal {options.kills} and {MOST_TWICE:.1%} at most),"
        f" {renamed} under another id (goal 0), {waiting()} still waiting;"
        f" {time.monotonic() - began:.0f} s"
    )
    is_met = not lost and not renamed and twice <= min(options.kills, MOST_TWICE * number)
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
