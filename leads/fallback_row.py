"""The row that takes what is left stands last in its draft, whatever is added or moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models

from leads.draft_editing import number_rows
from leads.models import VersionedRow


def takes_all(row: Any) -> bool:
    """Whether `row`, of a table with conditions, has none."""
    return not row.conditions


@dataclass(frozen=True)
class FallbackRow:
    """The last row without conditions of a table that is asked from above.

    stays: why it can't be removed, in words.
    """

    model: type[VersionedRow]
    stays: str

    def keep_last(self, draft_id: int) -> None:
        """Put the row without conditions that stands lowest at the end of the draft."""
        rows = list(self.model._default_manager.filter(version=draft_id))
        fallback = next((row for row in reversed(rows) if takes_all(row)), None)
        if fallback is not None and fallback is not rows[-1]:
            number_rows([*(row for row in rows if row is not fallback), fallback])

    def why_it_stays(self, row: models.Model) -> str:
        """Return why a row can't be removed; "" if it can."""
        return self.stays if isinstance(row, self.model) and takes_all(row) else ""
