"""What `./run` was asked to do."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from devstack.failure import StackError
from devstack.manage import manage
from devstack.run import run
from devstack.supervisor import ROOT
from devstack.workspace import Workspace

EXAMPLES = """\
examples:
  ./run                                   start, or start again with the data as it was
  ./run --fresh                           start over
  ./run --data /tmp/trial --port 8100     a second workspace beside the first
  ./run manage intake_token website       a management command against the same servers
"""


def port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError
    return number


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Run Handoff on this machine until Ctrl-C.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--fresh", action="store_true", help="empty the data folder first")
    parser.add_argument("--port", type=port, default=8000, metavar="N", help="default: 8000")
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT / ".data",
        metavar="DIR",
        help="data folder, default: .data",
    )
    parser.add_argument(
        "--demo",
        action=argparse.BooleanOptionalAction,
        help="load the demo data; default: yes on the embedded servers, no on others",
    )
    parser.add_argument("manage", nargs="?", choices=["manage"], help="run a management command")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the command, its arguments")
    options = parser.parse_args(arguments)
    if options.manage and not options.command:
        parser.error("manage: which command? ./run manage help lists them")
    return options


def obey(options: argparse.Namespace) -> int:
    workspace = Workspace(options.data)
    if options.manage:
        return manage(workspace, options.command)
    run(workspace, port=options.port, demo=options.demo, fresh=options.fresh)
    return 0


def main() -> int:
    try:
        return obey(parse(sys.argv[1:]))
    except StackError as failure:
        print(failure, file=sys.stderr)
    except PermissionError as failure:
        print(f"{failure.filename} can't be used by you: {failure.strerror}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
