"""Letting somebody go: nothing new reaches them at once, and what they have moves on in steps."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from leads import handoffs, ownership
from leads.errors import LostRace
from leads.models import Absence, Account, Job, Lead, OwnershipChange, Queue, Role, User
from leads.nudges import nudge
from revops.people import check_an_admin_stays, reroute
from routing.models import RotaMember
from sla.touch_clocks import end_outcome_clocks

KIND = "departure"
BATCH = 100
HEIR_LEFT = "{} has left. Choose somebody else for the accounts."
HEIR_SELLS_NOT = "{} neither sells nor manages who does. Choose somebody else for the accounts."
HEIRS = (Role.REP, Role.MANAGER)


@transaction.atomic
def let_go(user: User, *, by: User, at: datetime, accounts_to: User | None = None) -> Job:
    """Deactivate `user`, take them out of their rotas and of the absences that they cover, pass the
    accounts that they own to `accounts_to`, or leave those without an owner, and start moving all
    leads on. Returns the job that does; the one that is at it already, if they were let go before.

    Waits for whoever is just passing them a lead: the job finds that lead. Raises LostRace if they
    are the last admin, or `accounts_to` has left or is nobody of sales.
    """
    check_an_admin_stays(user)
    # The lock that routing takes before it passes somebody anything.
    leaver = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    running = newest_departure(leaver)
    if running is not None and running.state in (Job.State.WAITING, Job.State.RUNNING):
        return running
    became = _take_out(leaver, accounts_to, at)
    nudge("revops.tasks.run_jobs")
    return Job.objects.create(
        kind=KIND,
        parameters={"user": leaver.pk, **became},
        total_count=Lead.objects.filter(owner=leaver).count(),
        created_by=by,
    )


def _take_out(leaver: User, heir: User | None, at: datetime) -> dict[str, object]:
    """Deactivate the leaver, take them out of their rotas and have them cover for nobody any more;
    pass on their accounts. Returns what became of these. Raises LostRace if `heir` has left or
    is nobody of sales.
    """
    User.objects.filter(pk=leaver.pk).update(is_active=False)
    end_outcome_clocks(leaver, at=at)
    RotaMember.objects.filter(rep=leaver).delete()
    covered = Absence.objects.filter(cover=leaver, ends_at__gt=at).select_for_update(no_key=True)
    uncovered = list(covered.order_by("pk").values_list("pk", flat=True))
    Absence.objects.filter(pk__in=uncovered).update(cover=None)
    return {"uncovered": uncovered, **_pass_accounts(leaver, heir)}


def _pass_accounts(leaver: User, heir: User | None) -> dict[str, object]:
    """Give the leaver's accounts to `heir`, or to nobody. Returns what became of them."""
    if heir is not None:
        held = User.objects.select_for_update(no_key=True).filter(pk=heir.pk, is_active=True)
        if not held.exists():
            raise LostRace(HEIR_LEFT.format(heir))
        if not heir.has_role(*HEIRS):
            raise LostRace(HEIR_SELLS_NOT.format(heir))
    count = Account.objects.filter(owner=leaver).update(owner=heir)
    return {"accounts": count, "accounts_to": heir.pk if heir else None}


def newest_departure(user: User) -> Job | None:
    return Job.objects.filter(kind=KIND, parameters__user=user.pk).order_by("id").last()


def move_some(job: Job, at: datetime) -> int | None:
    """Move the next leads of a leaver, by id: an open handoff to the next rep, any other lead to
    their manager or back to marketing. Done only when they answer for none; at once if they have
    returned meanwhile.

    What was moved is no longer theirs, so a step that is done again goes on with what is.
    """
    leaver = User.objects.select_related("team").get(pk=job.parameters["user"])
    if leaver.is_active:
        return None
    leads = Lead.objects.filter(owner=leaver).order_by("pk").select_for_update(no_key=True)
    moved = list(leads[:BATCH])
    for lead in moved:
        _move_on(lead, leaver, by=job.created_by, at=at)
    job.done_count += len(moved)
    # One that was passed at the last moment comes on top.
    job.total_count = max(job.total_count, job.done_count)
    nudge("revops.tasks.sweep")
    return moved[-1].pk if moved and Lead.objects.filter(owner=leaver).exists() else None


def _move_on(lead: Lead, leaver: User, *, by: User | None, at: datetime) -> None:
    """Send the open handoff that the leaver has of a locked lead back to be routed; without one,
    give the lead to their heir.
    """
    reason = f"{leaver} left"
    if not reroute(lead, leaver, by=by, at=at, reason=reason):
        people = User.objects.select_for_update(no_key=True)
        _pass_on(lead, heir_of(leaver, people), reason, by=by, at=at)


def _pass_on(lead: Lead, heir: User | Queue, reason: str, *, by: User | None, at: datetime) -> None:
    source = OwnershipChange.Source.MANAGER
    ownership.take(lead, to=heir, source=source, reason=reason, by=by, at=at)


def heir_of(user: User, people: QuerySet[User]) -> User | Queue:
    """Return who answers for the leads of `user` that sales has: their manager, read from `people`,
    if there is one who works here still; else marketing.
    """
    manager_id = user.team.manager_id if user.team else None
    if manager_id is None:
        return Queue.objects.get(key=handoffs.NURTURE)
    heir = people.filter(pk=manager_id, is_active=True).exclude(pk=user.pk).first()
    return heir or Queue.objects.get(key=handoffs.NURTURE)
