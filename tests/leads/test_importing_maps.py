import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from leads.importing.cells import CellRefused, Dates, cell_value
from leads.importing.mapping import LEAD_TARGETS, BadMap, MapFile, fit_map, preset_names, read_map
from leads.importing.outcomes import OUTCOME_TARGETS
from leads.submission_fields import FieldsRefused, read_fields

UTC = Dates(ZoneInfo("UTC"))
AMSTERDAM = Dates(ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("120", "employees", 120),
        ("1,200", "employees", 1200),
        ("1 200", "employees", 1200),
        ("120.0", "employees", 120),
        ("12,500.75", "revenue", "12500.75"),
        ("yes", "consent", True),
        ("0", "history.accepted", False),
        ("Python; Django", "tech_stack", ["Python", "Django"]),
        ("2018-02-01", "occurred_at", "2018-02-01T00:00:00+00:00"),
        ("2018-02-01 10:11:12", "occurred_at", "2018-02-01T10:11:12+00:00"),
        ("2018-02-01T10:11:12+02:00", "occurred_at", "2018-02-01T10:11:12+02:00"),
        ("0123", "phone", "0123"),
    ],
)
def test_a_cell_is_read_as_its_field_wants(text, field, expected):
    assert cell_value(text, field, UTC) == expected


@pytest.mark.parametrize(
    ("text", "field"),
    [("many", "employees"), ("1,2", "employees"), ("perhaps", "consent"), ("soon", "occurred_at")],
)
def test_a_cell_that_is_not_what_its_field_wants_is_refused(text, field):
    with pytest.raises(CellRefused):
        cell_value(text, field, UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2011-10-01", "2011-10-01T00:00:00+02:00", id="summer"),
        pytest.param("2011-11-01", "2011-11-01T00:00:00+01:00", id="winter"),
        pytest.param("2011-10-30 02:30:00", "2011-10-30T02:30:00+02:00", id="the hour told twice"),
    ],
)
def test_a_date_without_a_zone_is_in_the_zone_given(text, expected):
    assert cell_value(text, "occurred_at", AMSTERDAM) == expected


def test_another_form_of_dates_can_be_told():
    dates = Dates(ZoneInfo("UTC"), "%d.%m.%Y")
    assert cell_value("31.12.2024", "occurred_at", dates) == "2024-12-31T00:00:00+00:00"


def fit(written, header, targets=LEAD_TARGETS):
    return fit_map(MapFile(**written), header, targets=targets, zone="UTC")


def test_without_a_map_columns_called_like_a_field_are_it():
    columns = fit_map(None, ["E-Mail", "Email", "First name", "shoe size"], targets=LEAD_TARGETS, zone="UTC")  # fmt: skip
    assert columns.payload(["x", "a@b.example", "Ann", "43"]) == {
        "email": "a@b.example",
        "first_name": "Ann",
    }
    assert columns.unused == ("E-Mail", "shoe size")


def test_a_map_says_columns_constants_and_words():
    columns = fit(
        {
            "columns": {"id": "source_id", "when": ["occurred_at", "history.opened_at"], "end": "history.outcome", "page": "properties.page"},
            "constants": {"kind": "webinar_attendance", "attributes.batch": 7},
            "values": {"end": {"nee": "declined"}},
        },
        ["id", "when", "end", "page"],
    )  # fmt: skip
    assert columns.payload(["17", "2025-01-01", "nee", ""]) == {
        "source_id": "17",
        "occurred_at": "2025-01-01T00:00:00+00:00",
        "history": {"opened_at": "2025-01-01T00:00:00+00:00", "outcome": "declined"},
        "kind": "webinar_attendance",
        "attributes": {"batch": 7},
    }


def test_a_blank_cell_says_nothing():
    columns = fit({"columns": {"id": "source_id", "origin": "origin"}}, ["id", "origin"])
    assert columns.payload(["17", "  "]) == {"source_id": "17"}
    assert columns.payload(["18", "unknown"])["origin"] == "unknown"


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"columns": {"none": "email"}}, "has no column none"),
        ({"columns": {"a": "shoe_size"}}, "no field shoe_size"),
        ({"columns": {"a": "attributes.Upper"}}, "no field attributes.Upper"),
        ({"columns": {"a": "email"}, "constants": {"colour": "x"}}, "no field colour"),
        ({"columns": {"a": "email", "b": "email"}}, "Two columns are mapped to email"),
        ({"columns": {"a": "email"}, "values": {"c": {}}}, "has no column c"),
        ({"columns": {"a": "email"}, "zone": "Mars/Base"}, "no time zone"),
        ({}, "Give a --map"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(written, complaint):
    with pytest.raises(BadMap, match=complaint):
        fit(written, ["a", "b"])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"colums": {}}', '{"columns": {"a": 1}}'])
def test_a_file_that_is_no_map_is_refused(tmp_path, text):
    path = tmp_path / "map.json"
    path.write_text(text)
    with pytest.raises(BadMap, match="not a map"):
        read_map(str(path))


def test_an_unknown_map_names_the_presets():
    with pytest.raises(BadMap, match="bpic2012_leads, olist_deals, olist_leads"):
        read_map("none")


@pytest.mark.parametrize("name", ["bpic2012_leads", "olist_deals", "olist_leads"])
def test_a_preset_fits_its_own_columns(name):
    written = read_map(name)
    header = [*written.columns, *written.ignored]
    targets = OUTCOME_TARGETS if name == "olist_deals" else LEAD_TARGETS
    columns = fit_map(written, header, targets=targets, zone="UTC")
    assert not columns.unused
    assert name in preset_names()


def test_the_preset_of_a_lenders_queue_gives_a_whole_history():
    written = read_map("bpic2012_leads")
    header = [*written.columns, "starts"]
    row = "173706,2011-10-01T09:46:18.623+02:00,2011-10-01T10:15:43.883+02:00,10912,1,approved,1"
    columns = fit_map(written, header, targets=LEAD_TARGETS, zone="UTC")
    payload = columns.payload(row.split(","))
    at = datetime(2026, 3, 10, tzinfo=ZoneInfo("UTC"))
    fields = read_fields(payload, at=at, is_historical=True)
    assert (fields.history.handler, fields.history.outcome) == ("10912", "won")
    assert json.dumps(payload)


def test_a_cell_that_cannot_be_read_names_its_column():
    columns = fit({"columns": {"Heads": "employees"}}, ["Heads"])
    with pytest.raises(FieldsRefused, match="Heads: “many” is not a whole number"):
        columns.payload(["many"])
