"""Which column of a file is which field, as a map file or the header itself says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, ValidationError

from leads.errors import LeadsError
from leads.importing.cells import CellRefused, Dates, cell_value
from leads.submission_fields import FieldsRefused, HistoricalFields, HistoryFields
from leads.submission_values import ATTRIBUTE_NAME, PROPERTY_NAME

PRESETS = files("leads.importing") / "presets"
LEAD_TARGETS = frozenset(HistoricalFields.model_fields) - {
    "properties",
    "attributes",
    "activities",
    "history",
} | {f"history.{name}" for name in HistoryFields.model_fields}


class BadMap(LeadsError):
    """The map does not fit the file, or is none."""


class MapFile(BaseModel):
    """A map as written.

    columns:     name in the header to field, or to several.
    constants:   field to the value it has in every row.
    values:      column to words of the file and ours.
    zone:        of dates and times that name none.
    date_format: as strptime takes it, where dates are not ISO 8601.
    ignored:     columns known to be of no use, so that they are not listed.
    """

    model_config = ConfigDict(extra="forbid")

    columns: dict[str, str | list[str]] = {}
    constants: dict[str, str | int | float | bool] = {}
    values: dict[str, dict[str, str]] = {}
    zone: str = ""
    date_format: str = ""
    ignored: list[str] = []


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A map fitted to a header: which cell goes where, and which columns nobody asked for."""

    cells: tuple[tuple[int, str, tuple[str, ...]], ...]
    constants: tuple[tuple[str, object], ...]
    values: dict[str, dict[str, str]]
    dates: Dates
    unused: tuple[str, ...]

    def payload(self, cells: list[str]) -> dict[str, object]:
        """Return a row's fields as JSON values; blank cells are left out.

        Raises FieldsRefused for cells that can't be read as their fields.
        """
        payload, faults = self.read(cells)
        if faults:
            raise FieldsRefused(list(faults.values()))
        return payload

    def read(self, cells: list[str]) -> tuple[dict[str, object], dict[str, tuple[str, str]]]:
        """Return what `payload` does of the cells that can be read, and by field the column and
        fault of each other.
        """
        payload: dict[str, object] = {}
        faults: dict[str, tuple[str, str]] = {}
        for field, value in self.constants:
            _put(payload, field, value)
        for position, column, fields in self.cells:
            text = cells[position].strip()
            text = self.values.get(column, {}).get(text, text)
            for field in fields if text else ():
                try:
                    _put(payload, field, cell_value(text, field, self.dates))
                except CellRefused as refused:
                    faults[field] = column, str(refused)
        return payload, faults


def read_map(name: str) -> MapFile:
    """Return the map in the file `name`, or the preset of that name. Raises BadMap."""
    path = Path(name)
    preset = PRESETS / f"{name}.json"
    try:
        text = preset.read_text() if path.name == name and preset.is_file() else path.read_text()
        return MapFile.model_validate_json(text, strict=True)
    except OSError as error:
        raise BadMap(f"There is no map {name}. Presets: {', '.join(preset_names())}.") from error
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadMap(f"{name} is not a map: {error}") from error


def preset_names() -> list[str]:
    return sorted(each.name.removesuffix(".json") for each in PRESETS.iterdir())


def fit_map(
    written: MapFile | None, header: list[str], *, targets: Iterable[str], zone: str
) -> ColumnMap:
    """Fit a map to `header`; without one, columns called like a field are that field.

    targets: fields that a row can have; besides them properties.NAME and attributes.NAME.
    zone:    of dates and times without one, unless the map names it.
    Raises BadMap for unknown fields, columns that are not there, two columns for one field.
    """
    known = set(targets)
    map_file = written or MapFile(columns=_by_name(header, known))
    columns = {
        column: (fields,) if isinstance(fields, str) else tuple(fields)
        for column, fields in map_file.columns.items()
    }
    _check(columns, map_file, header, known)
    dates = Dates(_zone(map_file.zone or zone), map_file.date_format)
    unused = [name for name in header if name and name not in {*columns, *map_file.ignored}]
    return ColumnMap(
        cells=tuple((header.index(column), column, each) for column, each in columns.items()),
        constants=tuple(
            (field, cell_value(value, field, dates) if isinstance(value, str) else value)
            for field, value in map_file.constants.items()
        ),
        values=map_file.values,
        dates=dates,
        unused=tuple(unused),
    )


def _by_name(header: list[str], known: set[str]) -> dict[str, str | list[str]]:
    named = {name: name.casefold().replace(" ", "_").replace("-", "_") for name in header}
    return {name: field for name, field in named.items() if _is_field(field, known)}


def _check(
    columns: dict[str, tuple[str, ...]], map_file: MapFile, header: list[str], known: set[str]
) -> None:
    if not columns:
        raise BadMap("No column is called like a field. Give a --map.")
    fields = [field for each in columns.values() for field in each]
    faults = {
        "The file has no column": {*columns, *map_file.values} - set(header),
        "There is no field": {
            field for field in (*fields, *map_file.constants) if not _is_field(field, known)
        },
        "Two columns are mapped to": {field for field in fields if fields.count(field) > 1},
    }
    for complaint, names in faults.items():
        if names:
            raise BadMap(f"{complaint} {', '.join(sorted(names))}.")


def _is_field(field: str, known: set[str]) -> bool:
    group, _, name = field.partition(".")
    if group == "properties":
        return bool(PROPERTY_NAME.match(name))
    if group == "attributes":
        return bool(ATTRIBUTE_NAME.match(name))
    return field in known


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise BadMap(f"“{name}” is no time zone. Write it like Europe/Berlin.")
    return ZoneInfo(name)


def _put(payload: dict[str, object], field: str, value: object) -> None:
    group, _, name = field.partition(".")
    if not name:
        payload[field] = value
        return
    inner = payload.setdefault(group, {})
    assert isinstance(inner, dict)
    inner[name] = value
