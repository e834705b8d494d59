"""“Not mine” sends a lead to another rep and is nobody’s rejection; what does count."""

from __future__ import annotations

from datetime import timedelta

from feedback import answers
from feedback.my_week import my_week
from feedback.rejections import rejections
from leads import handoffs
from leads.models import Handoff, Lead
from sla import clocks
from sla.models import Clock
from tests.routing.conftest import routed

LATER = timedelta(minutes=10)


def reject(handoff, code, at):
    assignment = handoffs.open_assignment(handoff)
    said = {"note": "", "nurture_until": None, "by": assignment.rep}
    answers.reject(assignment, code=code, at=at, **said)


def test_it_goes_to_another_rep(alice, carol, pass_lead, code, at):
    handoff = pass_lead(alice)
    reject(handoff, code("wrong-person"), at + LATER)
    decision = routed(Handoff.objects.get(pk=handoff.pk), at + LATER)
    assert decision.rep == carol
    assert decision.trace["skipped"][0]["reason"] == "had this handoff before"


def test_it_is_no_rejection_in_any_count(alice, pass_lead, code, at):
    reject(pass_lead(alice), code("wrong-person"), at + LATER)
    found = rejections(Lead.objects.all())
    assert (found.answered, found.rejected, found.reasons) == (0, 0, [])
    assert my_week(alice, at + LATER).rejected == 0


def test_a_rejection_of_the_lead_is_counted(alice, pass_lead, code, at):
    reject(pass_lead(alice), code("wrong-size"), at + LATER)
    found = rejections(Lead.objects.all())
    assert (found.answered, found.rejected) == (1, 1)
    assert my_week(alice, at + LATER).rejected == 1


def test_a_week_counts_every_promise_that_was_decided(alice, pass_lead, at):
    handoff = pass_lead(alice)
    asked = Clock.objects.filter(assignment__rep=alice)
    asked.filter(kind="first_touch").update(kind="qualified")
    clocks.stop(handoff, ["qualified"], at=at + LATER, evidence="Qualified")
    soon, late = my_week(alice, at + LATER), my_week(alice, at + timedelta(days=1))
    assert (soon.promises.kept, soon.promises.n) == (1, 1)
    assert (late.promises.kept, late.promises.n) == (1, asked.count())
