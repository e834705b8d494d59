"""Whose a miss was where its handoff went on as another, or with another lead."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback import answers
from feedback.taking_back import take_back
from feedback.timeline import timeline
from leads import handoffs
from leads.models import Handoff, Team
from sla.filters import ClockFilter
from sla.handoff_clocks import start_handoff_clocks
from sla.judging import missed
from sla.models import Clock
from sla.response_times import answered
from sla.whose import with_whose

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def whose_misses(at):
    late = Clock.objects.filter(missed(at), kind="first_response")
    return list(with_whose(late).order_by("due_at").values_list("whose_rep", "whose"))


def test_what_was_missed_before_a_merge_is_whose_it_was(join, alice, carol, pass_lead, at):
    kept, other = pass_lead(alice), pass_lead(carol)
    mine = Clock.objects.filter(handoff=other, kind="first_response")
    mine.update(started_at=at - HOUR, due_at=at + 2 * MINUTE)
    join(kept.lead, other.lead)
    assert whose_misses(at + HOUR) == [(carol.pk, "Carol"), (alice.pk, "Alice")]


def test_what_is_missed_after_a_merge_is_whose_it_is_by_then(join, alice, carol, pass_lead, at):
    kept, other = pass_lead(alice), pass_lead(carol)
    mine = Clock.objects.filter(handoff=other, kind="first_response")
    mine.update(started_at=at - HOUR, due_at=at + 4 * MINUTE)
    join(kept.lead, other.lead)
    assert whose_misses(at + HOUR) == [(alice.pk, "Alice"), (alice.pk, "Alice")]


def test_what_was_missed_before_a_close_by_mistake_is_still_whose_it_was(
    alice, pass_lead, code, at
):
    handoff = pass_lead(alice)
    told = {"note": "", "nurture_until": None, "by": alice, "at": at + 10 * MINUTE}
    answers.reject(handoffs.open_assignment(handoff), code=code("no-need"), **told)
    take_back(handoff, by=alice, at=at + HOUR)
    assert whose_misses(at + HOUR) == [(alice.pk, "Alice")]


@pytest.mark.parametrize("due_in", [2, 4])
def test_what_nobody_had_was_in_the_queue_of_the_lead_that_it_was_of(
    join, make_handoff, at, due_in
):
    third, other, kept = (make_handoff() for _ in range(3))
    start_handoff_clocks(other, hand_raised_at=at, at=at)
    Clock.objects.update(due_at=at + due_in * MINUTE)
    for handoff in (third, kept):
        handoffs.close(handoff, closed_as="recycled", outcome="recycled", reason="-", at=at)
    join(third.lead, other.lead)
    other.refresh_from_db()
    join(kept.lead, other.lead, then=at + 5 * MINUTE)
    assert whose_misses(at + HOUR) == [(None, "Waiting for a rep")]
    assert timeline(kept.lead).entries


def test_a_team_answers_for_what_its_reps_do(join, alice, carol, mona, pass_lead, rf, at):
    kept, other = pass_lead(alice), pass_lead(carol)
    carol.team = Team.objects.create(name="South", manager=mona)
    carol.save()
    mine = Clock.objects.filter(handoff=other, kind="first_response")
    mine.update(started_at=at - HOUR, due_at=at + 2 * MINUTE)
    Clock.objects.filter(handoff=kept, kind="accept").update(kind="stay_mql", assignment=None)
    join(kept.lead, other.lead)
    request = rf.get("/")
    request.user = mona

    def found(**asked):
        data = {"period": "all", "what": "missed", **asked}
        every = Clock.objects.all()
        of = ClockFilter(data, queryset=every, request=request, at=at + 5 * HOUR)
        return set(of.qs.values_list("kind", "started_at"))

    for rep in (alice, carol):
        assert found(rep=rep.pk) <= found(team=rep.team_id)
    assert ("first_response", at - HOUR) in found(rep=carol.pk)
    assert ("stay_mql", at) in found(rep=alice.pk)


def test_a_first_response_is_of_who_made_it_also_where_another_handoff_goes_on(
    join, alice, carol, pass_lead, at
):
    kept, other = pass_lead(alice), pass_lead(carol)
    told = {"channel": "call", "outcome": "spoke", "note": "", "by": carol}
    answers.log_touch(other, occurred_at=at + MINUTE, at=at + MINUTE, **told)
    join(kept.lead, other.lead)
    found = answered(Handoff.objects.order_by("pk"))
    assert [each.answered_by_name for each in found] == ["Carol", "Carol"]
