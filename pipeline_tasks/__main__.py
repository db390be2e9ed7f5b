"""Command line: any stage without Airflow, and the tools around cycles. Prints one JSON line, the summary, or a text.

python -m pipeline_tasks find_duplicates --project parts --cycle 2026-11-21
python -m pipeline_tasks check_project --project parts
python -m pipeline_tasks back_up --project parts --place /mnt/second/parts
python -m pipeline_tasks versions list --project parts
python -m pipeline_tasks explain champion --project parts
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from pipeline_tasks.commands.catalog import TOOLS, load_tool
from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.errors import NightlensError
from pipeline_tasks.process import PROCESS
from pipeline_tasks.release import RELEASE

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return 0 on success, or 1 with a sentence on standard error."""
    words = sys.argv[1:] if words is None else list(words)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # httpx logs a line for each request at INFO, which hides the messages of the command itself.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        arguments = _parser(words[0] if words else "").parse_args(words)
        outcome: Outcome = arguments.run(arguments)
        print(outcome.text)
    except NightlensError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    return 0 if outcome.is_fine else 1


def _until_the_reader_leaves() -> int:
    """Run the command line; what reads its output, such as `head`, may close it at any time."""
    status = 0
    try:
        try:
            status = main()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else 1
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _parser(command: str) -> argparse.ArgumentParser:
    """Parser of one tool, so that no other tool is imported; otherwise of all commands."""
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks", description="Run one stage of one cycle, or a tool.")
    parser.add_argument("--version", action="version", version=f"Nightlens {RELEASE}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    if command not in TOOLS:
        _add_stages(commands)
    for name in [command] if command in TOOLS else TOOLS:
        tool = load_tool(name)
        purpose = (tool.__doc__ or "").splitlines()[0]
        added = commands.add_parser(name, help=purpose, description=purpose)
        tool.add_arguments(added)
        added.set_defaults(run=tool.run)
    return parser


def _add_stages(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the stages, whose packages the device of an edge agent does not have."""
    # Imported here, where Ctrl-C during a slow import ends in a sentence, too.
    from pipeline_tasks.commands import stage

    for one in (one for one in PROCESS if one.name not in TOOLS):
        added = commands.add_parser(one.name, help=one.does, description=stage.description(one))
        stage.add_arguments(added, one.name)
        added.set_defaults(run=stage.run)


if __name__ == "__main__":
    sys.exit(_until_the_reader_leaves())
