"""What ships with the product: what it does, and each start after the first."""

import pytest

from leads.models import Account, Document
from revops.defaults.load import load_defaults
from revops.defaults.operations import NAMED_ROTA, SEGMENT_ROTA
from routing.models import Rota, RotaMember
from tests.routing.conftest import routed
from tests.tables import count_rows

pytestmark = pytest.mark.django_db


def test_what_people_gave_another_name_does_not_come_again(defaults, at):
    Rota.objects.filter(name=SEGMENT_ROTA).update(name="Big ones")
    Document.objects.exclude(kind=Document.Kind.CALENDAR).update(name="Ours")
    before = count_rows()
    load_defaults(at)
    assert count_rows() == before


def test_who_asked_for_a_person_comes_first_also_of_named_accounts(
    alice, carol, make_lead, make_handoff, at
):
    RotaMember.objects.create(rota=Rota.objects.get(name=NAMED_ROTA), rep=carol)
    named = Account.objects.create(name="Lumora", is_named=True)
    other = make_handoff()
    asked = make_handoff(make_lead(account=named))
    scored = make_handoff(make_lead(account=named), path="score", trigger_key="A1")
    reps = [routed(each, at).rep for each in (other, asked, scored)]
    other, asked, scored = (type(each).objects.get(pk=each.pk) for each in (other, asked, scored))
    assert reps == [alice, carol, carol]
    assert scored.priority < asked.priority == other.priority
