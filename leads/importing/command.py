"""What the two import commands share: options, the announcement, the refused file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from leads.errors import LeadsError
from leads.importing.mapping import ColumnMap, fit_map, preset_names, read_map
from leads.importing.reading import TableLayout, read_layout
from leads.models import IntakeSource, Organisation, Queue

TAB_WORDS = {"tab": "\t", "\\t": "\t"}


def add_file_options(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--source", required=True, metavar="SLUG")
    parser.add_argument(
        "--map",
        metavar="FILE",
        help=f"JSON: which column is which field; or one of {', '.join(preset_names())}",
    )
    parser.add_argument("--delimiter", default="", help="if not the one found: , ; tab |")
    parser.add_argument("--encoding", default="", help="if not the one found")
    parser.add_argument(
        "--zone", default="", help="of dates and times without one, like Europe/Berlin"
    )


@contextmanager
def row_bar(layout: TableLayout) -> Iterator[tqdm[NoReturn]]:
    """Yield a progress bar of a file's rows. Lines that are no rows were counted on, such as blank
    ones; once all is read, the rows that there were are the whole.
    """
    with tqdm(total=max(layout.lines - 1, 1), unit=" rows") as bar:
        yield bar
        bar.total = bar.n
        bar.refresh()


def known_source(slug: str) -> IntakeSource:
    """Return the source of a file. Raises CommandError for one that does not exist, and before
    there is an admin to answer for what is imported.
    """
    if not Queue.objects.exists():
        raise CommandError("Set Handoff up first: open it in a browser and make the first admin.")
    source = IntakeSource.objects.filter(slug=slug).first()
    if source is None:
        slugs = IntakeSource.objects.order_by("slug").values_list("slug", flat=True)
        raise CommandError(f"There is no source {slug}. Sources: {', '.join(slugs)}.")
    return source


def read_table(
    options: dict[str, object], *, targets: frozenset[str]
) -> tuple[TableLayout, ColumnMap]:
    """Return how the file is read and which column is which field. Raises CommandError."""
    path, delimiter = options["file"], str(options["delimiter"])
    assert isinstance(path, Path)
    try:
        layout = read_layout(
            path,
            encoding=str(options["encoding"]),
            delimiter=TAB_WORDS.get(delimiter, delimiter),
        )
        written = read_map(str(options["map"])) if options["map"] else None
        zone = Organisation.objects.values_list("zone", flat=True).first() or "UTC"
        if written and options["zone"]:
            written = written.model_copy(update={"zone": options["zone"]})
        columns = fit_map(
            written, layout.header, targets=targets, zone=str(options["zone"] or zone)
        )
    except LeadsError as error:
        raise CommandError(str(error)) from error
    return layout, columns


def announcement(layout: TableLayout, columns: ColumnMap) -> str:
    """Say how the file is read, so that a wrong guess is seen and corrected."""
    lines = [str(layout), f"Dates without a zone: {columns.dates.zone.key}"]
    if columns.unused:
        lines.append(f"Ignored columns: {', '.join(columns.unused)}")
    return "\n".join(lines)
