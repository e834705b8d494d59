import pytest

from devstack import outside
from devstack.failure import StackError


def test_the_servers_of_this_test_run_are_new_enough():
    assert outside.are_named()
    outside.check_versions()


@pytest.mark.parametrize("limit", ["OLDEST_POSTGRES", "OLDEST_REDIS"])
def test_a_server_that_is_too_old_is_said_in_one_sentence(monkeypatch, limit):
    monkeypatch.setattr(outside, limit, 99)
    with pytest.raises(StackError, match="99 or newer"):
        outside.check_versions()


def test_naming_neither_server_means_the_embedded_ones(monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    assert not outside.are_named()


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_naming_one_server_alone_is_refused(monkeypatch, missing):
    monkeypatch.delenv(missing)
    with pytest.raises(StackError, match="set both"):
        outside.are_named()


def test_a_database_out_of_reach_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://app@/handoff?host={tmp_path}")
    with pytest.raises(StackError, match="The database that DATABASE_URL names"):
        outside.check_versions()


def test_a_redis_out_of_reach_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/none.sock?db=0")
    with pytest.raises(StackError, match="The server that REDIS_URL names"):
        outside.check_versions()
