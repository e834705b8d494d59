import pytest

from leads.strict_json import BadJson, read_object


def test_an_object_is_read():
    assert read_object('{"name": "Zoë", "n": [1, 2.5, true, null]}'.encode()) == {
        "name": "Zoë",
        "n": [1, 2.5, True, None],
    }


def test_a_whole_surrogate_pair_is_a_character():
    assert read_object(rb'{"a": "\ud83d\ude00"}') == {"a": "😀"}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b"{", "not JSON", id="cut off"),
        pytest.param(b"{'a': 1}", "not JSON", id="single quotes"),
        pytest.param(b'{"a": 1} x', "not JSON", id="something after it"),
        pytest.param(b"[]", "object", id="a list"),
        pytest.param(b'"text"', "object", id="a text"),
        pytest.param(b'{"a": "\xff"}', "UTF-8", id="not UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf{}", "not JSON", id="byte order mark"),
        pytest.param(b'{"a": 1, "a": 2}', "same key twice", id="key twice"),
        pytest.param(b'{"b": {"a": 1, "a": 2}}', "same key twice", id="inner key twice"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "-Infinity", id="infinity"),
        pytest.param(b'{"a": 1e999}', "too large", id="float past all"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "too large", id="5,000 digits"),
        pytest.param(b'{"a": 9007199254740993}', "too large", id="past 2^53"),
        pytest.param(rb'{"a": "\u0000"}', "NUL", id="NUL"),
        pytest.param(rb'{"\u0000": 1}', "NUL", id="NUL in a key"),
        pytest.param(rb'{"a": "\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param(b'{"a": "' + b"x" * 10_001 + b'"}', "10,000", id="long text"),
        pytest.param(b'{"a":' * 11 + b"1" + b"}" * 11, "10 levels", id="eleven deep"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "10", id="100,000 deep"),
        pytest.param(b"[" * 100_000, "10", id="100,000 deep and open"),
    ],
)
def test_what_is_unclear_or_too_much_is_refused(body, complaint):
    with pytest.raises(BadJson, match=complaint):
        read_object(body)


def test_ten_levels_are_let_through():
    assert read_object(b'{"a":' * 10 + b"1" + b"}" * 10)


def test_more_than_200_keys_are_refused():
    body = "{" + ",".join(f'"k{n}": 1' for n in range(201)) + "}"
    with pytest.raises(BadJson, match="200 keys"):
        read_object(body.encode())
