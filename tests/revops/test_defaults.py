"""What ships with the product, at each start after the first."""

import pytest

from leads.models import Document
from revops.defaults.load import load_defaults
from revops.defaults.operations import SEGMENT_ROTA
from routing.models import Rota
from tests.tables import count_rows

pytestmark = pytest.mark.django_db


def test_what_people_gave_another_name_does_not_come_again(defaults, at):
    Rota.objects.filter(name=SEGMENT_ROTA).update(name="Big ones")
    Document.objects.exclude(kind=Document.Kind.CALENDAR).update(name="Ours")
    before = count_rows()
    load_defaults(at)
    assert count_rows() == before
