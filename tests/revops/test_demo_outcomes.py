"""The coefficients of docs/demo.md, found again in what the generator makes; without a database."""

from datetime import UTC, datetime

import numpy
import pytest

from leads.models import Assignment
from revops.demo.journeys import story_of
from revops.demo.outcomes import FEATURES
from revops.demo.unanswered import REROUTES
from routing.models import Decision
from routing.returning import RETURNING
from tests.revops.demo_setting import unsaved_setting


@pytest.fixture(scope="module")
def observed():
    """What became of the leads of half a demo, worked out without a database."""
    return story_of(unsaved_setting(datetime(2026, 3, 10, 10, tzinfo=UTC)), 1000, 42).rows


def logistic_fit(observations, names):
    """Return the weight of each feature in the likeliest logistic model (Newton's method)."""
    values = [[1.0, *(each.drivers.values()[name] for name in names)] for each in observations]
    x, y = numpy.array(values), numpy.array([float(each.happened) for each in observations])
    weights = numpy.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + numpy.exp(-x @ weights))
        weights += numpy.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (y - p))
    return dict(zip(names, weights[1:], strict=True))


def test_acceptance_follows_fit_signals_and_source(observed):
    weights = logistic_fit(observed.acceptances, FEATURES[:3])
    assert all(weight > 0 for weight in weights.values()), weights


def test_winning_follows_them_too_and_speed(observed):
    weights = logistic_fit(observed.wins, FEATURES)
    slowness = weights.pop("slowness")
    assert slowness < 0 and all(weight > 0 for weight in weights.values()), weights


def test_the_funnel_looks_like_one(observed):
    yes = sum(each.happened for each in observed.acceptances)
    assert 0.2 <= 1 - yes / len(observed.acceptances) <= 0.35


def test_some_leads_that_rested_return_to_who_accepted_them(observed):
    returned = [each for each in observed.of(Decision) if each.rule_key == RETURNING.key]
    for each in returned:
        rests = [
            said
            for said in observed.of(Assignment)
            if said.handoff.lead is each.handoff.lead and said.passed_at < each.at
        ]
        assert [said.rep for said in rests if said.answer == "accepted"][-1] == each.rep
    assert 3 <= len(returned) <= 60


def test_some_leads_that_nobody_answers_go_to_another_rep(observed):
    assignments = observed.of(Assignment)
    left = [each for each in assignments if each.outcome == "rerouted" and not each.answer]
    assert 0.005 <= len(left) / len(assignments) <= 0.15, len(left)
    assert not [each for each in left if each.seq > REROUTES]
    nexts = {(id(each.handoff), each.seq): each.rep for each in assignments}
    assert all(nexts.get((id(each.handoff), each.seq + 1)) != each.rep for each in left)
