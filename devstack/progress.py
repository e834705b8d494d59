import os
import sys
import time


def say(message: str) -> None:
    """Print a step with the seconds since the command was typed; the shell script set the start."""
    started_at = float(os.environ.setdefault("RUN_STARTED_AT", str(time.time())))
    print(f"[{time.time() - started_at:5.1f} s] {message}", file=sys.stderr, flush=True)
