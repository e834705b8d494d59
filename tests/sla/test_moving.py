"""Applying a new version of promises or hours to clocks that run."""

from datetime import timedelta

import pytest
from django.urls import reverse

from leads.documents import live_version, publish, start_draft
from leads.models import Document, Handoff, Job, Version
from revops import jobs
from sla import clocks, moving
from sla.errors import NotLive
from sla.models import CalendarTerms, Clock, Policy, Target
from sla.sweep import sweep_clocks

Kind = Target.Kind
MINUTE = timedelta(minutes=1)
LADDER = {"levels": [50, 100], "actions": ["remind", "tell_manager"]}


def live(at):
    return live_version(Document.Kind.POLICIES, at)


def clock_of(kind) -> Clock:
    return Clock.objects.get(kind=kind)


def fired(clock):
    return list(clock.events.filter(level__gt=0).values_list("kind", "level"))


@pytest.fixture
def apply(olga):
    """Apply a version to what runs, all of it."""

    def apply_version(version, at):
        job = moving.start(version, by=olga, at=at)
        while (cursor := moving.step(job, at)) is not None:
            job.cursor = cursor
        return job

    return apply_version


def test_a_longer_promise_moves_its_clock_and_that_is_on_record(handoff, promise, apply, olga, at):
    was = clock_of(Kind.FIRST_TOUCH)
    promise(Kind.FIRST_TOUCH, 60, **LADDER)
    [move] = moving.preview(live(at), at).later
    assert (move.was.due_at, move.now.due_at) == (at + 30 * MINUTE, at + 60 * MINUTE)
    assert clock_of(Kind.FIRST_TOUCH).due_at == was.due_at  # looking moves nothing
    job = apply(live(at), at + MINUTE)
    clock = clock_of(Kind.FIRST_TOUCH)
    assert (clock.due_at, clock.next_at) == (at + 60 * MINUTE, at + 30 * MINUTE)
    assert (clock.policies, clock.measure, clock.calendar) == (live(at), "wall", None)
    [event] = clock.events.filter(kind="moved")
    told = (event.moved_from, event.moved_to, event.due_at, event.by)
    assert told == (was.due_at, clock.due_at, at + MINUTE, olga)
    assert (job.parameters["moved"], job.done_count) == (1, job.total_count)
    assert not moving.preview(live(at), at).moves


def test_a_shorter_one_is_missed_at_once_and_told_once(handoff, promise, apply, at):
    promise(Kind.FIRST_TOUCH, 10, **LADDER)
    later = at + 12 * MINUTE
    assert [move.now.kind for move in moving.preview(live(at), later).missed] == ["first_touch"]
    apply(live(at), later)
    sweep_clocks(later)
    sweep_clocks(later + MINUTE)
    clock = clock_of(Kind.FIRST_TOUCH)
    assert fired(clock) == [("skipped", 50), ("breached", 100)]
    assert clock.breached_at == at + 10 * MINUTE


def test_what_was_told_is_not_told_again(handoff, promise, apply, at):
    sweep_clocks(at + 16 * MINUTE)  # half of the first touch's time
    promise(Kind.FIRST_TOUCH, 120, **LADDER)
    apply(live(at), at + 17 * MINUTE)
    sweep_clocks(at + 60 * MINUTE)
    clock = clock_of(Kind.FIRST_TOUCH)
    assert fired(clock) == [("warned", 50)]
    assert (clock.next_level, clock.next_at) == (100, at + 120 * MINUTE)


def test_what_was_missed_stays_missed(handoff, promise, apply, at):
    sweep_clocks(at + 31 * MINUTE)
    promise(Kind.FIRST_TOUCH, 120, **LADDER)
    apply(live(at), at + 32 * MINUTE)
    clock = clock_of(Kind.FIRST_TOUCH)
    assert (clock.due_at, clock.breached_at) == (at + 30 * MINUTE, at + 30 * MINUTE)


def test_what_is_promised_no_more_stays_as_it_is(handoff, apply, at):
    draft = start_draft(live(at), by=None)
    Target.objects.filter(policy__version=draft, kind=Kind.FIRST_TOUCH).delete()
    publish(draft, by=None, note="Less", at=at)
    assert not moving.preview(draft, at).moves
    apply(draft, at)
    assert clock_of(Kind.FIRST_TOUCH).due_at == at + 30 * MINUTE


def test_the_first_policy_that_holds_decides_as_ever(handoff, promise, at):
    promise(Kind.FIRST_TOUCH, 60, **LADDER)
    draft = start_draft(live(at), by=None)
    others = Policy.objects.filter(version=draft).exclude(label=clock_of(Kind.ACCEPT).policy_label)
    Target.objects.filter(policy__in=others, kind=Kind.FIRST_TOUCH).update(
        allowed=timedelta(days=9)
    )
    publish(draft, by=None, note="Others", at=at)
    [move] = moving.preview(draft, at).moves
    assert move.now.due_at == at + 60 * MINUTE


