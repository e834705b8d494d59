"""What follows from what a rep of the demo does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from revops.demo.deals import Deals
from revops.demo.ledger import Case


class Afterwards(Protocol):
    """What follows from an answer, and when."""

    deals: Deals

    def plan(self, at: datetime, action: Callable[[datetime], None]) -> None: ...
    def reroute(self, case: Case, at: datetime) -> None: ...
    def wake(self, case: Case, zone: str) -> None: ...
    def expect_review(self, case: Case, at: datetime) -> None: ...
