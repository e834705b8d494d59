"""Looking into and emptying all tables at once."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

# Made with the schema; making them again takes longer than most tests.
KEPT = {
    model._meta.db_table for model in (ContentType, Permission, Group, Group.permissions.through)
}


def run(sql: str) -> str:
    """Run SQL; return what it gave first as text, blank for nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0]) if cursor.description else ""


@transaction.atomic
def run_without_triggers(sql: str) -> None:
    run(
        f"SET LOCAL session_replication_role = replica; {sql};"
        " SET LOCAL session_replication_role = origin"
    )


def count_rows() -> dict[str, int]:
    """Return the number of rows of each table."""
    names = connection.introspection.table_names()
    return {name: int(run(f'SELECT count(*) FROM "{name}"')) for name in names}


def empty_tables() -> None:
    """Leave the tables as `flush` does, in a tenth of the time."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    run_without_triggers(";".join(f'DELETE FROM "{name}"' for name in {*names} - KEPT))
