"""Who was passed over in a rota lately, and why, as the traces of the decisions tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from routing.models import Rota, RotaMember

# A row that leads to a territory may lead to any rota of one; then whoever is in this rota counts.
SKIPS = """
    FROM routing_decision decision
    CROSS JOIN LATERAL jsonb_array_elements(decision.trace -> 'skipped') skip
    JOIN routing_routingrule rule
        ON rule.version_id = decision.version_id AND rule.key = skip ->> 'rule'
    WHERE decision.at > %(since)s AND decision.trace -> 'skipped' <> '[]'
        AND (rule.rota_id = %(rota)s OR rule.outcome = 'territory' AND EXISTS (
            SELECT 1 FROM routing_territory WHERE rota_id = %(rota)s
        ) AND (skip ->> 'rep')::bigint = ANY(%(members)s))
        AND (%(rep)s::bigint IS NULL OR (skip ->> 'rep')::bigint = %(rep)s)
"""
COLUMNS = """
    SELECT decision.handoff_id, decision.at, (skip ->> 'rep')::bigint, skip ->> 'name',
        skip ->> 'reason'
"""
ORDER = """
    ORDER BY decision.at DESC, decision.id DESC, skip ->> 'name' LIMIT %(limit)s OFFSET %(offset)s
"""


class PassedOver(NamedTuple):
    handoff_id: int
    at: datetime
    rep_id: int
    name: str
    reason: str


@dataclass(frozen=True)
class Skips:
    """The skips in a rota since an instant, newest first, of everybody or one rep. Counted and
    sliced in the database, so that a paginator takes them.
    """

    rota: Rota
    since: datetime
    rep_id: int | None = None

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*)" + SKIPS)[0][0])

    def __iter__(self) -> Iterator[PassedOver]:
        return iter(self[: len(self)])

    def by_rep(self) -> Counter[int]:
        """Return how often each was skipped, by id."""
        counts = "SELECT (skip ->> 'rep')::bigint, count(*)" + SKIPS + " GROUP BY 1"
        return Counter(dict(self._rows(counts)))

    def __getitem__(self, part: slice) -> list[PassedOver]:
        start = part.start or 0
        rows = self._rows(COLUMNS + SKIPS + ORDER, offset=start, limit=part.stop - start)
        return [PassedOver(*row) for row in rows]

    def _rows(self, sql: str, **more: int) -> Sequence[tuple[Any, ...]]:
        members = RotaMember.objects.filter(rota=self.rota).values_list("rep", flat=True)
        asked: dict[str, Any] = {
            "rota": self.rota.pk,
            "since": self.since,
            "rep": self.rep_id,
            "members": list(members),
        }
        with connection.cursor() as cursor:
            cursor.execute(sql, asked | more)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
