"""Named people, a lead and a handoff: what most tests start from."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client, TransactionTestCase
from django.test import client as django_client
from django.test.client import store_rendered_templates
from django.test.utils import override_settings

from devstack.pytest_plugin import TEMPLATE
from leads import handoffs, lifecycle, ownership
from leads.models import (
    Handoff,
    Identity,
    IntakeSource,
    Lead,
    Organisation,
    OwnershipChange,
    Queue,
    Role,
    Team,
    User,
    Version,
)
from routing.models import Rota, RotaMember
from tests.shipped import Shipped, forget_what_was_read, take_shipped
from tests.visitors import Visitor

PASSWORD = "correct horse battery"
# A Tuesday morning, within office hours.
AT = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)

# A slow machine is no fault of what is tried.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "35")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")

# A large program at rest, looked through for garbage at every turn, costs a tenth of the run.
gc.set_threshold(100_000, 50, 100)

# Fixtures that take seconds.
SET_UP_FOR_A_MODULE = {"demo", "observed"}

MakeLead = Callable[..., Lead]
MakeHandoff = Callable[..., Handoff]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start each test database as a copy of the migrated template."""
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get(TEMPLATE)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Tests with threads and processes may leave a connection; with one, no database is dropped."""
    yield
    others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    connection.close()  # a test may have ended its session
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid, 2000) FROM {others}")


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    for item in items:
        if "client" in item.fixturenames:
            item.add_marker("pages")
    items.sort(key=_when)


def _when(item: pytest.Function) -> tuple[bool, bool]:
    """What waits longest begins at once, lest all wait for it at the end. What comes before the
    rest is not stolen halfway by another worker, which would set it up anew.
    """
    waits_longest = item.get_closest_marker("faults") is not None
    return not waits_longest, SET_UP_FOR_A_MODULE.isdisjoint(item.fixturenames)


def pytest_collection_finish() -> None:
    """What is there before the first test stays: pytest looks through it five times at the end."""
    gc.freeze()


def pytest_sessionstart() -> None:
    """Leave out what takes long and shows nothing. It is no fixture: those take their time from
    each test.
    """
    # Argon2 is slow on purpose, and tests make many people. Each test's client is a server that
    # starts: it would look at all static files first.
    quick = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "WHITENOISE_AUTOREFRESH": True,
    }
    override_settings(**quick).enable()
    django_client.store_rendered_templates = store_page


def store_page(
    store: dict[str, Any], signal: Any, sender: Any, template: Any, context: Any, **_: Any
) -> None:
    """Keep for `response.context` what a page is rendered with, not also what each of the hundreds
    of fragments within it is: copying those takes longer than the rest of some tests.
    """
    if context.template is template:
        store_rendered_templates(store, signal, sender, template, context)


@pytest.fixture
def client() -> Visitor:
    return Visitor()


@pytest.fixture
def at() -> datetime:
    return AT


def make_user(name: str, *roles: Role, **fields: Any) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, name=name, **fields)
    groups = (User.groups.through(user=user, group_id=group_ids()[role]) for role in roles)
    User.groups.through.objects.bulk_create(groups)
    return user


@cache
def group_ids() -> dict[str, int]:
    """Return the ids of the roles' groups, which are made with the schema."""
    return dict(Group.objects.values_list("name", "pk"))


def make_rosa(**fields: Any) -> User:
    return make_user("Rosa", Role.ADMIN, is_staff=True, **fields)


@pytest.fixture(scope="session")
def shipped(django_db_setup: None, django_db_blocker: Any) -> Shipped:
    with django_db_blocker.unblock():
        shipped = take_shipped(make_rosa)
    # What `flush` does takes half a second.
    TransactionTestCase._fixture_teardown = lambda case: shipped.restore()
    return shipped


@pytest.fixture
def _django_db_helper(
    request: pytest.FixtureRequest, shipped: Shipped, _django_db_helper: None
) -> Iterator[None]:
    """What every test with a database begins with."""
    if "defaults" in request.fixturenames or not shipped.is_there:
        yield
        return
    with shipped.left_out():
        yield


