"""The replay finds what a day-by-day walk finds, and its rules hold one by one."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.backtest import sharing
from feedback.replay import PastHandoff, WouldOpen, may_open_by_decay, replay
from leads.activity_series import make_series, microseconds, series_of
from leads.bulk_evidence import History, Known
from leads.openings import opening_after_rest, opening_of
from leads.scoring import Disqualifier, Modifier, Signal, missing_fields
from leads.standing import Standing
from tests.leads.criteria_examples import (
    AT,
    CRITERIA,
    GOOD_FACTS,
    TIMED,
    activity_lists,
    did,
    fact_sets,
    when,
)

EVER = AT + timedelta(days=3_650)
START, END = AT - timedelta(days=90), AT + timedelta(days=20)


def days_ago(days):
    return AT - timedelta(days=days)


def history(*activities, facts=None, known=()):
    first = Known(days_ago(200), facts if facts is not None else GOOD_FACTS)
    return History(1, [first, *known], series_of(activities, EVER))


def let_all(*_):
    return True


def replayed(past_history, past=(), criteria=CRITERIA, start=START, end=END, lets_on=let_all):
    watches = may_open_by_decay(criteria)
    return replay(
        past_history, past, criteria, start=start, end=end, watches_days=watches, lets_on=lets_on
    )


def opened_at(*args, **kwargs):
    return [each.at for each in replayed(*args, **kwargs)]


def test_a_hand_raise_opens_when_it_happened():
    (found,) = replayed(history(did("demo_request", 10)))
    assert (found.at, found.path, found.key) == (days_ago(10), "hand_raise", "demo")


def test_what_happened_before_the_start_or_after_the_end_opens_nothing():
    assert replayed(history(did("demo_request", 95), did("demo_request", -30))) == []


def test_a_handoff_that_never_really_was_stays_open():
    assert opened_at(history(did("demo_request", 60), did("demo_request", 10))) == [days_ago(60)]


def test_a_handoff_ends_when_the_real_one_did():
    past = [PastHandoff(days_ago(59), days_ago(50), days_ago(50))]
    asked_twice = history(did("demo_request", 60), did("demo_request", 10))
    assert opened_at(asked_twice, past) == [days_ago(60), days_ago(10)]


def test_a_lead_that_sales_has_at_the_start_opens_nothing():
    past = [PastHandoff(days_ago(100), None, None)]
    assert replayed(history(did("demo_request", 10)), past) == []


def test_a_closed_handoff_wants_newer_evidence():
    past = [PastHandoff(days_ago(100), days_ago(20), days_ago(20))]
    assert opened_at(history(did("demo_request", 22)), past) == []
    assert opened_at(history(did("demo_request", 19)), past) == [days_ago(19)]


def test_a_resting_lead_is_opened_by_a_hand_raise_and_by_its_score_once_it_wakes():
    wakes_on = days_ago(10).date()
    past = [PastHandoff(days_ago(100), days_ago(80), days_ago(80), wakes_on)]
    steady = [replace(each, decay="none") for each in CRITERIA.signals]
    no_depth = replace(
        CRITERIA, depth_rules=(), hand_raises=CRITERIA.hand_raises[:1], signals=tuple(steady)
    )
    viewed = history(did("pricing_view", 30), did("pricing_view", 20))
    woken = datetime.combine(wakes_on, time(), UTC)
    assert opened_at(viewed, past, no_depth) == [woken]
    raised = history(did("pricing_view", 30), did("demo_request", 25))
    assert opened_at(raised, past, no_depth) == [days_ago(25)]


def test_what_was_asked_before_a_rest_opens_by_the_wake_date():
    wakes_on = days_ago(10).date()
    past = [PastHandoff(days_ago(30), days_ago(20), days_ago(20), wakes_on)]
    first, second = replayed(history(did("demo_request", 30)), past)
    assert (first.at, first.path) == (days_ago(30), "hand_raise")
    assert (second.at, second.path) == (datetime.combine(wakes_on, time(), UTC), "wake")


def test_what_is_missing_delays_the_sending_until_it_is_known():
    told = Known(days_ago(5), {**GOOD_FACTS, "person.email": "a@b.example", "account.name": "B"})
    (found,) = replayed(history(did("demo_request", 10), known=[told]))
    assert (found.at, found.sent_at) == (days_ago(10), days_ago(5))
    (found,) = replayed(history(did("demo_request", 10)))
    assert found.sent_at is None


def test_what_was_told_late_opens_when_it_was_told():
    told = microseconds(days_ago(10))
    series = make_series("demo_request", {}, [microseconds(days_ago(30))], [told])
    late = replace(history(), series=[series])
    (found,) = replayed(late)
    assert found.at == days_ago(10)
    assert replayed(late, end=days_ago(20)) == []


def test_what_the_stages_ask_holds_a_handoff_until_something_answers_it():
    known = {**GOOD_FACTS, "person.email": "a@b.example", "account.name": "B"}
    asked = history(did("demo_request", 10), did("page_view", 4), facts=known)

    def lets_on(opened, band, evidence):
        assert (opened.key, opened.at) == ("demo", days_ago(10))
        return "page_view" in evidence.by_kind

    (found,) = replayed(asked, lets_on=lets_on)
    assert (found.at, found.sent_at) == (days_ago(10), days_ago(4))
    (found,) = replayed(asked, lets_on=lambda *_: False)
    assert found.sent_at is None


def test_a_band_that_changes_by_itself_may_open():
    """A bad sign runs out of its window on the thirty-first day."""
    bored = Signal("bored", "Bored", "email_open", {}, -30, "supportive", "none", None, 30)
    criteria = replace(CRITERIA, signals=(*CRITERIA.signals, bored), depth_rules=())
    keen = Modifier("keen", "Keen", when("account.employees", "is_known"), 40)
    criteria = replace(criteria, modifiers=(keen,))
    opened = datetime.combine(days_ago(9).date(), time(), UTC)
    assert opened_at(history(did("email_open", 40)), criteria=criteria) == [opened]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (CRITERIA, False),
        (TIMED, True),
        (replace(CRITERIA, bands=replace(CRITERIA.bands, opens_at=frozenset({"A2"}))), True),
        (
            replace(
                CRITERIA,
                disqualifiers=(
                    Disqualifier(
                        "d", "D", when("activity.count", "at_least", 1, kind="email_open", days=3)
                    ),
                ),
            ),
            True,
        ),
    ],
)
def test_where_the_passing_of_days_may_open(criteria, expected):
    assert may_open_by_decay(criteria) is expected


def walked(past_history, past, criteria, start, end):
    """The same answer in the plainest way: look at every midnight and at every event."""
    told = {each.occurred_at for series in past_history.series for each in series.records()}
    told |= {each.known_from for each in past_history.known}
    ends = {each.free_at for each in past if each.free_at}
    midnights = {
        datetime.combine(start.date() + timedelta(days=day), time(), UTC)
        for day in range(1, (end - start).days + 2)
    }
    found, band = [], Standing(past_history.at(start), criteria).band
    for at in sorted(each for each in told | ends | midnights if start < each < end):
        before, band = band, Standing(past_history.at(at), criteria).band
        last = last_before(past, start, found)
        if at in told or band != before or turns(last, at):
            found += judged(past_history, last, criteria, at)
    return found


def last_before(past, start, found):
    """The real handoff that ended what was open last; one without end if there was none."""
    mine = [each for each in past if each.opened_at < start][-1:]
    for each in found:
        mine.append(next((p for p in past if p.closed_at is None or p.closed_at >= each.at), None))
    return mine[-1] if mine else PastHandoff(start, None, start)


def turns(last, at):
    """Whether a lead is free again at this very instant, or its rest is over."""
    if last is None:
        return False
    wakes = last.rests_until and datetime.combine(last.rests_until, time(), UTC)
    return at in (last.free_at, wakes)


def judged(past_history, last, criteria, at):
    if last is None or last.free_at is None or last.free_at > at:
        return []
    rested = last.rests_until is not None and last.rests_until <= at.date()
    evidence = past_history.at(at)
    find = opening_after_rest if rested else opening_of
    what = find(Standing(evidence, criteria), last.closed_at)
    is_resting = last.rests_until is not None and not rested
    if what is None or (what.path == "score" and is_resting):
        return []
    return [WouldOpen(at, what.path, what.key, None)]


MORE_OPEN = replace(
    CRITERIA, bands=replace(CRITERIA.bands, opens_at=frozenset({"A1", "A2", "B1", "B2"}))
)
UPSIDE_DOWN = replace(CRITERIA, bands=replace(CRITERIA.bands, opens_at=frozenset({"A2", "B3"})))
NO_RAISES = replace(MORE_OPEN, hand_raises=(), depth_rules=())
OFF_FOR_A_WEEK = replace(
    NO_RAISES,
    disqualifiers=(
        Disqualifier("d", "D", when("activity.count", "at_least", 1, kind="email_open", days=7)),
    ),
)
instants = st.integers(0, 100 * 24).map(lambda hours: AT - timedelta(hours=hours))


@st.composite
def pasts(draw):
    """Up to three handoffs one after another; the last may be open still."""
    ends = sorted(draw(st.lists(instants, max_size=6, unique=True)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    rests = st.one_of(st.none(), st.integers(1, 40))
    past = [
        PastHandoff(
            opened, closed, closed, (closed + timedelta(days=rest)).date() if rest else None
        )
        for opened, closed in pairs
        for rest in [draw(rests)]
    ]
    if past and draw(st.booleans()):
        past[-1] = replace(past[-1], closed_at=None, free_at=None, rests_until=None)
    return past


histories = st.builds(
    lambda activities, first, second, at: History(
        1,
        [Known(days_ago(150), first), Known(at, {**first, **second})],
        series_of(activities, EVER),
    ),
    activity_lists,
    fact_sets,
    fact_sets,
    instants,
)
all_criteria = st.sampled_from([CRITERIA, TIMED, MORE_OPEN, UPSIDE_DOWN, NO_RAISES, OFF_FOR_A_WEEK])


@given(histories, pasts(), all_criteria)
def test_the_replay_finds_what_a_walk_over_every_day_finds(past_history, past, criteria):
    start, end = days_ago(60), AT + timedelta(days=30)
    found = replayed(past_history, past, criteria, start, end)
    expected = walked(past_history, past, criteria, start, end)
    assert [replace(each, sent_at=None) for each in found] == expected
    for each in found:
        if each.sent_at:
            facts = past_history.at(each.sent_at).facts
            assert missing_fields(facts, criteria, each.path) == []


@given(histories, pasts(), all_criteria, all_criteria)
def test_two_sides_that_share_what_they_saw_find_what_each_finds_alone(
    past_history, past, one, other
):
    other, seen = sharing(other, one), {}
    for criteria in (one, other):
        watches = may_open_by_decay(criteria)
        times = {"start": days_ago(60), "end": END, "watches_days": watches, "lets_on": let_all}
        together = replay(past_history, past, criteria, seen=seen, **times)
        assert together == replay(past_history, past, criteria, **times)
