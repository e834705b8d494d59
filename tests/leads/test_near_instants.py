"""Times that people type: what no calendar follows is an error of the form in every zone."""

import pytest
from django import forms
from django.utils import timezone

from leads.forms.instants import NearInstantField

ZONES = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "UTC"]


class WhenForm(forms.Form):
    when = NearInstantField()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59", "1066-10-14T09:00"])
def test_another_age_is_refused_in_every_zone(zone, typed):
    with timezone.override(zone):
        form = WhenForm({"when": typed})
        assert not form.is_valid()
        assert "when" in form.errors and form.as_p()
