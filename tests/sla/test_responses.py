"""The first human response, in wall and in working time."""

from datetime import UTC, datetime, timedelta

from sla.responses import record_first_response

FRIDAY = datetime(2026, 3, 13, 17, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 16, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fields(record):
    record.refresh_from_db()
    return (
        record.first_response_at,
        record.first_response_wall,
        record.first_response_working,
    )


def test_it_is_measured_from_the_hand_raise_in_both_times(make_handoff, alice):
    handoff = make_handoff(rep=alice, hand_raised_at=FRIDAY)
    assert record_first_response(handoff, at=MONDAY)
    expected = (MONDAY, timedelta(days=2, hours=16, minutes=30), timedelta(hours=1))
    assert fields(handoff) == fields(handoff.lead) == expected


def test_without_a_hand_raise_it_is_measured_from_the_opening(make_handoff, alice, at):
    handoff = make_handoff(rep=alice, hand_raised_at=None)
    record_first_response(handoff, at=at + MINUTE)
    assert fields(handoff) == (at + MINUTE, MINUTE, MINUTE)


def test_only_the_first_one_counts(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    record_first_response(handoff, at=at + MINUTE)
    assert not record_first_response(handoff, at=at + 2 * MINUTE)
    assert fields(handoff)[0] == at + MINUTE


def test_an_earlier_one_that_is_logged_late_corrects_it(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    record_first_response(handoff, at=at + 9 * MINUTE)
    assert record_first_response(handoff, at=at + 2 * MINUTE)
    assert fields(handoff) == fields(handoff.lead) == (at + 2 * MINUTE, 2 * MINUTE, 2 * MINUTE)


def test_an_answer_before_the_question_is_none(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    assert not record_first_response(handoff, at=at - MINUTE)
    assert fields(handoff) == (None, None, None)


def test_the_lead_answers_for_its_latest_hand_raise(make_handoff, alice, at):
    handoff = make_handoff(rep=alice)
    record_first_response(handoff, at=at + MINUTE)
    handoff.lead.last_hand_raise_at = at + 5 * MINUTE
    record_first_response(handoff, at=at + 8 * MINUTE)
    assert fields(handoff)[1] == MINUTE
    assert fields(handoff.lead)[1] == 3 * MINUTE


def test_a_second_hand_raise_does_not_move_what_opened_the_handoff(handoff, at):
    handoff.hand_raised_at = handoff.lead.last_hand_raise_at = at + 5 * MINUTE
    record_first_response(handoff, at=at + 8 * MINUTE)
    assert fields(handoff)[1] == 8 * MINUTE
    assert fields(handoff.lead)[1] == 3 * MINUTE
