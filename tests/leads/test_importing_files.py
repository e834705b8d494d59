import codecs

import pytest

from leads.csv_cells import inert
from leads.importing.reading import Unreadable, read_layout, rows

HEADER_AND_ROW = "email,name\nzoe@lumora.example,Zoë Müller\n"


@pytest.fixture
def file(tmp_path):
    """Write a file of `content`, text in UTF-8 or bytes as they are."""

    def write(content, name="leads.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param(HEADER_AND_ROW.encode(), "utf-8", id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + HEADER_AND_ROW.encode(), "utf-8-sig", id="UTF-8 with mark"),
        pytest.param(HEADER_AND_ROW.encode("utf-16"), "utf-16", id="UTF-16 with mark"),
        pytest.param(HEADER_AND_ROW.encode("latin-1"), "cp1252", id="Latin-1"),
    ],
)
def test_the_encoding_is_found_and_the_text_is_right(file, content, encoding):
    layout = read_layout(file(content))
    assert (layout.encoding, layout.header) == (encoding, ["email", "name"])
    assert next(rows(layout)).cells == ["zoe@lumora.example", "Zoë Müller"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("René Lefèvre", "cp1252"),
        ("Ñandú São João", "cp1252"),
        ("Příliš žluťoučký kůň", "cp1250"),
        ("Иван Петров", "cp1251"),
    ],
)
def test_a_guess_is_shown_as_one_and_gives_the_text(file, name, encoding):
    layout = read_layout(file(f"name\n{name}\n".encode(encoding)))
    assert next(rows(layout)).cells == [name]
    assert "guessed; correct it with --encoding" in str(layout)


def test_an_encoding_that_is_given_is_taken(file):
    layout = read_layout(file("name\nŁódź\n".encode("cp1250")), encoding="cp1250")
    assert next(rows(layout)).cells == ["Łódź"]
    assert "as asked" in str(layout)


def test_what_does_not_fit_the_given_encoding_is_a_fault_of_its_row_alone(file):
    path = file(b"name\nfine\nM\xfcller\nfine too\n")
    faults = [row.fault for row in rows(read_layout(path, encoding="utf-8"))]
    assert faults == ["", "It has a character that is not utf-8.", ""]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(file, delimiter):
    text = "email,name,reason\na@b.example,Ann,x\nc@d.example,Bob,y\n".replace(",", delimiter)
    layout = read_layout(file(text))
    assert (layout.delimiter, len(layout.header)) == (delimiter, 3)


def test_a_semicolon_file_with_decimal_commas_is_not_split_at_them(file):
    layout = read_layout(file("email;revenue\na@b.example;1,5\nc@d.example;2,5\n"))
    assert layout.header == ["email", "revenue"]


def test_a_single_column_is_a_table_too(file):
    assert read_layout(file("email\na@b.example\n")).header == ["email"]


def test_a_delimiter_that_is_given_is_taken(file):
    assert read_layout(file("a;b\n1;2\n"), delimiter=",").header == ["a;b"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b"\n \n", "is empty", id="blank lines"),
        pytest.param(codecs.BOM_UTF8, "is empty", id="only a mark"),
        pytest.param("email,name\n", "no rows", id="header only"),
        pytest.param("email,name\n,\n\n", "no rows", id="header and blank rows"),
        pytest.param("email,name,email\n1,2,3\n", "twice: email", id="column twice"),
        pytest.param(",".join(f"c{n}" for n in range(300)) + "\n1\n", "300 columns", id="300 columns"),
        pytest.param(b"PK\x03\x04\x00\x00\x08\x00", "not a CSV file", id="a spreadsheet file"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_one_sentence(file, content, complaint):
    with pytest.raises(Unreadable, match=complaint) as refused:
        read_layout(file(content))
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Unreadable, match="can't be read"):
        read_layout(tmp_path / "none.csv")


def test_250_columns_are_taken(file):
    wide = ",".join(f"c{n}" for n in range(250))
    assert len(read_layout(file(f"{wide}\n{wide}\n")).header) == 250


def test_ragged_rows_and_nul_are_faults_of_their_rows(file):
    path = file("email,name\na@b.example\na@b.example,Ann,x\nb@c.example,Bo\0b\nd@e.example,Dan\n")
    found = {row.number: row.fault for row in rows(read_layout(path))}
    assert found == {
        2: "It has 1 cells where the header has 2.",
        3: "It has 3 cells where the header has 2.",
        4: "It has a NUL character in it.",
        5: "",
    }


def test_a_quote_left_open_is_a_fault_and_no_crash(file):
    path = file('email,name\na@b.example,"' + "x" * 200_000 + "\nb@c.example,Bob\n")
    assert any("quote" in row.fault for row in rows(read_layout(path)))


def test_a_cell_may_have_lines_and_delimiters_in_quotes(file):
    layout = read_layout(file('email,reason\na@b.example,"one,\ntwo ""three"""\n'))
    assert next(rows(layout)).cells[1] == 'one,\ntwo "three"'


def test_blank_rows_are_told_and_rows_keep_their_numbers(file):
    path = file("email,name\n\n,\na@b.example,Ann\n")
    found = [(row.number, row.is_blank) for row in rows(read_layout(path))]
    assert found == [(2, True), (3, True), (4, False)]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_made_inert(cell):
    assert inert(cell) == f"'{cell}"


def test_other_cells_stay_as_they_are():
    assert inert("Ann = Bob") == "Ann = Bob"
