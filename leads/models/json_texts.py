"""JSON that many rows carry at once."""

from __future__ import annotations

from typing import Any

from django.db import models


class JSONTextField(models.JSONField):
    """JSON of which many rows are written at once.

    A field with a placeholder of its own is written as values, not as an array of texts, over which
    psycopg takes longer than the database over all else.
    """

    def get_placeholder(self, value: object, compiler: object, connection: object) -> str:
        return "%s"

    def deconstruct(self) -> Any:
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options