@pytest.fixture
def rosa(shipped: Shipped, db: None) -> User:
    """RevOps admin. She answers for the shared queues."""
    if shipped.is_there:
        return User.from_db(connection.alias, [*shipped.owner], shipped.owner.values())
    return make_rosa(pk=shipped.owner["id"])


@pytest.fixture
def defaults(shipped: Shipped, rosa: User) -> None:
    """What ships with the product, live since long before `at`."""
    forget_what_was_read()
    if not shipped.is_there:
        shipped.load()


@pytest.fixture
def mona(db: None) -> User:
    """Sales manager of the team North."""
    return make_user("Mona", Role.MANAGER)


@pytest.fixture
def north(mona: User) -> Team:
    return Team.objects.create(name="North", manager=mona)


@pytest.fixture
def alice(defaults: None, north: Team) -> User:
    """Sales rep in North, in the rota Inbound."""
    return _rep("Alice", north)


@pytest.fixture
def carol(defaults: None, north: Team) -> User:
    """Sales rep in North, in the rota Inbound."""
    return _rep("Carol", north)


def _rep(name: str, team: Team) -> User:
    rep = make_user(name, Role.REP, team=team, sales_role="sdr")
    RotaMember.objects.create(rota=Rota.objects.get(name="Inbound"), rep=rep)
    return rep


@pytest.fixture
def olga(db: None) -> User:
    """Marketing ops."""
    return make_user("Olga", Role.MARKETING_OPS, is_staff=True)


@pytest.fixture
def vera(db: None) -> User:
    """Viewer."""
    return make_user("Vera", Role.VIEWER)


@pytest.fixture
def organisation(defaults: None) -> Organisation:
    return Organisation.objects.get()


@pytest.fixture
def source(defaults: None) -> IntakeSource:
    return IntakeSource.objects.get(slug="demo-request")


@pytest.fixture
def editor(client: Client, olga: User, draft: Version) -> Client:
    """Olga at her desk, with a draft that the module makes."""
    client.force_login(olga)
    return client


@pytest.fixture
def colleague(rosa: User, draft: Version) -> Client:
    """Rosa at hers."""
    client = Client()
    client.force_login(rosa)
    return client


@pytest.fixture
def make_lead(source: IntakeSource, at: datetime) -> MakeLead:
    """Make a lead in the nurture queue; `fields` as in Lead."""
    numbers = count(1)

    def make(name: str = "Clara Nyström", **fields: Any) -> Lead:
        entered_at = fields.pop("entered_at", at)
        fields = {
            "name": name,
            "email": f"lead{next(numbers)}@lumora.example",
            "company": "Lumora Pay",
            "source": source,
            "stage_id": "ml",
            "stage_since": entered_at,
            "entered_at": entered_at,
            **fields,
        }
        if "queue" not in fields:
            fields["queue"] = Queue.objects.get(key="nurture")
        lead = Lead.objects.create(search_text=f"{name} {fields['email']}", **fields)
        entry = {"reason": "Made for a test", "by": None, "at": entered_at}
        ownership.first_entry(lead, source=OwnershipChange.Source.INTAKE, **entry)
        lifecycle.first_entry(lead, **entry)
        if lead.email:
            Identity.objects.create(lead=lead, kind="email", value=lead.email)
        return lead

    return make


@pytest.fixture
def make_handoff(make_lead: MakeLead, at: datetime) -> MakeHandoff:
    """Make an open handoff: waiting, or passed to `rep`, or accepted by it."""

    def make(
        lead: Lead | None = None, *, rep: User | None = None, accepted: bool = False, **fields: Any
    ) -> Handoff:
        handoff = handoffs.open_handoff(
            lead or make_lead(),
            **{
                "path": Handoff.Path.HAND_RAISE,
                "trigger_key": "demo-request",
                "reason": "Asked for a demo",
                "hand_raised_at": at,
                "at": at,
                **fields,
            },
        )
        if rep is not None:
            source = OwnershipChange.Source.ROUTING
            assignment = handoffs.pass_to(handoff, rep, source=source, reason="Their turn", at=at)
            if accepted:
                return handoffs.accept(assignment, by=rep, at=at)
        return handoff

    return make
