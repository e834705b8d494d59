from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leads.submission_fields import FieldsRefused, HistoricalFields, read_fields

JANE = {"email": "jane@lumora.example"}


def refused(at, **fields):
    with pytest.raises(FieldsRefused) as caught:
        read_fields({**JANE, **fields}, at=at)
    return dict(caught.value.errors)


def test_values_come_back_typed_and_normalised(at):
    fields = read_fields(
        {
            "email": " Jane@LUMORA.example",
            "country": "Germany",
            "phone": "030 123456",
            "revenue": 12.5,
            "occurred_at": "2026-03-10T10:30:00+01:00",
        },
        at=at,
    )
    assert fields.email == "jane@lumora.example"
    assert (fields.country, fields.normal_phone) == ("DE", "+4930123456")
    assert fields.revenue == Decimal("12.50")
    assert fields.occurred_at == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("email", "jane", id="no address"),
        pytest.param("email", 5, id="a number as text"),
        pytest.param("employees", "50", id="text as a number"),
        pytest.param("employees", -1, id="below zero"),
        pytest.param("employees", 2**31, id="past the column"),
        pytest.param("employees", True, id="true as a number"),
        pytest.param("consent", 1, id="a number as a truth"),
        pytest.param("revenue", "1e400", id="past all columns"),
        pytest.param("revenue", "NaN", id="not a number"),
        pytest.param("revenue", True, id="true as an amount"),
        pytest.param("country", "Narnia", id="no country"),
        pytest.param("website", "http://[", id="no address of a page"),
        pytest.param("name", "a\0b", id="NUL"),
        pytest.param("name", "a\ud800b", id="half a surrogate pair"),
        pytest.param("name", "a\x1bb", id="escape character"),
        pytest.param("name", "a\nb", id="two lines"),
        pytest.param("name", "a" * 201, id="too long"),
        pytest.param("reason", "a" * 4001, id="too long a text"),
        pytest.param("occurred_at", "2026-03-10", id="a date alone"),
        pytest.param("occurred_at", "2026-03-10T10:00:00", id="no zone"),
        pytest.param("occurred_at", 1_700_000_000, id="seconds since 1970"),
        pytest.param("occurred_at", "0001-01-01T00:00:00+14:00", id="before all calendars"),
        pytest.param("occurred_at", "9999-12-31T23:59:59-14:00", id="after all calendars"),
        pytest.param("kind", "sneezed", id="unknown kind"),
        pytest.param("properties", [], id="a list as an object"),
        pytest.param("properties", {"a": [1]}, id="a list as a property"),
        pytest.param("properties", {"a b": 1}, id="blank in a name"),
        pytest.param("properties", {"a": float("inf")}, id="infinity"),
        pytest.param("properties", {"a": 2**40}, id="large property"),
        pytest.param("attributes", {"Upper": 1}, id="attribute no rule can ask for"),
        pytest.param("tech_stack", "Python", id="text as a list"),
        pytest.param("tech_stack", ["x"] * 51, id="too many"),
        pytest.param("activities", [{}] * 201, id="too many activities"),
        pytest.param("history", {}, id="history at another door"),
        pytest.param("favourite_colour", "blue", id="unknown field"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(at, field, value):
    errors = refused(at, **{field: value})
    assert any(name.startswith(field) for name in errors)


def test_every_fault_is_told_at_once(at):
    errors = refused(at, employees="x", country="Narnia", shoe_size=43)
    assert set(errors) == {"employees", "country", "shoe_size"}


def test_five_minutes_ahead_is_a_clock_and_more_is_the_future(at):
    ahead = (at + timedelta(minutes=5)).isoformat()
    assert read_fields({**JANE, "occurred_at": ahead}, at=at).occurred_at
    future = (at + timedelta(minutes=5, seconds=1)).isoformat()
    assert "future" in refused(at, occurred_at=future)["occurred_at"]


def test_a_fault_within_an_activity_names_its_place(at):
    errors = refused(at, activities=[{"kind": "page_view", "occurred_at": "soon"}])
    assert list(errors) == ["activities.0.occurred_at"]


@pytest.mark.parametrize("payload", [{}, {"name": "Jane"}, {"phone": "030 123456"}])
def test_somebody_nobody_could_recognise_is_refused(at, payload):
    with pytest.raises(FieldsRefused):
        read_fields(payload, at=at)


def test_a_blank_origin_and_an_unknown_one_are_two_things(at):
    assert read_fields(JANE, at=at).origin == ""
    assert read_fields({**JANE, "origin": "unknown"}, at=at).origin == "unknown"


def test_first_and_last_name_make_the_name_where_none_is_given(at):
    assert read_fields({**JANE, "first_name": "Jane", "last_name": "Doe"}, at=at).full_name == (
        "Jane Doe"
    )


def historical(at, **history):
    payload = {"source_id": "17", "stage": "sal", "history": history}
    return read_fields(payload, at=at, is_historical=True)


def test_an_import_of_the_past_says_what_became_of_the_lead(at):
    fields = historical(at, opened_at="2025-01-01T00:00:00Z", handler="10912", outcome="declined")
    assert isinstance(fields, HistoricalFields) and fields.history is not None
    assert fields.history.outcome == "disqualified"
    assert fields.stage == "sal"


@pytest.mark.parametrize(
    "history",
    [
        pytest.param({"passed_at": "2025-01-01T00:00:00Z"}, id="no opening"),
        pytest.param(
            {"opened_at": "2025-01-02T00:00:00Z", "passed_at": "2025-01-01T00:00:00Z"},
            id="before the opening",
        ),
        pytest.param(
            {
                "opened_at": "2025-01-01T00:00:00Z",
                "closed_at": "2025-01-02T00:00:00Z",
                "first_touch_at": "2025-01-03T00:00:00Z",
            },
            id="after the close",
        ),
        pytest.param({"opened_at": "2025-01-01T00:00:00Z", "outcome": "lost"}, id="unknown word"),
    ],
)
def test_a_history_out_of_order_is_refused(at, history):
    with pytest.raises(FieldsRefused):
        historical(at, **history)


@pytest.mark.parametrize(
    "phone", ["112", "+46 8 123 456 78 ext. 12", "1-800-FLOWERS", "０３０１２３"]
)
def test_a_phone_number_is_taken_as_it_is_written(phone, at):
    assert read_fields({"email": "a@b.example", "phone": phone}, at=at).phone == phone


@pytest.mark.parametrize("phone", ["abc", "n/a", "-"])
def test_what_nobody_could_dial_is_no_phone_number(phone, at):
    assert read_fields({"email": "a@b.example", "phone": phone}, at=at).phone == ""
    with pytest.raises(FieldsRefused, match="Give an email, a phone"):
        read_fields({"phone": phone}, at=at)


def test_that_nobody_is_named_is_told_beside_other_faults(at):
    with pytest.raises(FieldsRefused) as refused:
        read_fields({"employees": "many"}, at=at)
    assert [field for field, _ in refused.value.errors] == ["employees", ""]
