"""Run any stage without Airflow, and print its summary."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.selection.strategies.strategy import strategies_in_form
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.run import run_stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of all stages; each stage uses its own."""
    add_project_option(parser)
    parser.add_argument("--cycle", help="for example 2026-11-21; default: the newest one, and now for a stage that opens one")
    parser.add_argument("--shard", type=int, default=0, help="measure_images: number of the shard")
    parser.add_argument("--budget", type=int, help="open_cycle: number of images to label")
    parser.add_argument("--deadline-s", type=float, help="open_cycle: seconds for labeling")
    parser.add_argument("--selection", choices=strategies_in_form(), help="open_cycle: the selection strategy")
    parser.add_argument(
        "--selection-weight",
        type=_weight,
        action="append",
        default=[],
        metavar="NAME=WEIGHT",
        help="open_cycle: several strategies with weights",
    )
    parser.add_argument("--control-ratio", type=float, help="open_cycle: share of the budget drawn at random, 0 to 1")
    parser.add_argument("--training", choices=["auto", "force", "skip"], default="auto", help="open_cycle")
    parser.add_argument("--run-key", default="command line", help="stages that open a cycle: name of the run that owns it")
    parser.add_argument(
        "--dry-run", action=argparse.BooleanOptionalAction, help="plan_collection: default is the project's setting"
    )
    parser.add_argument("--images", type=int, default=10_000, help="backfill: number of images in this cycle")
    parser.add_argument("--to-model-digest", help="roll_back: the champion to restore (default: the previous one)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the stage.

    Raises:
        NightlensError: whatever the stage raises.
    """
    cycle_id = cycle_of_stage(arguments.command, arguments.project, arguments.cycle)
    given = StageArguments(
        run_key=arguments.run_key,
        cycle_arguments=_cycle_arguments(arguments),
        shard=arguments.shard,
        to_model_digest=arguments.to_model_digest,
        is_dry_run=arguments.dry_run,
        images_a_cycle=arguments.images,
    )
    return in_json(asdict(run_stage(arguments.command, arguments.project, cycle_id, given)))


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
