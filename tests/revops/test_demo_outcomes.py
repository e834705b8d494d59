"""The coefficients of docs/demo.md, found again in what the generator makes; without a database."""

from datetime import UTC, datetime

import numpy
import pytest

from leads.models import Assignment, Handoff
from revops.defaults.operations import NAMED_ROTA
from revops.demo.journeys import SOON, story_of
from revops.demo.outcomes import ACCEPTANCE, FEATURES, QUALIFYING, WINNING
from revops.demo.people import TEAMS_APART
from revops.demo.unanswered import REROUTES
from routing.models import Decision
from routing.returning import RETURNING
from tests.revops.demo_setting import unsaved_setting

NOW = datetime(2026, 3, 10, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def observed():
    """What became of the leads of half a demo, worked out without a database."""
    return story_of(unsaved_setting(NOW), 1000, 42).rows


@pytest.fixture(scope="module")
def observed_twice(observed):
    """What half as many leads again make of it: wins are few."""
    return observed, story_of(unsaved_setting(NOW), 500, 43).rows


def measured(observations, names):
    """Return a row of features for each of `observations`, and whether it happened."""
    values = [each.drivers.values() for each in observations]
    x = numpy.array([[1.0, *(each[name] for name in names)] for each in values])
    return x, numpy.array([float(each.happened) for each in observations])


def farthest_from(chance, observations, names):
    """Return by how many standard errors what happened differs most from the chances of it, feature
    by feature (the score test of a logistic model), whatever the seed.
    """
    x, y = measured(observations, names)
    p = numpy.array([chance(each.drivers) for each in observations])
    return abs(x.T @ (y - p) / numpy.sqrt((x**2).T @ (p * (1 - p)))).max()


def fitted(observations, names):
    """Return the weights of the likeliest logistic model (Newton's method), in standard errors."""
    x, y = measured(observations, names)
    weights = numpy.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + numpy.exp(-x @ weights))
        spread = numpy.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
        weights += spread @ x.T @ (y - p)
    return dict(zip(names, (weights / numpy.sqrt(spread.diagonal()))[1:], strict=True))


def of_winning(qualifying, winning):
    return lambda drivers: qualifying.probability(drivers) * winning.probability(drivers)


def test_acceptance_follows_fit_signals_and_source(observed):
    assert farthest_from(ACCEPTANCE.probability, observed.acceptances, FEATURES[:3]) < 4


def test_winning_follows_them_too_and_speed(observed):
    assert farthest_from(of_winning(QUALIFYING, WINNING), observed.wins, FEATURES) < 4


def test_every_driver_is_found_in_a_fit_with_its_sign(observed_twice):
    acceptances = [each for rows in observed_twice for each in rows.acceptances]
    weights = fitted(acceptances, FEATURES[:3])
    assert min(weights.values()) > 2.3, weights
    weights = fitted([each for rows in observed_twice for each in rows.wins], FEATURES)
    weights["slowness"] *= -1
    assert min(weights.values()) > 1.5, weights


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


def test_what_goes_to_a_territory_by_night_is_held_till_somebody_opens(observed):
    waits = [each for each in observed.of(Decision) if each.waits_till]
    assert {each.rule_key for each in waits} == {"territory"} and len(waits) > 20
    held = [each for each in observed.of(Handoff) if each.reroute_at]
    last = {id(each.handoff): each for each in waits}
    assert held and all(last[id(each)].waits_till == each.reroute_at > NOW for each in held)
    begun = {(id(each.handoff), each.passed_at - SOON) for each in observed.of(Assignment)}
    assert all(
        (id(each.handoff), each.waits_till) in begun for each in waits if each.waits_till < NOW
    )


def test_named_accounts_that_nobody_owns_go_to_their_rota_by_weight(observed):
    decisions = [
        each for each in observed.of(Decision) if each.rule_key.startswith("named-account")
    ]
    assert len(decisions) > 10 and all(each.handoff.lead.account.is_named for each in decisions)
    assert {each.rep.name for each in decisions} == set(TEAMS_APART[NAMED_ROTA])
