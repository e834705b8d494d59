"""Run a measurement as `bench.with_servers` does, where clocks can be wrong: that of the database
server, and those of processes that are started so, each by the seconds that a file says.

    .venv/bin/python -m bench.with_wrong_clocks clock_jumps [options of that measurement]

Needs a C compiler.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from devstack.postgres import find_programs

SOURCE = Path(__file__).with_name("wrong_clock.c")
LIBRARY, SERVER = "WRONG_CLOCK_LIBRARY", "WRONG_CLOCK_OF_SERVER"


def wrong_by(clock: Path) -> dict[str, str]:
    """Return the environment of a process whose clock is wrong by what the file `clock` says."""
    return {"LD_PRELOAD": os.environ[LIBRARY], "WRONG_CLOCK": str(clock)}


def programs_with(clock: Path, library: Path) -> Path:
    """Return a folder of PostgreSQL's programs whose server goes by the file `clock`."""
    folder = clock.with_name("bin")
    folder.mkdir()
    for program in find_programs().iterdir():
        (folder / program.name).symlink_to(program)
    server = folder / "postgres"
    real = server.readlink()
    server.unlink()
    faked = f"LD_PRELOAD={library} WRONG_CLOCK={clock}"
    server.write_text(f'#!/bin/sh\nexec env {faked} {real} "$@"\n')
    server.chmod(0o755)
    return folder


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)  # the server runs as somebody else
        clock, library = Path(home, "server"), Path(home, "wrong_clock.so")
        clock.write_text("0")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        names = {LIBRARY: str(library), SERVER: str(clock)}
        names["PGBIN"] = str(programs_with(clock, library))
        command = [sys.executable, "-m", "bench.with_servers", *sys.argv[1:]]
        return subprocess.run(command, env=os.environ | names, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