def test_a_lead_that_rose_is_judged_by_its_better_band(handoff, promise, at):
    promise(Kind.FIRST_TOUCH, 60)
    Handoff.objects.filter(pk=handoff.pk).update(band="B2", better_band="A1")
    draft = start_draft(live(at), by=None)
    for_the_best = [[{"fact": "score.band", "op": "is", "value": "A1"}]]
    like = Policy.objects.filter(version=draft, label=clock_of(Kind.ACCEPT).policy_label)
    like.update(conditions=for_the_best)
    Target.objects.filter(policy__in=like, kind=Kind.FIRST_TOUCH).update(allowed=45 * MINUTE)
    publish(draft, by=None, note="The best", at=at)
    [move] = moving.preview(draft, at).moves
    assert move.now.due_at == at + 45 * MINUTE


def test_new_hours_move_what_is_counted_by_them(handoff, apply, at):
    calendar = clock_of(Kind.ACCEPT).calendar
    draft = start_draft(calendar, by=None)
    from_eleven = {"tue": [["11:00", "19:00"]]}
    CalendarTerms.objects.filter(version=draft).update(hours=from_eleven)
    publish(draft, by=None, note="Later", at=at)
    apply(draft, at)
    assert clock_of(Kind.ACCEPT).due_at == at.replace(hour=11, minute=15)
    assert clock_of(Kind.FIRST_TOUCH).calendar == draft
    assert clock_of(Kind.FIRST_RESPONSE).due_at == at + 5 * MINUTE
    assert clocks.elapsed(clock_of(Kind.ACCEPT), at.replace(hour=11, minute=5)) == 5 * MINUTE


def test_what_stays_where_it_is_goes_by_the_new_hours_from_then_on(handoff, apply, at):
    draft = start_draft(clock_of(Kind.ACCEPT).calendar, by=None)
    CalendarTerms.objects.filter(version=draft).update(overrides={"2026-03-11": []})
    publish(draft, by=None, note="Tomorrow is off", at=at)
    assert not moving.preview(draft, at).moves
    job = apply(draft, at)
    clock = clock_of(Kind.ACCEPT)
    assert (clock.calendar, job.parameters["moved"]) == (draft, 0)
    assert not clock.events.filter(kind="moved").exists()
    assert not moving.candidates(draft, at).exists()


def test_hours_that_never_meet_the_teams_leave_a_clock_be(handoff, at):
    team = Document.objects.create(kind="calendar", name="Team")
    tuesdays = Version.objects.create(document=team, number=1)
    CalendarTerms.objects.create(version=tuesdays, zone="UTC", hours={"tue": [["09:00", "17:00"]]})
    publish(tuesdays, by=None, note="First", at=at)
    Clock.objects.filter(kind=Kind.ACCEPT).update(within=tuesdays)
    draft = start_draft(clock_of(Kind.ACCEPT).calendar, by=None)
    CalendarTerms.objects.filter(version=draft).update(hours={"sun": [["09:00", "10:00"]]})
    publish(draft, by=None, note="Sundays", at=at)
    assert [move.was.kind for move in moving.preview(draft, at).moves] == [Kind.FIRST_TOUCH]


def test_only_what_is_live_is_applied_and_by_one_job(handoff, promise, olga, at):
    before = live(at)
    promise(Kind.FIRST_TOUCH, 60)
    with pytest.raises(NotLive):
        moving.start(before, by=olga, at=at)
    job = moving.start(live(at), by=olga, at=at)
    assert moving.start(live(at), by=olga, at=at) == job
    promise(Kind.FIRST_TOUCH, 90)
    assert jobs.run_step() is not None
    job.refresh_from_db()
    assert job.state == Job.State.FAILED and "is not live" in job.error


def test_the_page_offers_it_after_publishing(client, handoff, promise, olga, at):
    promise(Kind.FIRST_TOUCH, 60)
    client.force_login(olga)
    address = reverse("sla:policies_apply")
    page = client.get(address, {"which": "later"})
    assert (page.status_code, page.context["count"]) == (200, 0)  # it is late by now
    number = live(at).number
    client.post(address, {"number": number - 1})
    assert not Job.objects.exists()
    client.post(address, {"number": number})
    assert Job.objects.get().parameters == {"version": live(at).pk, "moved": 0}
    assert b"running promises looked at" in client.get(address).content


def test_who_may_not_publish_does_not_apply(client, handoff, alice):
    client.force_login(alice)
    assert client.post(reverse("sla:policies_apply"), {"number": 1}).status_code == 403
