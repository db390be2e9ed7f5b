"""The command line: any stage without Airflow, and the tools around cycles. Prints one JSON line, the summary, or a text.

python -m pipeline_tasks find_duplicates --project parts --cycle 2026-11-21
python -m pipeline_tasks check_project --project parts
python -m pipeline_tasks back_up --project parts --place /mnt/second/parts
python -m pipeline_tasks versions list --project parts
python -m pipeline_tasks explain champion --project parts
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
from collections.abc import Sequence
from typing import Any

from pipeline_tasks.errors import NightlensError
from pipeline_tasks.process import PROCESS
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.selection.strategies.strategy import strategies_in_form
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.run import run_stage

TOOLS = ("check_project", "empty_project", "back_up", "restore_backup", "verify_store", "explain", "publish", "erase")
"""Modules of `commands`."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked, 1 with a sentence on standard error if not."""
    words = sys.argv[1:] if words is None else list(words)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        if words[:1] == ["versions"]:
            from pipeline_tasks.commands.versions.commands import answer_command

            text, is_fine = answer_command(words[1:])
            print(text)
            return 0 if is_fine else 1
        arguments = _parser().parse_args(words)
        summary = _tool(arguments.command).run(arguments) if arguments.command in TOOLS else _run_stage(arguments)
    except NightlensError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    if isinstance(summary, str):
        print(summary, end="")
        return 0
    print(json.dumps(summary, sort_keys=True))
    return 0 if summary.get("is_fine", True) else 1


def _run_stage(arguments: argparse.Namespace) -> dict[str, Any]:
    given = StageArguments(
        run_key=arguments.run_key,
        cycle_arguments=_cycle_arguments(arguments),
        shard=arguments.shard,
        to_model_digest=arguments.to_model_digest,
        is_dry_run=arguments.dry_run,
        images_a_cycle=arguments.images,
    )
    return run_stage(arguments.command, arguments.project, arguments.cycle, given)


def _cycle_arguments(arguments: argparse.Namespace) -> CycleArguments:
    return CycleArguments(
        budget=arguments.budget,
        deadline_s=arguments.deadline_s,
        training=arguments.training,
        selection=arguments.selection,
        selection_weights=dict(arguments.selection_weight) or None,
        control_ratio=arguments.control_ratio,
    )


def _weight(words: str) -> tuple[str, float]:
    """`coverage=0.5`; the name may be module:function."""
    name, _, weight = words.partition("=")
    return name, float(weight)


def _tool(name: str) -> Any:
    return importlib.import_module(f"pipeline_tasks.commands.{name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks", description="Run one stage of one cycle, or a tool.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for stage in (one for one in PROCESS if one.name not in TOOLS):
        _add_stage_arguments(commands.add_parser(stage.name, help=stage.does, description=stage.does))
    commands.add_parser("versions", help="List, show, compare, export, restore and verify dataset versions.", add_help=False)
    for name in TOOLS:
        tool = _tool(name)
        added = commands.add_parser(name, help=tool.__doc__, description=tool.__doc__)
        added.add_argument("--project", required=True)
        tool.add_arguments(added)
    return parser


def _add_stage_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", required=True)
    parser.add_argument("--cycle", required=True, help="for instance 2026-11-21")
    parser.add_argument("--shard", type=int, default=0, help="measure_images: which shard of the plan")
    parser.add_argument("--budget", type=int, help="open_cycle: images that people are asked about")
    parser.add_argument("--deadline-s", type=float, help="open_cycle: seconds that people have")
    parser.add_argument("--selection", choices=strategies_in_form(), help="open_cycle: the one strategy that chooses")
    parser.add_argument(
        "--selection-weight", type=_weight, action="append", default=[], metavar="NAME=WEIGHT", help="open_cycle: several, weighed"
    )
    parser.add_argument("--control-ratio", type=float, help="open_cycle: share of the budget drawn at random, 0 to 1")
    parser.add_argument("--training", choices=["auto", "force", "skip"], default="auto", help="open_cycle")
    parser.add_argument("--run-key", default="command line", help="stages that open a cycle: names the run that owns the cycle")
    parser.add_argument(
        "--dry-run", action=argparse.BooleanOptionalAction, help="plan_collection: default as the project's settings"
    )
    parser.add_argument("--images", type=int, default=10_000, help="backfill: images to fill in this cycle")
    parser.add_argument("--to-model-digest", help="roll_back: the earlier champion; default the one before")


if __name__ == "__main__":
    sys.exit(main())
