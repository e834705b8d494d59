from itertools import islice
from random import Random

import httpx
import pytest
from django.core.management import CommandError, call_command

from leads.instants import database_now
from leads.models import Handoff, IntakeToken, Submission
from leads.submission_fields import read_fields
from revops import intake_work
from revops.demo.newcomers import history, newcomers
from revops.demo.simulation import Plan, Summary, run


def test_everything_that_newcomers_say_can_be_taken(at):
    rng = Random(7)
    for newcomer in islice(newcomers(rng), 300):
        payload = {**newcomer.payload, "activities": history(rng, at)}
        assert read_fields(payload, at=at).email


def test_some_come_again_and_some_leave_things_out():
    people = [each.payload for each in islice(newcomers(Random(7)), 300)]
    assert len({each["email"] for each in people}) < 290
    assert 5 < sum("country" not in each for each in people) < 60


def test_leads_are_sent_evenly():
    starts = list(Plan("", per_minute=30, minutes=2).starts(Random(1)))
    gaps = [later - earlier for earlier, later in zip(starts, starts[1:], strict=False)]
    assert len(starts) == 60 and starts[-1] < 120
    assert min(gaps) >= 1 and max(gaps) <= 3


def test_without_an_end_they_are_sent_until_it_is_stopped():
    starts = list(islice(Plan("", per_minute=600).starts(Random(1)), 1000))
    assert len(starts) == 1000


def test_the_summary_tells_how_soon_leads_were_passed():
    summary = Summary(sent=3, by_state={"passed": 3}, seconds=[0.2, 0.4, 0.6])
    assert str(summary) == "3 sent, 3 passed, 202 to passed: p50 0.40 s, p95 0.58 s."


@pytest.fixture
def transport(client):
    """Hands requests to the real views without a network."""

    def answer(request):
        answered = client.generic(
            request.method,
            request.url.path,
            request.content,
            content_type="application/json",
            headers=dict(request.headers),
        )
        return httpx.Response(answered.status_code, content=answered.content)

    return httpx.MockTransport(answer)


@pytest.mark.django_db
def test_it_hands_leads_in_and_says_who_got_them(alice, transport):
    said: list[str] = []

    def say(line):
        said.append(line)
        intake_work.work_through(database_now())

    plan = Plan("http://localhost", per_minute=600, minutes=0.01, seed=3)
    summary = run(plan, say=say, transport=transport)
    assert summary.sent == 6 == Submission.objects.filter(state="done").count()
    passed = Handoff.objects.filter(owner=alice).count()
    assert passed and sum("passed to Alice" in line for line in said) == summary.by_state["passed"]
    assert not IntakeToken.objects.filter(revoked_at=None).exists()


@pytest.mark.parametrize("option", ["--per-minute=0", "--per-minute=9999", "--minutes=0"])
def test_it_is_bounded(option):
    with pytest.raises(CommandError, match="at most"):
        call_command("simulate", option)


@pytest.mark.django_db
def test_an_address_where_nothing_answers_is_one_sentence(defaults):
    with pytest.raises(CommandError, match="can't be reached"):
        call_command("simulate", "--url=http://127.0.0.1:9", "--minutes=0.1")
    assert not IntakeToken.objects.filter(revoked_at=None).exists()
