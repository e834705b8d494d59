import csv

import pytest
from django.core.management import CommandError, call_command

from leads.importing.command import row_bar
from leads.importing.reading import read_layout, rows
from leads.models import IntakeSource, Lead, Submission

pytestmark = pytest.mark.django_db

HEADER = "email,name,company,employees\n"


@pytest.fixture
def file(tmp_path):
    def write(text, name="leads.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def run(capsys, source):
    """Import a file and return what was printed."""

    def command(path, *options):
        call_command("import_leads", str(path), "--source", source.slug, *options)
        return capsys.readouterr().out

    return command


def test_before_there_is_an_admin_nothing_is_imported(file):
    IntakeSource.objects.create(slug="list", name="List")
    path = file(HEADER + "jane@lumora.example,Jane,Lumora,120\n")
    with pytest.raises(CommandError, match="make the first admin"):
        call_command("import_leads", str(path), "--source", "list")
    assert not Submission.objects.exists()


def refused_rows(path):
    with path.with_name(f"{path.name}.refused.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_rows_become_leads_and_the_summary_adds_up(file, run):
    path = file(
        HEADER
        + "jane@lumora.example,Jane,Lumora,120\n"
        + "JANE@lumora.example,Jane Doe,Lumora,120\n"
        + "joe,Joe,Lumora,1\n"
        + "ann@lumora.example,Ann,Lumora,many\n"
        + ",,,\n"
    )
    printed = run(path)
    assert "5 rows in" in printed and "1 blank" in printed
    assert "1 new leads, 1 joined to known leads, 2 refused, 0 failed" in printed
    assert Lead.objects.get().name == "Jane Doe"
    assert not Submission.objects.exclude(state="done").exists()


def test_the_refused_file_says_row_reason_and_what_it_held(file, run):
    path = file(HEADER + "jane@lumora.example,Jane,Lumora,1\njoe,=cmd(),Lumora,1\nshort\n")
    run(path)
    first, second = refused_rows(path)
    assert (first["refused_row"], first["email"], first["name"]) == ("3", "joe", "'=cmd()")
    assert "not an e-mail address" in first["refused_because"]
    assert "1 cells where the header has 4" in second["refused_because"]


def test_blank_rows_leave_no_gap_in_the_progress_bar(file):
    layout = read_layout(file(HEADER + "jane@lumora.example,Jane,Lumora,1\n\n,,,\n"))
    with row_bar(layout) as bar:
        bar.update(len(list(rows(layout))))
    assert (bar.n, bar.total) == (3, 3)


def test_the_layout_and_what_is_ignored_are_told(file, run):
    printed = run(file("email;shoe size\njane@lumora.example;43\nx;1\n"))
    assert "utf-8 (valid throughout), separated by semicolon, 2 columns" in printed
    assert "Ignored columns: shoe size" in printed
    assert "Dates without a zone: UTC" in printed


def test_a_second_run_doubles_nothing(file, run):
    path = file(HEADER + "jane@lumora.example,Jane,Lumora,1\njoe@lumora.example,Joe,Lumora,1\n")
    run(path)
    printed = run(path)
    assert "2 rows in" in printed and "0 new leads, 0 joined" in printed
    assert "2 taken in by an earlier run" in printed
    assert (Lead.objects.count(), Submission.objects.count()) == (2, 2)


def test_a_run_that_was_stopped_goes_on_where_it_was(file, run, monkeypatch):
    path = file(HEADER + "jane@lumora.example,Jane,Lumora,1\njoe@lumora.example,Joe,Lumora,1\n")
    run(path)
    second = Submission.objects.order_by("id").last()
    Submission.objects.filter(pk=second.pk).update(
        state="pending", processed_at=None, next_attempt_at=second.received_at
    )
    assert "1 new leads, 0 joined" in run(path)
    second.refresh_from_db()
    assert second.state == "done"
    assert Lead.objects.count() == 2


def test_a_row_that_was_kept_with_other_values_is_told(file, run, tmp_path):
    path = file(HEADER + "jane@lumora.example,Jane,Lumora,1\n")
    run(path)
    (tmp_path / "map.json").write_text('{"columns": {"email": "email", "company": "name"}}')
    assert "1 were imported before with other values" in run(
        path, "--map", str(tmp_path / "map.json")
    )


def test_an_import_of_the_past_keeps_its_dates(file, run):
    path = file("source_id,occurred_at,origin\n17,2018-02-01,unknown\n18,2018-02-02,\n")
    run(path, "--historical", "--zone", "America/Sao_Paulo")
    lead = Lead.objects.get(identities__value="17")
    assert (lead.is_historical, lead.origin) == (True, "unknown")
    assert lead.entered_at.isoformat() == "2018-02-01T02:00:00+00:00"
    assert Lead.objects.get(identities__value="18").origin == ""


def test_without_historical_what_became_of_a_lead_is_no_field(file, run):
    path = file("source_id,history.opened_at\n17,2018-02-01\n")
    with pytest.raises(CommandError, match="Every row was refused"):
        run(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        ("email,name\n", "no rows"),
        ("email,email\nx,y\n", "twice"),
        ("shoe size\n43\n", "Give a --map"),
    ],
)
def test_a_file_that_cannot_be_taken_is_one_sentence(file, run, text, complaint):
    with pytest.raises(CommandError, match=complaint):
        run(file(text))
    assert not Submission.objects.exists()


def test_an_unknown_source_names_those_there_are(file, source):
    with pytest.raises(CommandError, match="demo-request"):
        call_command("import_leads", str(file("email\na@b.example\n")), "--source", "none")


def test_when_every_row_is_refused_the_command_fails(file, run):
    with pytest.raises(CommandError, match="Every row was refused"):
        run(file(HEADER + "jane,Jane,Lumora,1\n"))


def test_all_faults_of_a_row_are_told_at_once(file, run):
    path = file(HEADER + "jane@lumora.example,Jane,Lumora,1\njoe,Joe,Lumora,many\n")
    run(path)
    (refused,) = refused_rows(path)
    assert "not an e-mail address" in refused["refused_because"]
    assert "not a whole number" in refused["refused_because"]
