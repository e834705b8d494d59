"""Hands new leads in over HTTP, as another system would, and watches what becomes of each."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from statistics import quantiles
from typing import Any

import httpx

from leads.instants import database_now
from leads.models import IntakeSource, IntakeToken
from leads.tokens import digest_of, issue_token
from revops.demo.newcomers import MIX, Newcomer, history, newcomers

POLL_SECONDS = 0.1
# Who is not processed by then is counted as late.
PATIENCE_SECONDS = 20.0
PATH = "/api/v1/submissions"
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Plan:
    """minutes: for how long; None: until it is stopped."""

    url: str
    per_minute: float
    minutes: float | None = None
    seed: int | None = None

    @property
    def numbers(self) -> Iterable[int]:
        if self.minutes is None:
            return itertools.count()
        return range(max(1, round(self.per_minute * self.minutes)))

    def starts(self, rng: Random) -> Iterator[float]:
        """Yield after how many seconds each lead is sent: evenly, a little off the beat."""
        step = 60 / self.per_minute
        for number in self.numbers:
            yield (number + rng.uniform(0, 0.5)) * step


@dataclass
class Summary:
    """seconds: from the 202 till an answer said that the rep has it, so up to a poll too long."""

    sent: int = 0
    refused: int = 0
    by_state: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def count(self, state: str) -> None:
        self.by_state[state] = self.by_state.get(state, 0) + 1

    def __str__(self) -> str:
        parts = [f"{self.sent} sent", *(f"{count} {what}" for what, count in self.by_state.items())]
        if self.refused:
            parts.append(f"{self.refused} refused")
        if len(self.seconds) > 1:
            at = quantiles(self.seconds, n=20, method="inclusive")
            parts.append(f"202 to passed: p50 {at[9]:.2f} s, p95 {at[18]:.2f} s")
        return ", ".join(parts) + "."


@dataclass(frozen=True, slots=True)
class Sent:
    """A lead that was handed in: where to ask, with which token, since when."""

    newcomer: Newcomer
    token: str
    address: str
    received_at: datetime
    asked_since: float


@contextmanager
def tokens() -> Iterator[Mapping[str, str]]:
    """Issue a token for each source that is needed, and revoke them in the end."""
    sources = IntakeSource.objects.filter(slug__in=MIX, is_active=True)
    issued = {source.slug: issue_token(source) for source in sources}
    try:
        yield issued
    finally:
        digests = [digest_of(token) for token in issued.values()]
        IntakeToken.objects.filter(digest__in=digests).update(revoked_at=database_now())


def run(plan: Plan, *, say: Say, transport: httpx.BaseTransport | None = None) -> Summary:
    """Send what `plan` says, wait for what became of the last, and sum up. Ctrl-C ends it early.

    transport: None goes over the network. Raises httpx.TransportError if nothing answers there.
    """
    summary, rng = Summary(), Random(plan.seed)
    client = httpx.Client(base_url=plan.url, timeout=10, trust_env=False, transport=transport)
    with tokens() as issued, client:
        watch = _Watch(client, summary, say)
        try:
            _send_all(plan, rng, issued, watch)
            watch.until(time.monotonic() + PATIENCE_SECONDS, is_last=True)
        except KeyboardInterrupt:
            say("Stopped.")
    return summary


def _send_all(plan: Plan, rng: Random, issued: Mapping[str, str], watch: _Watch) -> None:
    begin, coming = time.monotonic(), newcomers(rng)
    for start in plan.starts(rng):
        watch.until(begin + start)
        newcomer = next(coming)
        if newcomer.source in issued:
            watch.send(newcomer, issued[newcomer.source], history(rng, database_now()))


@dataclass
class _Watch:
    """Sends, and asks what became of what was sent."""

    client: httpx.Client
    summary: Summary
    say: Say
    waiting: list[Sent] = field(default_factory=list)

    def send(self, newcomer: Newcomer, token: str, done: list[dict[str, object]]) -> None:
        begin = time.monotonic()
        answer = self.client.post(
            PATH,
            json={**newcomer.payload, "activities": done},
            headers={**_bearer(token), "Idempotency-Key": str(uuid.uuid4())},
        )
        now = time.monotonic()
        milliseconds = (now - begin) * 1000
        self.say(
            f"{newcomer.who} ({newcomer.source}): {answer.status_code} in {milliseconds:.0f} ms"
        )
        self.summary.sent += 1
        if answer.status_code != httpx.codes.ACCEPTED:
            self.summary.refused += 1
            return
        told = answer.json()
        received_at = datetime.fromisoformat(told["received_at"])
        self.waiting.append(Sent(newcomer, token, told["status_url"], received_at, now))

    def until(self, deadline: float, *, is_last: bool = False) -> None:
        """Ask about what waits till `deadline`; the last time only as long as something does."""
        while time.monotonic() < deadline and (self.waiting or not is_last):
            for sent in list(self.waiting):
                self._ask(sent)
            time.sleep(max(0, min(POLL_SECONDS, deadline - time.monotonic())))

    def _ask(self, sent: Sent) -> None:
        told = self.client.get(sent.address, headers=_bearer(sent.token)).json()
        is_late = time.monotonic() - sent.asked_since > PATIENCE_SECONDS
        if told["state"] == "pending" and not is_late:
            return
        self.waiting.remove(sent)
        self.say(f"  {sent.newcomer.who}: {self._outcome(sent, told)}")

    def _outcome(self, sent: Sent, told: dict[str, Any]) -> str:
        """Count what became of a lead and return it in words."""
        handoff = told["handoff"]
        if told["state"] != "done" or handoff is None:
            state = "kept for nurture" if told["state"] == "done" else told["state"]
            self.summary.count(state)
            return f"{state} {told['error']}".strip()
        if handoff["state"] != "passed":
            self.summary.count(handoff["state"])
            return f"{handoff['state']}, with {handoff['held_by']}"
        if datetime.fromisoformat(handoff["since"]) < sent.received_at:
            self.summary.count("joined")
            return f"joined what {handoff['held_by']} has already"
        took = time.monotonic() - sent.asked_since
        self.summary.count("passed")
        self.summary.seconds.append(took)
        return f"passed to {handoff['held_by']} after {took:.1f} s"


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
