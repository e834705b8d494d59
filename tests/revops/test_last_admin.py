"""There is always an admin, whoever is let go or changes jobs at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from leads.errors import LostRace
from leads.models import Role, User
from revops.departures import let_go
from revops.new_roles import change_job
from revops.people import Job
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def demote(user, by, at):
    with transaction.atomic():
        change_job(User.objects.get(pk=user.pk), Job(role=Role.VIEWER), by=by)


def leave(user, by, at):
    let_go(User.objects.get(pk=user.pk), by=by, at=at)


@pytest.mark.parametrize("part", [demote, leave])
def test_the_last_admin_stays(rosa, defaults, at, part):
    with pytest.raises(LostRace, match="Rosa is the last admin"):
        part(rosa, rosa, at)
    assert User.objects.with_role(Role.ADMIN).get() == rosa


@pytest.mark.parametrize("part", [demote, leave])
def test_one_of_two_admins_may_go(rosa, defaults, at, part):
    part(make_user("Zoe", Role.ADMIN), rosa, at)
    assert User.objects.with_role(Role.ADMIN).get() == rosa


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("parts", [(demote, demote), (leave, demote)], ids=["demote", "leave"])
def test_of_two_admins_who_part_with_each_other_at_once_one_stays(rosa, defaults, at, parts):
    zoe, start = make_user("Zoe", Role.ADMIN), Barrier(2)

    def succeeds(part, whom, by):
        start.wait()
        try:
            part(whom, by, at)
        except LostRace:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(succeeds, parts, (zoe, rosa), (rosa, zoe)))
    assert sum(done) == 1
    assert User.objects.with_role(Role.ADMIN).filter(is_active=True).count() == 1
