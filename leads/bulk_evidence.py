"""What is known of many leads at once, a chunk at a time: memory stays flat however many."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.utils.functional import cached_property

from leads.activity_series import Series, instant_of, make_series, microseconds
from leads.evidence import Evidence
from leads.known_facts import Known, all_facts, newest_facts, rows_of

# As many as PostgreSQL reads without helpers or temporary files: to start those takes it longer.
CHUNK = 100

# Instants come as microseconds and JSON as text: what the ORM makes of a row outlasts its score.
# As floats, exact till 2106: `extract` reckons them as decimals, for a third of the whole query.
# What is alike comes in one row: a lead does little that nobody did before.
ACTIVITIES = """
    SELECT lead_id, account_id, kind, properties::text,
        string_agg((date_part('epoch', occurred_at) * 1000000)::bigint::text, ' ')
    FROM (
        SELECT * FROM leads_activity WHERE lead_id = ANY(%s)
        UNION ALL
        SELECT * FROM leads_activity WHERE lead_id IS NULL AND account_id = ANY(%s)
    ) activity
    WHERE occurred_at <= %s
    GROUP BY lead_id, account_id, kind, properties
"""
# The places of these in the rows of either.
KIND, PROPERTIES = 2, 3
# What an import tells of the past counts as if it had been known then.
ACTIVITIES_AS_TOLD = """
    SELECT lead_id, account_id, kind, properties::text,
        string_agg((date_part('epoch', occurred_at) * 1000000)::bigint::text, ' '),
        string_agg((date_part('epoch', told_at) * 1000000)::bigint::text, ' ')
    FROM (
        SELECT activity.*, CASE WHEN submission.is_historical IS FALSE
            THEN greatest(activity.recorded_at, occurred_at) ELSE occurred_at END AS told_at
        FROM (
            SELECT * FROM leads_activity WHERE lead_id = ANY(%s)
            UNION ALL
            SELECT * FROM leads_activity WHERE lead_id IS NULL AND account_id = ANY(%s)
        ) activity
        LEFT JOIN leads_submission submission ON submission.id = activity.submission_id
        WHERE occurred_at <= %s
    ) activity
    GROUP BY lead_id, account_id, kind, properties
