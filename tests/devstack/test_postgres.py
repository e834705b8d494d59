import os
from pathlib import Path

import psycopg
import pytest

from devstack.failure import StackError
from devstack.postgres import Postgres, find_programs
from devstack.pytest_plugin import use_own_valkey_database


def test_no_programs_where_pgbin_points_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PGBIN", str(tmp_path))
    with pytest.raises(StackError, match=f"PGBIN names {tmp_path}"):
        find_programs()


def test_data_of_another_version_is_not_touched(tmp_path):
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StackError, match="was made by PostgreSQL 9"):
        Postgres(tmp_path / "postgres", durable=False).start()


def test_the_test_servers_read_utf_8_in_utc():
    with psycopg.connect(os.environ["DATABASE_URL"]) as line:
        assert line.execute("SHOW timezone").fetchone() == ("UTC",)
        assert line.execute("SELECT length('Zoë')").fetchone() == (3,)


def test_a_url_survives_a_folder_with_odd_letters():
    server = Postgres.__new__(Postgres)
    server.sockets = Path("/srv/100% für uns")
    told = psycopg.conninfo.conninfo_to_dict(server.url())
    assert told == {"user": "app", "dbname": "handoff", "host": "/srv/100% für uns"}


def test_each_worker_of_a_parallel_run_gets_its_own_valkey_database(monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")
    monkeypatch.setenv("REDIS_URL", "unix:///x.sock?db=0")
    use_own_valkey_database()
    assert os.environ["REDIS_URL"] == "unix:///x.sock?db=4"
