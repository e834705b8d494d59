"""Jobs go on after a fault, stop where told, and apply new criteria to existing leads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.urls import reverse
from psycopg import errors

from leads import documents, handoffs
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.fact_history import record_facts
from leads.instants import database_now
from leads.models import Activity, Bands, Handoff, Job, Lead
from revops import jobs, pipeline
from revops.applying import preview

pytestmark = pytest.mark.django_db


def step_that(*answers):
    """A step that gives each of `answers` in turn: raises it, or returns it as the next cursor."""
    left = list(answers)

    def step(job, at):
        answer = left.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return step


@pytest.fixture
def job(monkeypatch, defaults):
    def make(*answers):
        monkeypatch.setitem(jobs.STEPS, "trial", step_that(*answers))
        return Job.objects.create(kind="trial", total_count=10)

    return make


def lost_by_chance(kind):
    error = OperationalError("Try again")
    error.__cause__ = kind("Try again")
    return error


@pytest.mark.parametrize(
    "kind", [errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable]
)
def test_a_step_that_lost_by_chance_is_done_again_at_the_next_tick(job, kind):
    trial = job(4, lost_by_chance(kind), None)
    assert jobs.run_steps(for_s=5) == 2
    trial.refresh_from_db()
    assert (trial.state, trial.cursor, trial.error) == (Job.State.RUNNING, 4, "")
    jobs.run_steps(for_s=5)
    trial.refresh_from_db()
    assert trial.state == Job.State.DONE


def test_any_other_failure_ends_the_job_with_its_error(job):
    trial = job(ValueError("No such fact"))
    jobs.run_step()
    trial.refresh_from_db()
    assert (trial.state, trial.error) == (Job.State.FAILED, "No such fact")


def test_a_job_of_a_killed_worker_goes_on_where_it_was(job):
    trial = job(4, SystemExit(), None)
    jobs.run_step()
    with pytest.raises(SystemExit), transaction.atomic():
        jobs.run_step()
    trial.refresh_from_db()
    assert (trial.state, trial.cursor) == (Job.State.RUNNING, 4)
    jobs.run_step()
    trial.refresh_from_db()
    assert trial.state == Job.State.DONE


def test_a_tick_takes_no_longer_than_it_may(job):
    job(*range(1, 100))
    assert jobs.run_steps(for_s=0) == 0


def trials(monkeypatch, **steps):
    """A job of each kind, waiting for the steps given, and a note of whose turn it was."""
    turns = []

    def noting(kind, step):
        return lambda job, at: turns.append(kind) or step(job, at)

    for kind, step in steps.items():
        monkeypatch.setitem(jobs.STEPS, kind, noting(kind, step))
        Job.objects.create(kind=kind)
    return turns


def test_jobs_take_turns_and_a_throttled_one_has_one_a_tick_while_much_waits(
    monkeypatch, make_lead, now
):
    monkeypatch.setattr(jobs, "THROTTLED", {"heavy"})
    monkeypatch.setattr(jobs, "STEP", 1)
    make_lead(reconsider_at=now)
    turns = trials(monkeypatch, heavy=step_that(1, 2, None), light=step_that(1, 2, None))
    jobs.run_steps(for_s=5)
    assert turns == ["heavy", "light", "light", "light"]
    Lead.objects.update(reconsider_at=None)
    jobs.run_steps(for_s=5)
    assert turns[4:] == ["heavy", "heavy"]


def test_a_job_that_fails_by_chance_for_ever_blocks_no_other(monkeypatch, defaults):
    lost = [lost_by_chance(errors.DeadlockDetected) for _ in range(2)]
    turns = trials(monkeypatch, unlucky=step_that(*lost), other=step_that(1, None))
    assert jobs.run_step().goes_on is False
    jobs.run_steps(for_s=5)
    assert turns == ["unlucky", "other", "unlucky", "other"]
    assert set(Job.objects.values_list("kind", "state")) == {
        ("unlucky", "waiting"),
        ("other", "done"),
    }


def ready(make_lead, at, **fields):
    """A lead of good fit that looked at pricing: A2 by the shipped criteria, but never judged."""
    lead = make_lead(**fields)
    facts = {
        "account.employees": 900,
        "account.industry": "fintech",
        "person.seniority": "vp",
        "person.email": "a@b.example",
        "account.name": "B",
        "account.country": "se",
        "lead.motion": "inbound",
    }
    record_facts(lead, facts, known_from=at - timedelta(days=1))
    for _ in range(2):
        Activity.objects.create(lead=lead, kind="pricing_view", occurred_at=at)
    return lead


@pytest.fixture
def now(defaults):
    cache.clear()
    return database_now()


@pytest.fixture
def ready_lead(make_lead, now, alice):
    return ready(make_lead, now)


def test_the_preview_counts_what_judging_then_does(ready_lead, make_lead, now):
    make_lead("Nothing known")
    foretold = preview(now)
    assert (foretold.changing, foretold.opening, foretold.looked_at) == (2, 1, 2)
    for lead in Lead.objects.all():
        pipeline.judge(lead, now)
    assert Handoff.objects.count() == 1
    assert (preview(now).changing, preview(now).opening) == (0, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"nurture_until": True},
        {"stage_id": "sql", "owned": True},
    ],
)
def test_the_preview_opens_nothing_for_who_rests_or_is_with_sales(make_lead, alice, now, fields):
    held = {"stage_id": "sql", "queue": None, "owner": alice}
    wakes_at = now + timedelta(days=9)
    rests = {"nurture_until": wakes_at.date(), "wakes_at": wakes_at}
    lead = ready(make_lead, now, **(held if "owned" in fields else rests))
    assert preview(now).opening == 0
    pipeline.judge(lead, now)
    assert not Handoff.objects.exists()


def test_the_preview_counts_who_would_be_disqualified(make_lead, alice, now):
    rivals = [make_lead("Rival"), make_lead("With sales", stage_id="sql", queue=None, owner=alice)]
    for lead in rivals:
        facts = {"account.status": "competitor"}
        record_facts(lead, facts, known_from=now - timedelta(days=1))
    foretold = preview(now)
    assert (foretold.opening, foretold.disqualifying) == (0, 1)
    for lead in rivals:
        pipeline.judge(lead, now)
    assert list(Lead.objects.filter(stage="disqualified")) == rivals[:1]


@pytest.mark.parametrize("number_of_leads", [2, 5])
def test_the_preview_takes_as_many_queries_for_many_handoffs(
    make_lead, make_handoff, now, number_of_leads, django_assert_num_queries
):
    for number in range(number_of_leads):
        lead = ready(make_lead, now, name=f"Lead {number}")
        then = now - timedelta(days=2)
        handoff = make_handoff(lead, at=then)
        handoffs.close(handoff, closed_as="withdrawn", outcome="rerouted", reason="A test", at=then)
    criteria_of(live_version("criteria", now))
    with django_assert_num_queries(8):
        assert preview(now).opening == number_of_leads


def test_applying_scores_every_lead_and_judges_whom_more_may_follow(
    client, ready_lead, make_lead, olga, monkeypatch
):
    monkeypatch.setattr(jobs, "STEP", 1)
    other = make_lead("Nothing known")
    client.force_login(olga)
    assert client.post(reverse("criteria_apply")).status_code == 302
    assert client.post(reverse("criteria_apply")).status_code == 302
    job = Job.objects.get(kind=jobs.RECONSIDER_ALL)
    assert "0 of 2 leads are scored anew" in client.get(reverse("criteria_apply")).content.decode()
    assert [jobs.run_steps(for_s=5) for _ in range(4)] == [1, 1, 1, 0]
    job.refresh_from_db()
    assert (job.state, job.done_count) == (Job.State.DONE, 2)
    assert set(Lead.objects.values_list("pk", "band")) == {(ready_lead.pk, "A2"), (other.pk, "C3")}
    assert list(Lead.objects.exclude(reconsider_at=None)) == [ready_lead]


def test_applying_judges_leads_in_review_and_disqualified_ones(make_lead, make_handoff, now, olga):
    in_review, rival = make_lead("In review"), make_lead("Rival")
    handoff = make_handoff(in_review)
    handoffs.send_to_review(handoff, missing=["account.name"], at=now)
    record_facts(rival, {"account.status": "competitor"}, known_from=now - timedelta(days=1))
    jobs.start_reconsidering(by=olga)
    jobs.run_step()
    assert set(Lead.objects.exclude(reconsider_at=None)) == {in_review, rival}


def test_applying_judges_leads_that_rose_in_an_open_handoff(make_lead, make_handoff, now, olga):
    rose, stayed, less_ready = make_lead("Rose"), make_lead("Stayed"), make_lead("Less ready")
    facts = {"account.employees": 500, "account.industry": "fintech", "account.country": "SE"}
    for lead, better in ((rose, ""), (stayed, "A1"), (less_ready, "C1")):
        record_facts(lead, facts, known_from=now - timedelta(days=1))
        handoff = make_handoff(lead)
        Handoff.objects.filter(pk=handoff.pk).update(band="C3", better_band=better)
    jobs.start_reconsidering(by=olga)
    jobs.run_step()
    assert list(Lead.objects.exclude(reconsider_at=None)) == [rose]


def test_after_publishing_the_page_says_what_applying_would_change(client, ready_lead, olga, now):
    pipeline.judge(ready_lead, now)
    draft = documents.start_draft(live_version("criteria", now), by=olga)
    Bands.objects.filter(version=draft).update(readiness_1=20)
    documents.publish(draft, by=olga, note="Sooner", at=database_now())
    client.force_login(olga)
    page = " ".join(client.get(reverse("criteria_apply")).content.decode().split())
    assert '<b class="strong">1</b> of 1 lead would change band' in page
    assert '<b class="strong">0</b> handoffs would open' in page
    assert '<b class="strong">0</b> leads would be disqualified' in page


def test_only_who_may_publish_applies(client, vera, defaults):
    assert client.get(reverse("criteria_apply")).status_code == 302
    client.force_login(vera)
    assert client.get(reverse("criteria_apply")).status_code == 403
    assert client.post(reverse("criteria_apply")).status_code == 403
    assert not Job.objects.exists()
    assert client.get(reverse("criteria_apply_progress")).status_code == 403


def test_the_page_of_applying_follows_it_by_itself(client, make_lead, olga, defaults):
    transaction.atomic(make_lead)("Ada Berg")
    client.force_login(olga)
    job = jobs.start_reconsidering(by=olga)
    page = client.get(reverse("criteria_apply"))
    polled = f"{reverse('criteria_apply_progress')}?mark={page.context['mark']}"
    assert f'hx-get="{polled}" hx-trigger="every 2s, awake from:body"' in page.content.decode()
    assert client.get(polled).status_code == 204
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, done_count=1)
    assert "1 of 1 leads are scored anew" in client.get(polled).content.decode()
    jobs.run_step()
    assert client.get(polled).headers["HX-Redirect"] == reverse("criteria_apply")
