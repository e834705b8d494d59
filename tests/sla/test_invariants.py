"""What must never be so: found, named, an alarm for as long as it is; and nothing else is."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from leads import handoffs, ownership
from leads.instants import database_now
from leads.models import Handoff, Job, Lead, User
from revops import sweep, tasks
from sla import invariants
from sla.health import alarms
from sla.heartbeats import beat
from sla.invariants import NEVER, amiss, look
from sla.models import Clock

MINUTE = timedelta(minutes=1)
NEVER_ROUTED, HELD_BY_OTHERS, WITH_WHO_LEFT, CLOSED, TURN_OVER, OTHER_LEAD = NEVER


@pytest.fixture
def passed(start, make_handoff, alice):
    """A handoff of Alice, whose promises run."""
    handoff = make_handoff(rep=alice)
    start(handoff)
    return handoff


def wait_for_nothing(passed, at):
    handoffs.back_to_routing(passed, at=at, reason="By hand")
    Handoff.objects.update(reroute_at=None)
    Clock.objects.running().exclude(assignment=None).update(
        stopped_at=at, stop_reason="ended", elapsed=MINUTE, next_at=None, next_level=None
    )


def take_the_lead(passed, at):
    carol = User.objects.get(name="Carol")
    how = {"source": "manager", "reason": "By hand", "by": None, "at": at}
    ownership.take(passed.lead, to=carol, **how)


def leave(passed, at):
    User.objects.filter(pk=passed.owner_id).update(is_active=False)


def close_alone(passed, at):
    how = {"closed_as": "recycled", "outcome": "recycled", "reason": "By hand"}
    handoffs.close(passed, at=at, **how)


def change_lead_of_clocks(passed, at):
    Clock.objects.update(lead=Lead.objects.exclude(pk=passed.lead_id).get())


def test_nothing_is_amiss_while_promises_run(passed):
    assert Clock.objects.running().count() > 2
    assert amiss() == {}
    call_command("check_invariants", stdout=None)


@pytest.mark.parametrize(
    ("edit", "whats"),
    [
        (wait_for_nothing, {NEVER_ROUTED}),
        (take_the_lead, {HELD_BY_OTHERS}),
        (leave, {WITH_WHO_LEFT}),
        (close_alone, {CLOSED, TURN_OVER}),
        (change_lead_of_clocks, {OTHER_LEAD}),
    ],
)
def test_what_must_never_be_so_is_found(passed, carol, make_lead, at, edit, whats):
    other = make_lead()
    edit(passed, at)
    concerned = other if edit is change_lead_of_clocks else passed.lead
    assert amiss() == dict.fromkeys([what for what in NEVER if what in whats], [concerned])
    with pytest.raises(CommandError, match=f"the first are leads {concerned.pk}"):
        call_command("check_invariants")


@pytest.fixture
def goes_on(passed, at):
    """Close the handoff but for one clock of Alice's, which becomes one of a kind."""

    def close(kind):
        accept = Clock.objects.get(kind="accept")
        others = Clock.objects.exclude(pk=accept.pk)
        others.update(
            stopped_at=at, stop_reason="ended", elapsed=MINUTE, next_at=None, next_level=None
        )
        close_alone(passed, at)
        Clock.objects.filter(pk=accept.pk).update(kind=kind)

    return close


@pytest.mark.parametrize("kind", invariants.GOES_ON)
def test_what_is_asked_also_after_a_handoff_may_run_on(goes_on, kind):
    goes_on(kind)
    assert Clock.objects.running().count() == 1
    assert amiss() == {}


def test_nothing_runs_on_of_a_lead_that_was_merged(goes_on, passed, make_lead):
    goes_on("stay_sql")
    Lead.objects.filter(pk=passed.lead_id).update(merged_into=make_lead())
    assert [*amiss()] == [OTHER_LEAD]


def test_what_somebody_had_is_just_being_moved_on(passed, at):
    leave(passed, at)
    job = Job.objects.create(kind="departure", total_count=1)
    assert amiss() == {}
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, finished_at=at)
    assert [*amiss()] == [WITH_WHO_LEFT]


@pytest.mark.parametrize("what", NEVER)
def test_each_is_asked_at_once_so_that_nothing_changes_in_between(
    passed, django_assert_num_queries, what
):
    with django_assert_num_queries(1):
        assert not NEVER[what]().exists()


def test_it_is_an_alarm_and_listed_till_it_is_so_no_more(client, passed, rosa, at, caplog):
    began = database_now()
    Clock.objects.update(next_at=None, next_level=None)
    leave(passed, at)
    look(began)
    beat("sweep", began + 3 * MINUTE)
    said = "Something has been so for 3 minutes that must never be: Status says what."
    assert alarms(began + MINUTE) == []
    assert alarms(began + 3 * MINUTE) == [said]
    assert "must never be" in caplog.text
    client.force_login(rosa)
    page = client.get("/status/").content.decode()
    assert WITH_WHO_LEFT in page and f"/leads/{passed.lead_id}/" in page
    User.objects.update(is_active=True)
    look(began + 4 * MINUTE)  # looked for every five minutes
    assert alarms(began + 3 * MINUTE) == [said]
    look(began + 6 * MINUTE)
    assert alarms(began + 3 * MINUTE) == []


def test_it_is_looked_for_by_whoever_does_long_work(passed, at, monkeypatch):
    looked = []
    monkeypatch.setattr(invariants, "look", looked.append)
    tasks.run_jobs()
    sweep.stand_by()
    assert len(looked) == 2
