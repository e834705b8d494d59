from __future__ import annotations

from leads import handoffs
from leads.models import Handoff
from routing.models import Turn
from routing.routing import route


def test_a_handoff_goes_to_the_next_in_the_rota(alice, carol, make_handoff, at):
    handoff = make_handoff()
    decision = route(handoffs.locked(handoff.pk), at=at)
    handoff.refresh_from_db()
    print(decision.reason, decision.rule_label, decision.trace)
    assert (handoff.state, handoff.owner) == (Handoff.State.PASSED, alice)
    assert Turn.objects.get().assignment == decision.assignment
