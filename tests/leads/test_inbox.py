from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.db import IntegrityError, connection

from leads.inbox import KeyReused, canonical, receive
from leads.models import Submission

PAYLOAD = {"email": "jane@lumora.example"}


def hand_in(source, at, *, key="", payload=PAYLOAD, **more):
    return receive(
        source, door="api", payload=payload, body=canonical(payload), key=key, at=at, **more
    )


@pytest.mark.django_db
def test_what_is_held_stays_so_through_the_migration_back_and_again(source, at):
    submission, _ = hand_in(source, at, held_because="Likely spam: it did not come from our form.")
    migration = import_module("leads.migrations.0014_hold_what_looked_like_spam")
    with connection.cursor() as cursor:
        cursor.execute(migration.FAIL)
        cursor.execute(migration.HOLD)
    again = Submission.objects.get()
    assert (again.state, again.error) == ("held", submission.error)


@pytest.mark.django_db
def test_it_keeps_what_was_handed_in_and_waits_to_be_processed(source, at):
    submission, created = hand_in(source, at)
    submission.refresh_from_db()
    assert created and submission.payload == PAYLOAD
    assert list(Submission.objects.due(at)) == [submission]


@pytest.mark.django_db
def test_the_same_key_and_body_again_is_the_same_submission(source, at):
    first, _ = hand_in(source, at, key="k1")
    assert hand_in(source, at, key="k1") == (first, False)
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(source, at):
    hand_in(source, at, key="k1")
    with pytest.raises(KeyReused):
        hand_in(source, at, key="k1", payload={"email": "joe@lumora.example"})


@pytest.mark.django_db
def test_a_key_is_one_sources_own(source, at, defaults):
    other = type(source).objects.exclude(pk=source.pk).first()
    first, _ = hand_in(source, at, key="k1")
    second, created = hand_in(other, at, key="k1")
    assert created and first != second


@pytest.mark.django_db
def test_without_a_key_nothing_repeats(source, at):
    assert hand_in(source, at)[0] != hand_in(source, at)[0]


@pytest.mark.django_db
def test_what_is_held_back_says_why_and_does_not_wait(source, at):
    submission, _ = hand_in(source, at, held_because="Held back as likely spam.")
    assert submission.state == Submission.State.HELD
    assert not Submission.objects.due(at).exists()


@pytest.mark.django_db
def test_another_broken_rule_is_not_taken_for_a_repeat(source, at):
    source.pk = 987654
    with pytest.raises(IntegrityError):
        hand_in(source, at, key="k1")
        connection.check_constraints()


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_with_one_key_leave_one_row(source, at):
    def hand_in_from_a_thread(_):
        try:
            return hand_in(source, at, key="k1")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(hand_in_from_a_thread, range(8)))
    assert len({submission.pk for submission, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1
