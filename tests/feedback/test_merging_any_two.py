"""Merging any two leads, whatever happened with each: no promise is lost, doubled or moved."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from feedback import answers, pausing
from feedback.merge_pairs import must_swap, pair_of
from leads import handoffs
from leads.models import Handoff, Lead, Touch
from sla import clocks, handoff_clocks
from sla.judging import missed
from sla.models import Clock
from sla.stay_clocks import follow_moves
from sla.sweep import sweep_clocks

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PAIRS = 12
# What may run on once its handoff is closed.
AFTER_THE_CLOSE = {"outcome", "stay_sql"}


def in_review(handoff, rep, at):
    clocks.end(handoff, at=at)
    handoffs.send_to_review(handoff, missing=["person.title"], at=at)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)
    handoff_clocks.start_review_clock(handoff, at)


def asked_again(handoff, rep, at):
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=at, at=at)


def touched(outcome):
    def log(handoff, rep, at):
        told = {"channel": "call", "outcome": outcome, "note": "", "by": rep}
        answers.log_touch(handoff, occurred_at=at, at=at, **told)

    return log


def resting(kind):
    def rest(handoff, rep, at):
        answers.accept(handoffs.open_assignment(handoff), by=rep, at=at)
        until = at + 5 * HOUR
        pausing.pause(handoff, kind=kind, until=until, reason="Away", by=rep, at=at)

    return rest


def qualified(handoff, rep, at):
    answers.accept(handoffs.open_assignment(handoff), by=rep, at=at)
    answers.qualify(handoff, confirmed=["need"], by=rep, at=at)


@pytest.fixture
def rejected(code):
    def with_code(key):
        def reject(handoff, rep, at):
            told = {"note": "Said so", "nurture_until": None, "by": rep, "at": at}
            answers.reject(handoffs.open_assignment(handoff), code=code(key), **told)

        return reject

    return with_code


@pytest.fixture
def make(pass_lead, make_lead, rejected, at):
    """Make a lead of a rep's with which something happened, its promises somewhat apart from those
    of the last one.
    """
    happened = [
        *(None, in_review, asked_again, touched(""), touched("spoke"), qualified),
        *(resting("snoozed"), resting("waiting"), rejected("no-need"), rejected("wrong-size")),
    ]

    def made(rep, random):
        if random.random() < 0.1:
            return make_lead()
        handoff = pass_lead(rep)
        prospects = Clock.objects.get(handoff=handoff, kind="first_response")
        prospects.started_at -= random.randint(1, 9) * MINUTE + handoff.pk * SECOND
        prospects.due_at += random.randint(0, 9) * MINUTE
        prospects.save()
        if happens := random.choice(happened):
            happens(handoff, rep, at + random.randint(1, 4) * MINUTE)
        return handoff.lead

    return made


@pytest.mark.parametrize("seed", range(PAIRS))
def test_no_promise_is_lost_doubled_or_moved(seed, join, promise_stays, make, alice, carol, at):
    random = Random(seed)
    keep, gone = (make(rep, random) for rep in (alice, random.choice([alice, carol])))
    if random.random() < 0.5:
        sweep_clocks(at + 7 * MINUTE)
    keep, gone = (Lead.objects.get(pk=each.pk) for each in (keep, gone))
    if must_swap(pair_of(keep, gone)):
        keep, gone = gone, keep
    goes_on = pair_of(keep, gone).goes_on
    prospects = Clock.objects.filter(kind="first_response")
    before, merged_at = list(prospects), at + 8 * MINUTE
    left = join(keep, gone, then=merged_at)
    check_where_all_belongs(left, goes_on, merged_at + HOUR)
    run_on = {(each.started_at, each.due_at) for each in before if runs_on(each, goes_on)}
    assert set(prospects.running().values_list("started_at", "due_at")) == run_on
    late = Counter(each.due_at for each in before if is_missed(each, goes_on, merged_at))
    end = merged_at + 5 * HOUR
    sweep_clocks(end)
    assert Counter(prospects.filter(missed(end)).values_list("due_at", flat=True)) == late


def check_where_all_belongs(left, goes_on, at):
    assert Handoff.objects.open().first() == goes_on
    if goes_on:
        goes_on.refresh_from_db()
        assert (goes_on.lead, goes_on.owner or goes_on.queue) == (left, left.responsible)
    follow_moves(at)
    for clock in Clock.objects.select_related("handoff"):
        assert clock.lead_id == clock.handoff.lead_id == left.pk
        assert clock.stopped_at or clock.handoff.is_open or clock.kind in AFTER_THE_CLOSE
    stays = Clock.objects.running().filter(kind__startswith="stay_")
    assert set(stays.values_list("kind", flat=True)) <= {f"stay_{left.stage_id}"}
    assert stays.count() <= 1


def answered_at(clock):
    """When the prospect of either lead was first called since they asked; None: never."""
    touches = Touch.objects.filter(is_automated=False, occurred_at__gte=clock.started_at)
    return touches.order_by("occurred_at").values_list("occurred_at", flat=True).first()


def runs_on(clock, goes_on):
    return clock.stopped_at is None and goes_on is not None and answered_at(clock) is None


def is_missed(clock, goes_on, merged_at):
    """Whether a promise as it was before the merge is missed in the end."""
    if clock.stop_reason == "ended":
        return clock.stopped_at > clock.due_at
    done_at = answered_at(clock)
    if clock.stopped_at is None and goes_on is None:
        done_at = merged_at  # nobody asks for it any more
    return done_at is None or done_at > clock.due_at
