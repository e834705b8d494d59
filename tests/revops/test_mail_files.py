import email
import logging

from django.core.mail import EmailMessage, get_connection


def test_a_mail_is_a_file_and_one_line(settings, tmp_path, caplog):
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    connection = get_connection("revops.mail_files.EmailBackend")
    message = EmailMessage("Clara Nyström is yours", "All of it", to=["alice@example.com"])
    assert connection.send_messages([message]) == 1
    (path,) = (tmp_path / "mail").iterdir()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"Mail to alice@example.com: Clara Nyström is yours ({path.name})"
    assert "All of it" in email.message_from_bytes(path.read_bytes()).get_payload()


def test_two_mails_in_one_second_are_two_files(settings, tmp_path):
    settings.EMAIL_FILE_PATH = str(tmp_path)
    messages = [
        EmailMessage("One", to=["a@example.com"]),
        EmailMessage("Two", to=["a@example.com"]),
    ]
    get_connection("revops.mail_files.EmailBackend").send_messages(messages)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_worker_that_hushes_the_root_still_says_where_mail_went(monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    assert logging.getLogger("revops.mail_files").isEnabledFor(logging.INFO)
