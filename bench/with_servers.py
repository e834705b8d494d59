"""Run a measurement of this folder against servers of its own, which keep nothing.

.venv/bin/python -m bench.with_servers rescoring [options of that measurement]
"""

import os
import subprocess
import sys

from devstack.servers import throwaway_servers


def main() -> int:
    name, *options = sys.argv[1:]
    with throwaway_servers() as servers:
        settings = {
            "SECRET_KEY": "only for measuring",
            "DJANGO_SETTINGS_MODULE": "revops.settings",
            "EMAIL_URL": f"filemail:///{servers.postgres.home.parent / 'mail'}",
        }
        environment = os.environ | servers.environment() | settings
        command = [sys.executable, "-m", f"bench.{name}", *options]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
