"""What ships with the product, kept as SQL: most tests start from it, and loading takes long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from leads import criteria
from leads.models import User
from revops.defaults.load import load_defaults
from routing import table
from sla import calendars, policies
from sla.models import CalendarTerms
from tests.tables import count_rows, run, run_without_triggers

# Each keeps what it read of a published version by its id and by how often attributes changed, which
# for what is shipped comes again in the next test with other attributes.
KEPT_BY_VERSION = (criteria._read_once, policies._read_once, table._read_once)


@dataclass(frozen=True)
class Shipped:
    """The rows of all shipped settings, and the id of the admin they name."""

    owner_id: int
    sql: str

    def load(self) -> None:
        """Insert the rows. What triggers would write or check is among them."""
        for read in KEPT_BY_VERSION:
            read.cache_clear()
        run_without_triggers(self.sql)


def take_shipped(make_owner: Callable[[], User]) -> Shipped:
    """Load the defaults as the product does, live since 2025, and undo it all."""
    with transaction.atomic():
        owner = make_owner()
        before = count_rows()
        load_defaults(datetime(2025, 1, 1, tzinfo=UTC))
        # What is read of a calendar is kept for all tests: the ids are the same in each.
        for terms in CalendarTerms.objects.select_related("version"):
            calendars.schedule_of(terms.version)
        filled = [name for name, rows in count_rows().items() if rows != before[name]]
        assert not any(before[name] for name in filled)
        sql = ";".join(inserts_of(name) for name in filled)
        transaction.set_rollback(True)
    return Shipped(owner.pk, sql)


def inserts_of(name: str) -> str:
    """Return one INSERT with all rows of a table."""
    return run(
        "SELECT format('INSERT INTO %1$I SELECT * FROM jsonb_populate_recordset(NULL::%1$I, %2$L)',"
        f" '{name}', jsonb_agg(to_jsonb(each))) FROM \"{name}\" each"
    )
