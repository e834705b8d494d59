"""What a reason asks for before it may be given."""

from __future__ import annotations

from datetime import date

import pytest

from feedback.models import ReasonCode
from feedback.work_standard import Attempts, problems, rest_until, unmet_work

TODAY = date(2026, 3, 10)


def reason(**fields):
    return ReasonCode(**{"label": "Reason", "consequence": "recycle", "nurture_days": 90, **fields})


def found(code, **told):
    return problems(
        code, **{"note": "", "nurture_until": None, "touches": Attempts(), "today": TODAY, **told}
    )


@pytest.mark.parametrize(
    ("touches", "unmet"),
    [
        (Attempts(0), "0 of 4 touches logged"),
        (
            Attempts(3, unsaid=1),
            "3 of 4 touches that count; 1 touch has no outcome yet: say what came of it",
        ),
        (
            Attempts(0, hasty=5),
            "0 of 4 touches that count; "
            "5 touches don’t count: within 20 s of opening the lead, or five in a minute",
        ),
        (Attempts(4, unsaid=1, hasty=1), ""),
    ],
)
def test_unmet_work_counts_touches(touches, unmet):
    assert unmet_work(reason(min_touches=4), touches) == unmet


def test_a_plain_reason_asks_for_nothing():
    assert found(reason()) == {}


def test_every_problem_is_named_at_once():
    code = reason(min_touches=2, needs_note=True, needs_date=True)
    assert set(found(code)) == {"code", "note", "nurture_until"}


@pytest.mark.parametrize(
    ("day", "is_fine"),
    [
        pytest.param(date(2026, 3, 10), False, id="today"),
        pytest.param(date(2026, 3, 11), True, id="tomorrow"),
        pytest.param(date(2028, 3, 9), True, id="in two years"),
        pytest.param(date(2028, 3, 10), False, id="a day more"),
    ],
)
def test_the_day_to_ask_again_lies_within_two_years(day, is_fine):
    assert (found(reason(), nurture_until=day) == {}) is is_fine


def test_a_date_means_nothing_to_a_reason_that_does_not_recycle():
    code = reason(consequence="disqualify", nurture_days=None)
    assert found(code, nurture_until=TODAY) == {}
    assert rest_until(code, date(2026, 9, 1), TODAY) is None


def test_a_lead_rests_until_the_day_named_else_as_long_as_the_reason_says():
    assert rest_until(reason(), date(2026, 9, 1), TODAY) == date(2026, 9, 1)
    assert rest_until(reason(), None, TODAY) == date(2026, 6, 8)
