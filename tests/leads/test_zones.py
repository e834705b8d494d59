"""The choice of a time zone: which stand first, and what they are called."""

from zoneinfo import available_timezones

from django import forms

from leads.forms.zones import ZoneField, zone_choices
from leads.models import User


def test_zones_that_are_used_here_stand_first_those_of_most_people_before_the_rest(
    organisation, alice, carol, mona
):
    organisation.zone = "Europe/Stockholm"
    organisation.save()
    User.objects.update(zone="America/New_York")
    User.objects.filter(pk=mona.pk).update(zone="Asia/Kolkata")
    (first, used), *_ = zone_choices()
    assert first == "Used here"
    assert used[:3] == [
        ("Europe/Stockholm", "Stockholm (Europe)"),
        ("America/New_York", "New York (America)"),
        ("Asia/Kolkata", "Kolkata (Asia)"),
    ]


def test_cities_stand_by_continent_under_their_own_name_and_every_zone_stands_once(organisation):
    groups = dict(zone_choices())
    assert ("America/Argentina/Salta", "Salta (America/Argentina)") in groups["America"]
    assert ("US/Eastern", "US/Eastern") in groups["Other names"]
    names = [name for options in groups.values() for name, _ in options]
    assert sorted(names) == sorted(available_timezones())


def test_each_form_asks_once_for_what_is_used_by_then(organisation, django_assert_num_queries):
    class ZoneForm(forms.Form):
        zone = ZoneField()

    with django_assert_num_queries(1):
        form = ZoneForm({"zone": "Europe/Berlin"})
        assert form.is_valid() and form.cleaned_data == {"zone": "Europe/Berlin"}
        assert "Berlin (Europe)" in str(form)
    assert not ZoneForm({"zone": "Mars/Phobos"}).is_valid()
