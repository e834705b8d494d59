"""Measure how fast and how fairly many workers pass handoffs through one rota, beside the bare
row-lock loop.

    .venv/bin/python -m bench.rota [--handoffs 2000] [--workers 4]

Starts servers of its own, which keep nothing. Goals: half of the loop's rate, a spread of at most
one turn, nothing lost or doubled; the command fails if one of the last two is missed.
"""

import os
import subprocess
import sys

from devstack.servers import throwaway_servers


def main() -> int:
    with throwaway_servers() as servers:
        settings = {"SECRET_KEY": "only for measuring", "DJANGO_SETTINGS_MODULE": "revops.settings"}
        environment = os.environ | servers.environment() | settings
        command = [sys.executable, "-m", "bench.rota_passing", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
