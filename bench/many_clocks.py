"""Many clocks, written as fast as the database takes them: copies of those of some handoffs."""

from __future__ import annotations

from django.db import connection, transaction

from bench.rota_passing import prepare  # sets Django up first
from leads import handoffs
from leads.instants import database_now
from leads.models import Handoff
from routing.routing import route
from sla.handoff_clocks import start_assignment_clocks, start_handoff_clocks
from sla.models import Clock

# One clock more of a kind has the next number, which is a small one.
MOST_COPIES = 20_000


def make_clocks(number: int, *, of_handoffs: int) -> None:
    """Migrate, load what ships, and have `number` clocks run, about a third of them each kind."""
    handoff_ids, _ = prepare(of_handoffs)
    for handoff_id in handoff_ids:
        start_clocks(handoff_id)
    copies = -(-number // Clock.objects.count()) - 1
    assert copies <= MOST_COPIES
    # Their events and who is told are not what is measured; the rows are as any others.
    fields = [each.column for each in Clock._meta.concrete_fields if each.name not in ("id", "seq")]
    columns = ", ".join(f'"{name}"' for name in fields)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO sla_clock (seq, {columns}) SELECT seq + copy, {columns}"
            f" FROM sla_clock, generate_series(1, {copies}) copy"
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sla_clock")


@transaction.atomic
def start_clocks(handoff_id: int) -> None:
    at = database_now()
    handoff = handoffs.locked(handoff_id)
    decision = route(handoff, at=at)
    start_handoff_clocks(Handoff.objects.get(pk=handoff_id), hand_raised_at=None, at=at)
    if decision.assignment:
        start_assignment_clocks(decision.assignment, at=at)
