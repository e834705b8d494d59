from datetime import timedelta

import pytest

from leads.models import IntakeToken
from leads.tokens import issue_token, known_token

pytestmark = pytest.mark.django_db


def test_a_token_is_known_and_not_kept(source, at):
    token = issue_token(source)
    known = known_token(token, at=at)
    assert known.source == source
    assert token not in str(IntakeToken.objects.values().get())


def test_no_two_tokens_are_alike(source):
    assert issue_token(source) != issue_token(source)


@pytest.mark.parametrize("token", ["", "hi_", "hi_wrong", "é"])
def test_a_foreign_token_is_nobodys(source, at, token):
    issue_token(source)
    assert known_token(token, at=at) is None


def test_a_revoked_token_is_refused(source, at):
    token = issue_token(source)
    IntakeToken.objects.update(revoked_at=at)
    assert known_token(token, at=at) is None


def test_a_token_of_a_source_that_is_switched_off_is_refused(source, at):
    token = issue_token(source)
    type(source).objects.update(is_active=False)
    assert known_token(token, at=at) is None


def test_its_use_is_noted_at_most_once_a_minute(source, at):
    token = issue_token(source)
    for seconds in (0, 30, 59):
        known_token(token, at=at + timedelta(seconds=seconds))
    assert IntakeToken.objects.get().last_used_at == at
    known_token(token, at=at + timedelta(seconds=61))
    assert IntakeToken.objects.get().last_used_at == at + timedelta(seconds=61)
