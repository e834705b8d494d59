"""What ships with the product, kept as SQL: most tests start from it, and loading takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from leads import criteria
from leads.models import User
from revops.defaults.load import load_defaults
from routing import table
from sla import calendars, policies
from sla.models import CalendarTerms
from tests.tables import count_rows, empty_tables, run, run_without_triggers

# Each keeps what it read of a published version by its id and by how often attributes changed, which
# for what is shipped comes again in the next test with other attributes.
KEPT_BY_VERSION = (criteria._read_once, policies._read_once, table._read_once)


@dataclass
class Shipped:
    """The rows of all shipped settings and of the admin they name. They lie in the test database
    from the first test to the last; those who do not ask for them find it without.
    """

    owner: dict[str, Any]
    owner_rows: str
    settings: str
    tables: tuple[str, ...]
    is_there: bool = False

    def load(self) -> None:
        """Insert the settings. What triggers would write or check is among them."""
        run_without_triggers(self.settings)

    def restore(self) -> None:
        """Leave the tables as they are for the next test, after one that committed."""
        empty_tables()
        run_without_triggers(f"{self.owner_rows};{self.settings}")

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Take all of it away until the transaction is rolled back, or restored."""
        run_without_triggers(";".join(f'DELETE FROM "{name}"' for name in self.tables))
        self.is_there = False
        try:
            yield
        finally:
            self.is_there = True


def values_of(user: User) -> dict[str, Any]:
    """Return what `from_db` makes the same user of, without asking the database."""
    return {field.attname: getattr(user, field.attname) for field in user._meta.concrete_fields}


def forget_what_was_read() -> None:
    for read in KEPT_BY_VERSION:
        read.cache_clear()


def take_shipped(make_owner: Callable[[], User]) -> Shipped:
    """Load the defaults as the product does, live since 2025, undo it, and leave their rows."""
    with transaction.atomic():
        empty = count_rows()
        owner = values_of(User.objects.get(pk=make_owner().pk))
        alone = count_rows()
        load_defaults(datetime(2025, 1, 1, tzinfo=UTC))
        # What is read of a calendar is kept for all tests: the ids are the same in each.
        for terms in CalendarTerms.objects.select_related("version"):
            calendars.schedule_of(terms.version)
        full = count_rows()
        owners = [name for name, rows in alone.items() if rows != empty[name]]
        filled = [name for name, rows in full.items() if rows != alone[name]]
        assert not any(alone[name] for name in filled)
        owner_rows, settings = (";".join(map(inserts_of, names)) for names in (owners, filled))
        transaction.set_rollback(True)
    shipped = Shipped(owner, owner_rows, settings, (*owners, *filled))
    shipped.restore()
    shipped.is_there = True
    return shipped


def inserts_of(name: str) -> str:
    """Return one INSERT with all rows of a table."""
    return run(
        "SELECT format('INSERT INTO %1$I SELECT * FROM jsonb_populate_recordset(NULL::%1$I, %2$L)',"
        f" '{name}', jsonb_agg(to_jsonb(each))) FROM \"{name}\" each"
    )