"""
ACCOUNTS = "SELECT id, account_id FROM leads_lead WHERE id = ANY(%s)"


@dataclass(frozen=True)
class History:
    """All that was known of a lead up to an instant: fact snapshots, oldest first, and activities.

    What was done counts from when it was told, facts from when they were known.
    """

    lead_id: int
    known: Sequence[Known]
    series: Sequence[Series]
    looked_at: dict[datetime, Evidence] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def at(self, at: datetime) -> Evidence:
        """Return the evidence as it stood at `at` (aware); the same object when asked again."""
        evidence = self.looked_at.get(at)
        if evidence is None:
            instant = microseconds(at)
            series = [cut for each in self.series if (cut := each.until(instant))]
            evidence = self.looked_at[at] = Evidence(self.facts_at(at), series, at)
        return evidence

    def facts_at(self, at: datetime) -> Mapping[str, object]:
        """Return the facts as they were known at `at`."""
        place = bisect_right(self.known, at, key=lambda each: each.known_from)
        return self.known[place - 1].facts if place else {}

    @cached_property
    def news_at(self) -> frozenset[datetime]:
        """The instants at which something became known."""
        instants = {each for series in self.series for each in series.known}
        return frozenset(map(instant_of, instants)).union(each.known_from for each in self.known)


def evidence_in_bulk(lead_ids: Sequence[int], at: datetime) -> Iterator[tuple[int, Evidence]]:
    """Yield each lead of `lead_ids`, in that order, with what was known of it at `at`.

    The same as `fact_history.evidence_for` one by one, in three queries for every 100 leads.
    """
    for ids in in_chunks(lead_ids):
        yield from evidence_of(_accounts(ids), at)


def evidence_of(accounts: Mapping[int, int | None], at: datetime) -> Iterator[tuple[int, Evidence]]:
    """Yield each lead with what was known of it at `at`, in two queries for every 100.

    accounts: the id of each lead's account; None for a lead without one.
    """
    for ids in in_chunks([*accounts]):
        facts = newest_facts(ids, at)
        series = series_of_all({lead_id: accounts[lead_id] for lead_id in ids}, at)
        for lead_id in ids:
            yield lead_id, Evidence(facts.get(lead_id, {}), series[lead_id], at)


def histories(lead_ids: Sequence[int], until: datetime) -> Iterator[History]:
    """Yield each lead of `lead_ids`, in that order, with its history up to `until`."""
    for ids in in_chunks(lead_ids):
        known = all_facts(ids, until)
        series = _series_as_told(_accounts(ids), until)
        for lead_id in ids:
            yield History(lead_id, known[lead_id], series[lead_id])


def evenly(found: Sequence[Any], most: int) -> Sequence[Any]:
    """Return up to `most` of what was found, at even distances."""
    if len(found) <= most:
        return found
    return [found[place * len(found) // most] for place in range(most)]


def in_chunks(lead_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (lead_ids[start : start + CHUNK] for start in range(0, len(lead_ids), CHUNK))


def series_of_all(accounts: Mapping[int, int | None], until: datetime) -> dict[int, list[Series]]:
    """Return what each lead and its account did up to `until`.

    accounts: the id of each lead's account; None for a lead without one.
    """
    found = _Found(accounts)
    for lead_id, account_id, kind, properties, instants in found.rows(ACTIVITIES, until):
        in_order = sorted(map(int, instants.split()))
        found.add(lead_id, account_id, make_series(kind, found.read(properties), in_order))
    return found.series


def _series_as_told(accounts: Mapping[int, int | None], until: datetime) -> dict[int, list[Series]]:
    """Return what each lead and its account did, in the order in which it was told."""
    found = _Found(accounts)
    for lead_id, account_id, kind, properties, *columns in found.rows(ACTIVITIES_AS_TOLD, until):
        happened, heard = (map(int, column.split()) for column in columns)
        in_order = sorted(zip(heard, happened, strict=True))
        told, instants = [each[0] for each in in_order], [each[1] for each in in_order]
        late = () if told == instants else told
        series = make_series(kind, found.read(properties), instants, late)
        found.add(lead_id, account_id, series)
    return found.series


class _Found:
    """The series of some leads, as they are read."""

    def __init__(self, accounts: Mapping[int, int | None]) -> None:
        self.series: dict[int, list[Series]] = {lead_id: [] for lead_id in accounts}
        self._leads_of: dict[int, list[int]] = {}
        self._read: dict[str, Mapping[str, object]] = {}
        for lead_id, account_id in accounts.items():
            if account_id is not None:
                self._leads_of.setdefault(account_id, []).append(lead_id)

    def rows(self, sql: str, until: datetime) -> list[tuple[Any, ...]]:
        """Return the rows of `sql` by kind and properties: what follows depends on no plan."""
        found = rows_of(sql, [list(self.series), list(self._leads_of), until])
        return sorted(found, key=itemgetter(KIND, PROPERTIES))

    def read(self, properties: str) -> Mapping[str, object]:
        """Return what a JSON object says, read once for each text: most are empty or alike."""
        found = self._read.get(properties)
        if found is None:
            found = self._read[properties] = json.loads(properties)
        return found

    def add(self, lead_id: int | None, account_id: int, series: Series) -> None:
        for doer in self._leads_of[account_id] if lead_id is None else (lead_id,):
            self.series[doer].append(series)


def _accounts(ids: Sequence[int]) -> dict[int, int | None]:
    known = dict(rows_of(ACCOUNTS, [list(ids)]))
    return {lead_id: known.get(lead_id) for lead_id in ids}
