from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from leads.models import User

pytestmark = pytest.mark.django_db


def test_an_installation_in_use_is_left_alone(alice):
    with transaction.atomic(), pytest.raises(CommandError, match="empty ones only"):
        call_command("load_demo")
    assert User.objects.filter(email__endswith="@brightwater.example").count() == 0


def test_without_a_demo_no_login_is_printed(alice):
    said = StringIO()
    call_command("demo_logins", stdout=said)
    assert said.getvalue() == ""
