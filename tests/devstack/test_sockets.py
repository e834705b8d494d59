from pathlib import Path

from devstack.sockets import answers, socket_folder


def test_a_short_folder_holds_its_own_socket():
    assert socket_folder(Path("/srv/handoff")) == Path("/srv/handoff")


def test_a_path_too_long_for_a_socket_gets_a_short_folder_always_the_same():
    home = Path("/srv") / ("long" * 30)
    folder = socket_folder(home)
    assert folder == socket_folder(home)
    assert len(str(folder)) < 60
    folder.rmdir()


def test_a_comma_in_the_path_is_kept_from_postgresql(tmp_path):
    folder = socket_folder(tmp_path / "a,b")
    assert "," not in str(folder)
    folder.rmdir()


def test_nobody_answers_where_there_is_no_socket(tmp_path):
    assert not answers(tmp_path / "none.sock")
