"""Rows that SQL of our own reads, as the models they are of: where the ORM takes longer to ask than
the database to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


class Columns(Generic[M]):
    """All columns of a model's table, in the order in which `made` takes them.

    sql: to stand in a SELECT or RETURNING that calls the table `called`.
    """

    def __init__(self, model: type[M], called: str) -> None:
        fields = model._meta.concrete_fields
        self._model = model
        self._names = [field.attname for field in fields]
        # What psycopg does not read as its type by itself, such as JSON.
        reading = [
            (place, getattr(each, "from_db_value", None)) for place, each in enumerate(fields)
        ]
        self._reading = [(place, read) for place, read in reading if read]
        self.sql = ", ".join(f"{called}.{field.column}" for field in fields)

    def __len__(self) -> int:
        return len(self._names)

    def made(self, values: Sequence[Any]) -> M:
        """Return the row that these values of the columns are."""
        row = list(values)
        for place, read in self._reading:
            row[place] = read(row[place], None, connection)
        return self._model.from_db(connection.alias, self._names, row)
