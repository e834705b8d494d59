"""The file of refused rows: where each stood, why, and what it held."""

from __future__ import annotations

import csv
from types import TracebackType
from typing import IO

from leads.csv_cells import inert
from leads.importing.reading import Row, TableLayout


class RefusedRows:
    """Writes FILE.refused.csv with the first row refused; without any there is no such file."""

    def __init__(self, layout: TableLayout) -> None:
        self.path = layout.path.with_name(f"{layout.path.name}.refused.csv")
        self.header = layout.header
        self.count = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> RefusedRows:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, row: Row, reason: str) -> None:
        if self._file is None:
            # The mark at the start tells spreadsheets that it is UTF-8.
            self._file = self.path.open("w", encoding="utf-8-sig", errors="replace", newline="")
            self._write(["refused_row", "refused_because", *self.header])
        self.count += 1
        self._write([str(row.number), reason, *row.cells])

    def _write(self, cells: list[str]) -> None:
        assert self._file is not None
        csv.writer(self._file).writerow([inert(cell) for cell in cells])
