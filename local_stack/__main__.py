"""Command line of the stack: `python -m local_stack up|status|logs|down|reset|back_up|restore`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from local_stack import backup, stack
from local_stack.ending import supervisor_pid
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.logs import last_lines
from local_stack.status import logins, status


def main(arguments: list[str] | None = None) -> int:
    """Run one command on the stack of NIGHTLENS_HOME (default `./.nightlens`); 0 on success, else a message and 1."""
    options = _parser().parse_args(arguments)
    folders = Folders.of(Path(os.environ.get("NIGHTLENS_HOME", ".nightlens")))
    try:
        return _COMMANDS[options.command](folders, options)
    except StackError as error:
        print(f"local stack: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("local stack: stopped by Ctrl-C", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start all services, wait until they are ready, print addresses and logins")
    start.add_argument("--with-s3", action="store_true", help="also an S3 server, which this home then keeps")
    commands.add_parser("status", help="show each service; exits with 1 if one is not ready")
    logs = commands.add_parser("logs", help="show the end of a service's log, or of all logs")
    logs.add_argument("service", nargs="?")
    logs.add_argument("-f", "--follow", action="store_true", help="keep showing new lines")
    commands.add_parser("down", help="stop all services and check that no process is left")
    reset = commands.add_parser("reset", help="stop all services and delete NIGHTLENS_HOME")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    for name, said in (("back_up", "update a backup of everything"), ("restore", "restore a backup into an empty NIGHTLENS_HOME")):
        commands.add_parser(name, help=said).add_argument("--place", type=_place, required=True, help="folder of the backup")
    return parser


def _place(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("wanted a folder, found nothing; set PLACE=<folder on another disk>")
    return Path(text)


def _up(folders: Folders, options: argparse.Namespace) -> int:
    started = time.monotonic()
    print(f"starting the local stack of {folders.home}", flush=True)
    stack.up(folders.home, say=lambda line: print(line, flush=True), with_s3=options.with_s3, stays=True)
    print(f"up after {time.monotonic() - started:.0f} s; stop it with `make down`\n{logins(folders)}")
    return 0


def _status(folders: Folders, _: argparse.Namespace) -> int:
    text, is_ready = status(folders)
    print(text if supervisor_pid(folders) is None else f"{text}\n{logins(folders)}")
    return 0 if is_ready else 1


def _logs(folders: Folders, options: argparse.Namespace) -> int:
    if options.service is None:
        for path in sorted(folders.logs.glob("*.log")):
            print(f"== {path.stem}", *last_lines(path, 5), sep="\n")
        return 0
    path = folders.log_file(options.service)
    if not path.exists():
        raise StackError(
            f"found no log of {options.service!r}; there are {', '.join(sorted(one.stem for one in folders.logs.glob('*.log')))}"
        )
    if options.follow:
        os.execvp("tail", ("tail", "-n", "40", "-F", str(path)))
    print(*last_lines(path, 60), sep="\n")
    return 0


def _down(folders: Folders, _: argparse.Namespace) -> int:
    started = time.monotonic()
    stack.down(folders.home)
    print(f"down after {time.monotonic() - started:.0f} s")
    return 0


def _reset(folders: Folders, options: argparse.Namespace) -> int:
    if not options.yes and not os.environ.get("YES"):
        print(f"this deletes {folders.home} with all images, labels, models and logins; set YES=1 to confirm", file=sys.stderr)
        return 1
    stack.reset(folders.home)
    return 0


def _back_up(folders: Folders, options: argparse.Namespace) -> int:
    started = time.monotonic()
    backup.back_up(folders.home, options.place, say=lambda line: print(line, flush=True))
    print(f"backed up to {options.place} after {time.monotonic() - started:.0f} s; protect it: it holds images and logins")
    return 0


def _restore(folders: Folders, options: argparse.Namespace) -> int:
    started = time.monotonic()
    backup.restore(folders.home, options.place, say=lambda line: print(line, flush=True))
    print(f"restored into {folders.home} after {time.monotonic() - started:.0f} s; start it with `make up`")
    return 0


_COMMANDS = {
    "up": _up,
    "status": _status,
    "logs": _logs,
    "down": _down,
    "reset": _reset,
    "back_up": _back_up,
    "restore": _restore,
}


if __name__ == "__main__":
    sys.exit(main())
