import signal
import socket
from contextlib import suppress

import pytest
from environ import Env

from devstack import run as running
from devstack.command import parse
from devstack.failure import StackError
from devstack.run import check_port
from devstack.workspace import Workspace


def test_a_port_in_use_is_said_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} can't be used .* --port"):
            check_port(port)


def test_a_workspace_in_use_is_said_in_one_sentence(tmp_path):
    other = Workspace(tmp_path)
    other.claim()
    with pytest.raises(StackError, match="Another ./run"):
        running.run(Workspace(tmp_path), port=free_port(), demo=None, fresh=False)


def test_fresh_never_empties_servers_from_outside(tmp_path):
    with pytest.raises(StackError, match="--fresh"):
        running.run(Workspace(tmp_path), port=free_port(), demo=None, fresh=True)


def test_a_variable_of_the_caller_beats_what_the_folder_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "of the caller")
    environment = running.application_environment(Workspace(tmp_path))
    assert environment["SECRET_KEY"] == "of the caller"
    assert environment["SETUP_CODE"] == (tmp_path / "setup_code").read_text()


def test_mail_of_a_run_lies_in_its_data_folder(tmp_path):
    folder = tmp_path / "a b#1"
    told = running.application_environment(Workspace(folder))["EMAIL_URL"]
    assert Env.email_url_config(told)["EMAIL_FILE_PATH"] == str(folder / "mail")


def test_everything_after_manage_belongs_to_the_command():
    options = parse(["--data", "d", "manage", "import_leads", "x.csv", "--port", "not ours"])
    assert options.command == ["import_leads", "x.csv", "--port", "not ours"]
    assert options.port == 8000


@pytest.mark.parametrize("wrong", [["--port", "0"], ["--port", "x"], ["manage"], ["mange", "x"]])
def test_a_wrong_option_is_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        parse(wrong)
    assert "usage: ./run" in capsys.readouterr().err


@pytest.fixture
def signals_as_before():
    before = {
        each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def test_a_stop_that_python_dropped_ends_the_run_all_the_same(signals_as_before):
    reached = []
    with running.stop_signals() as stop_if_asked:
        stop_if_asked()
        with suppress(KeyboardInterrupt):  # as within a callback
            signal.raise_signal(signal.SIGINT)
        reached.append("the next look")
        stop_if_asked()
        reached.append("what comes after")
    assert reached == ["the next look"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
