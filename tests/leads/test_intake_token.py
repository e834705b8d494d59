import pytest
from django.core.management import CommandError, call_command

from leads.tokens import known_token

pytestmark = pytest.mark.django_db


def test_it_prints_a_token_that_works(source, capsys, at):
    call_command("intake_token", source.slug)
    assert known_token(capsys.readouterr().out.strip(), at=at).source == source


def test_an_unknown_source_names_those_there_are(source):
    with pytest.raises(CommandError, match="demo-request"):
        call_command("intake_token", "none")
