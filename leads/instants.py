"""Now, as the database says: the one clock that all processes share."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return PostgreSQL's transaction_timestamp(), aware and in UTC: the same all through a
    transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)
    return now
