from concurrent.futures import ThreadPoolExecutor

import pytest

from devstack.failure import StackError
from devstack.workspace import Workspace


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StackError, match="holds something else"):
        Workspace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_has_one_runner_at_a_time(tmp_path):
    first, second = Workspace(tmp_path), Workspace(tmp_path)
    assert first.claim()
    assert not second.claim()


def test_the_servers_stay_until_their_other_users_are_done(tmp_path):
    starter, user = Workspace(tmp_path), Workspace(tmp_path)
    starter.join_users()
    user.join_users()
    with ThreadPoolExecutor() as beside:
        leaving = beside.submit(starter.outstay_users)
        with pytest.raises(TimeoutError):
            leaving.result(timeout=0.2)
        user.release()
        leaving.result(timeout=5)


def test_a_secret_is_made_once_and_is_the_owners_alone(tmp_path):
    workspace = Workspace(tmp_path)
    made = workspace.secret("setup_code", 12)
    assert len(made) == 12
    assert Workspace(tmp_path).secret("setup_code", 12) == made
    assert (tmp_path / "setup_code").stat().st_mode & 0o077 == 0


def test_starting_over_empties_the_folder_and_makes_new_secrets(tmp_path):
    workspace = Workspace(tmp_path)
    old = workspace.secret("secret_key", 50)
    (tmp_path / "postgres" / "data").mkdir()
    workspace.claim()
    workspace.start_over()
    assert not (tmp_path / "postgres" / "data").exists()
    assert workspace.secret("secret_key", 50) != old
