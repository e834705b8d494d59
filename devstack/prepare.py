"""Readies a database for a run, in one Django process: schema, shipped defaults, demo.

Every step is safe to repeat. Leaves the words that greet the user in a file, for the runner to
print once the pages are up.
"""

import argparse
import io
import os
import sys
from pathlib import Path

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command

from devstack.progress import say


def prepare(*, demo: bool) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    say("database schema is up to date")
    call_command("load_defaults", stdout=sys.stderr)
    say("shipped defaults are loaded")
    if demo:
        call_command("load_demo", stdout=sys.stderr)
        say("demo is loaded")


def greeting() -> str:
    """Return the demo's logins; or, while nobody can sign in, how to make the first admin."""
    logins = io.StringIO()
    call_command("demo_logins", stdout=logins)
    if logins.getvalue().strip():
        return f"Demo logins (role, email, password):\n{logins.getvalue().rstrip()}"
    if get_user_model().objects.exists():
        return ""
    base, code = os.environ["BASE_URL"], os.environ["SETUP_CODE"]
    return f"Nobody can sign in yet. Make the first admin at {base}/setup/\nSet-up code: {code}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--greeting", type=Path, required=True)
    options = parser.parse_args()
    django.setup()
    prepare(demo=options.demo)
    options.greeting.write_text(greeting())


if __name__ == "__main__":
    main()
