"""The check of the policies: what a first response by the wall means at night."""

from datetime import timedelta

import pytest

from leads.documents import live_version, start_draft
from leads.instants import database_now
from leads.models import Document, Queue, Version
from leads.percents import PERCENT
from sla.calendars import office_schedule
from sla.closed_hours import ClosedHours, closed_hours
from sla.models import Clock, Policy, Target
from sla.policy_check import warnings_of


@pytest.fixture
def draft(defaults, olga) -> Version:
    return start_draft(live_version(Document.Kind.POLICIES, database_now()), by=olga)


def test_the_check_says_by_which_policies_nobody_hears_before_the_prospect_waited_too_long(draft):
    Queue.objects.exclude(key="review").update(backup=None)
    responses = Target.objects.filter(policy__version=draft, kind="first_response")
    nobody = "Nobody is told before a first response is due by "
    assert nobody not in "".join(warnings_of(draft))
    responses.filter(policy__key="trial").update(levels=[100], actions=["remind"])
    said = f"{nobody}“Trial started: 1 hour”: no step below 100{PERCENT} tells anybody."
    assert said in warnings_of(draft)
    responses.filter(policy__key="nurture").update(levels=[80], actions=["write"])
    (named,) = (each for each in warnings_of(draft) if each.startswith(nobody))
    assert "by “Trial started: 1 hour” and “Everything else: 24 hours”:" in named
    Target.objects.filter(policy__version=draft, policy__key="trial").update(levels=[], actions=[])
    kinds = "first response, accept or reject, first touch and review"
    assert f"“Trial started: 1 hour” tells nobody who misses {kinds}." in warnings_of(draft)


def test_to_write_to_the_prospect_tells_nobody_who_misses(draft):
    of_it = Target.objects.filter(policy__version=draft, policy__key="trial")
    response = of_it.filter(kind="first_response")
    nobody = "“Trial started: 1 hour” tells nobody who misses first response."
    response.update(levels=[80, 100], actions=["remind", "write"])
    assert nobody in warnings_of(draft)
    response.update(actions=["remind", "tell_admins"])
    assert nobody not in warnings_of(draft)


def came(handoff, started_at):
    """Have the first response of `handoff` have been promised at another instant."""
    clock = Clock.objects.filter(handoff=handoff, kind="first_response")
    due_at = started_at + timedelta(minutes=5)
    clock.update(started_at=started_at, due_at=due_at)


@pytest.fixture
def office_closed(defaults):
    """Instants before now: one at which the office was closed for an hour to come, one at which it
    was open.
    """
    now = database_now()
    office = office_schedule(now)
    opened = office.next_open(now - timedelta(days=12))
    while not office.is_open(opened + timedelta(minutes=1)) or office.is_open(
        opened - timedelta(hours=1)
    ):
        opened = office.next_open(opened + timedelta(hours=12))
    return opened - timedelta(hours=1), opened + timedelta(minutes=1)


def test_the_check_says_how_many_first_responses_fell_due_while_the_office_was_closed(
    client, rosa, draft, make_handoff, alice, start, office_closed
):
    first, other = (start(make_handoff(rep=alice)) for _ in range(2))
    night, day = office_closed
    came(first, night)
    came(other, day)
    said, *_ = closed_hours(draft, database_now())
    assert said.counted == "1 of 2"
    client.force_login(rosa)
    page = client.get(f"/sla/policies/{draft.number}/check/").content.decode()
    behind = f"/sla/policies/{draft.number}/closed/asked-for-a-person/"
    assert f'<a class="n" href="{behind}">1 of 2</a>' in page
    page = client.get(behind).content.decode()
    assert f"/leads/{first.lead_id}/" in page and f"/leads/{other.lead_id}/" not in page
    assert client.get(behind.replace("asked-for-a-person", "none")).status_code == 404


def test_a_first_response_that_disturbs_or_is_due_by_day_is_not_warned_of(
    draft, make_handoff, alice, start, office_closed
):
    of_it = Policy.objects.filter(version=draft, key="asked-for-a-person")
    asked = Target.objects.filter(policy__in=of_it, kind="first_response")

    def named():
        return [each.policy.key for each in closed_hours(draft, database_now())]

    assert named() == ["asked-for-a-person", "trial", "high-intent"]  # nobody came yet
    came(start(make_handoff(rep=alice)), office_closed[0])
    assert named()[0] == "asked-for-a-person"
    asked.update(allowed=timedelta(days=4))
    assert "asked-for-a-person" not in named()
    asked.update(allowed=timedelta(minutes=5), levels=[100], actions=["remind"], urgent=[100])
    assert "asked-for-a-person" not in named()
    asked.update(levels=[80, 100], actions=["remind", "write"])
    assert named()[0] == "asked-for-a-person"  # nobody here is disturbed by that
    asked.update(urgent=[], measure="working")
    assert "asked-for-a-person" not in named()
    asked.update(measure="wall", levels=[100, 150], actions=["remind"] * 2, urgent=[150])
    assert named()[0] == "asked-for-a-person"  # it disturbs too late


def test_a_first_response_that_is_due_as_the_office_opens_counts_once_by_whatever_name_of_90_days(
    draft, make_handoff, alice, start, office_closed
):
    of_it = Policy.objects.filter(version=draft, key="asked-for-a-person")
    handoffs = [start(make_handoff(rep=alice)) for _ in range(4)]
    of_it.update(label="Called something else")
    opens = office_closed[0] + timedelta(hours=1)
    for handoff in handoffs:
        came(handoff, opens - timedelta(minutes=5))
    _, went_on, again, old = (
        Clock.objects.filter(handoff=handoff, kind="first_response") for handoff in handoffs
    )
    went_on.update(lead=handoffs[0].lead)  # as merged
    again.update(seq=2)
    old.update(started_at=opens - timedelta(days=91))
    said, *_ = closed_hours(draft, database_now())
    assert said.counted == "1 of 1"


@pytest.mark.parametrize(
    ("came", "told"), [(0, "nobody came yet"), (9, "3 of 9"), (10, f"3 of 10 (30{PERCENT})")]
)
def test_a_share_is_told_of_ten(came, told):
    found = ClosedHours(Policy(), range(came), range(3), is_expected=False)
    assert found.counted == told
