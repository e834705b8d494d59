"""Reading a CSV file that somebody else wrote: its encoding, its delimiter, row by row."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from leads.errors import LeadsError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MOST_COLUMNS = 250
# Tried before all others, which a short sample is easily taken for.
LIKELY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"]
CHUNK = 1 << 20
SAMPLE = 1 << 16
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Unreadable(LeadsError):
    """The file as a whole can't be taken."""


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a file is to be read. `encoding_by` says how its encoding is known; `lines` counts
    line ends, a little more than rows where cells hold some.
    """

    path: Path
    sha256: str
    encoding: str
    encoding_by: str
    delimiter: str
    header: list[str]
    lines: int

    def __str__(self) -> str:
        return (
            f"{self.path.name}: {self.encoding} ({self.encoding_by}), separated by"
            f" {DELIMITERS.get(self.delimiter, repr(self.delimiter))}, {len(self.header)} columns"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` as a spreadsheet counts, the header being 1. `fault`: why not to use it."""

    number: int
    cells: list[str]
    fault: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.fault and not any(cell.strip() for cell in self.cells)


@dataclass(slots=True)
class _Scan:
    """What one pass over the bytes of a file tells."""

    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    lines: int = 0
    head: bytes = b""
    beyond_ascii: bytes = b""
    is_utf8: bool = True


def read_layout(path: Path, *, encoding: str = "", delimiter: str = "") -> TableLayout:
    """Find out how to read `path`; what the caller knows better is given.

    Raises Unreadable for a file without rows, without a usable header or that is no text.
    """
    try:
        scan = _scan(path)
        found, found_by = (encoding, "as asked") if encoding else _encoding(scan)
        with _open(path, found) as text:
            head = text.read(SAMPLE)
    except (OSError, UnicodeError, LookupError) as error:
        raise Unreadable(f"{path} can't be read: {error}.") from error
    if not head.strip():
        raise Unreadable(f"{path} is empty.")
    separator = delimiter or _delimiter(head)
    layout = TableLayout(
        path=path,
        sha256=scan.digest.hexdigest(),
        encoding=found,
        encoding_by=found_by,
        delimiter=separator,
        header=_header(path, head, separator),
        lines=scan.lines,
    )
    if all(row.is_blank for row in rows(layout)):
        raise Unreadable(f"{path} has a header and no rows.")
    return layout


def rows(layout: TableLayout) -> Iterator[Row]:
    """Return the rows after the header as they are read, blank ones too."""
    with _open(layout.path, layout.encoding) as text:
        reader = csv.reader(text, delimiter=layout.delimiter)
        number = 0
        while True:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(number, [], f"The row can't be read: {error}. Is a quote left open?")
                continue
            if number > 1:
                yield Row(number, cells, _fault(cells, layout))


def _fault(cells: list[str], layout: TableLayout) -> str:
    if not any(cell.strip() for cell in cells):
        return ""
    if len(cells) != len(layout.header):
        return f"It has {len(cells)} cells where the header has {len(layout.header)}."
    together = "".join(cells)
    if "\0" in together:
        return "It has a NUL character in it."
    if any("\udc80" <= character <= "\udcff" for character in together):
        return f"It has a character that is not {layout.encoding}."
    return ""


def _open(path: Path, encoding: str) -> IO[str]:
    # What does not fit the encoding becomes half a surrogate, and its row is refused alone.
    return path.open(encoding=encoding, errors="surrogateescape", newline="")


def _scan(path: Path) -> _Scan:
    scan = _Scan()
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            scan.digest.update(chunk)
            scan.lines += chunk.count(b"\n")
            scan.head = scan.head or chunk[:SAMPLE]
            if scan.is_utf8:
                scan.is_utf8 = _goes_on(decoder, chunk)
            if not chunk.isascii() and len(scan.beyond_ascii) < SAMPLE:
                telling = [line for line in chunk.splitlines() if not line.isascii()]
                scan.beyond_ascii += b"\n".join(telling)[:SAMPLE]
    scan.is_utf8 = scan.is_utf8 and _goes_on(decoder, b"", final=True)
    return scan


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _encoding(scan: _Scan) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if scan.head.startswith(mark):
            return encoding, "by its byte order mark"
    if scan.is_utf8:
        return "utf-8", "valid throughout"
    sample = scan.beyond_ascii
    guesses = from_bytes(sample, cp_isolation=LIKELY) or from_bytes(sample)
    best = guesses.best()
    if best is None:
        raise Unreadable("The encoding can't be told. Give it with --encoding.")
    # Of those that are as good, the one that most spreadsheets write.
    as_good = {
        encoding
        for guess in guesses
        if (guess.chaos, -guess.coherence) <= (best.chaos, -best.coherence)
        for encoding in guess.could_be_from_charset
    }
    found = LIKELY[0] if LIKELY[0] in as_good else best.encoding
    return found, "guessed; correct it with --encoding"


def _delimiter(head: str) -> str:
    """Return the delimiter that gives the most columns of the same number in each row."""
    lines = head.splitlines(keepends=True)[:50]

    def fitness(delimiter: str) -> tuple[int, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
        even = sum(width == widths[0] for width in widths)
        return (even if widths[0] > 1 else 0), widths[0]

    best = max(DELIMITERS, key=fitness)
    return best if fitness(best)[0] else ","


def _header(path: Path, head: str, delimiter: str) -> list[str]:
    if "\0" in head.partition("\n")[0]:
        raise Unreadable(f"{path} is not a CSV file, or in an encoding to be given by --encoding.")
    lines = head.splitlines(keepends=True)
    header = [name.strip() for name in next(csv.reader(lines, delimiter=delimiter))]
    if len(header) > MOST_COLUMNS:
        raise Unreadable(f"{path} has {len(header)} columns; {MOST_COLUMNS} is the most.")
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise Unreadable(f"{path} has these columns twice: {', '.join(sorted(twice))}.")
    return header
