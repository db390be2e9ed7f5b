"""Run any stage without Airflow, and print its summary."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.commands.labelled_set_options import add_set_options, labelled_set_of
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.pretraining_options import add_pretraining_options
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.commands.search_options import add_search_options
from pipeline_tasks.commands.sign_off_options import add_reply_options, reply_of
from pipeline_tasks.process import Stage
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.selection.strategies.strategy import strategies_in_form
from pipeline_tasks.wiring.arguments import NO_ARGUMENTS, StageArguments
from pipeline_tasks.wiring.run import run_stage

NOTHING_GIVEN = CycleArguments()


def add_arguments(parser: argparse.ArgumentParser, stage: str) -> None:
    """Add the arguments that this stage takes."""
    add_project_option(parser)
    parser.add_argument("--cycle", help="for example 2026-11-21; default: the newest one, and now for a stage that opens one")
    if stage in _OWN:
        _OWN[stage](parser)


def description(stage: Stage) -> str:
    """A stage's purpose, with what it reads, writes and talks to."""
    things = {"Reads": stage.reads, "Writes": stage.writes, "Talks to": stage.services}
    lines = [f"{word} {', '.join(names).replace('_', ' ')}." for word, names in things.items() if names]
    ends = "A second run returns the recorded summary." if stage.ends_in_event else "It may be run again at any time."
    return " ".join([stage.does, *lines, ends])


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the stage.

    Raises:
        NightlensError: any error of the stage.
    """
    own = vars(arguments)
    cycle_id = cycle_of_stage(arguments.command, arguments.project, arguments.cycle)
    given = StageArguments(
        run_key=own.get("run_key", NO_ARGUMENTS.run_key),
        cycle_arguments=_cycle_arguments(arguments) if arguments.command == "open_cycle" else NOTHING_GIVEN,
        shard=own.get("shard", NO_ARGUMENTS.shard),
        trial=own.get("trial", NO_ARGUMENTS.trial),
        trials=own.get("trials"),
        seed=own.get("seed"),
        method=own.get("method"),
        epochs=own.get("epochs"),
        to_model_digest=own.get("to_model_digest"),
        dataset_id=own.get("dataset_id", NO_ARGUMENTS.dataset_id),
        is_dry_run=own.get("dry_run"),
        images_a_cycle=own.get("images", NO_ARGUMENTS.images_a_cycle),
        sign_off_reply=reply_of(arguments) if arguments.command == "sign_off" else None,
        slice_number=own.get("slice", NO_ARGUMENTS.slice_number),
        slice_images=own.get("images", NO_ARGUMENTS.slice_images),
        of_cycle=own.get("of_cycle", NO_ARGUMENTS.of_cycle),
        labelled_set=labelled_set_of(arguments) if arguments.command == "open_import" else None,
    )
    return in_json(asdict(run_stage(arguments.command, arguments.project, cycle_id, given)))


def _of_open_cycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--budget", type=int, help="number of images to label (default: the project's setting, as for all below)")
    parser.add_argument("--deadline-s", type=float, help="seconds for labeling")
    parser.add_argument("--selection", choices=strategies_in_form(), help="selection strategy")
    parser.add_argument(
        "--selection-weight", type=_weight, action="append", default=[], metavar="NAME=WEIGHT", help="one of several strategies"
    )
    parser.add_argument("--control-ratio", type=float, help="share of the budget drawn at random, 0 to 1")
    parser.add_argument("--training", choices=["auto", "force", "skip"], default="auto", help="whether to train (default: auto)")
    _of_manual_cycle(parser)


def _of_measure_images(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shard", type=int, default=0, help="shard of the plan, 0 to one less than `shards` of list_new_images")


def _of_roll_back(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to-model-digest", help="earlier champion to restore (default: the previous one)")
    _of_manual_cycle(parser)


def _of_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset-id", required=True, help="version to restore, or `newest`; `versions restore` does the same")
    _of_manual_cycle(parser)


def _of_ask_for_slice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--slice", type=int, required=True, metavar="NUMBER", help="the found slice, as numbered in the report")
    parser.add_argument("--images", type=int, required=True, help="labelled images wanted beside those that there are; 0: withdraw")
    parser.add_argument("--of-cycle", default="", help="the cycle that found it (default: the newest that was evaluated)")
    _of_manual_cycle(parser)


def _of_plan_collection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action=argparse.BooleanOptionalAction, help="default: the project's setting")
    _of_manual_cycle(parser)


def _of_backfill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=int, default=NO_ARGUMENTS.images_a_cycle, help="number of images to fill (default: 10000)")
    _of_manual_cycle(parser)


def _of_open_import(parser: argparse.ArgumentParser) -> None:
    add_set_options(parser)
    _of_manual_cycle(parser)


def _of_open_search(parser: argparse.ArgumentParser) -> None:
    add_search_options(parser)
    _of_manual_cycle(parser)


def _of_open_pretraining(parser: argparse.ArgumentParser) -> None:
    add_pretraining_options(parser)
    _of_manual_cycle(parser)


def _of_run_trial(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trial", type=int, default=0, help="trial of the plan, 0 to one less than `trials` of open_search")


def _of_manual_cycle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run-key", default=NO_ARGUMENTS.run_key, help="name of the run that owns the cycle")


_OWN: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "open_cycle": _of_open_cycle,
    "measure_images": _of_measure_images,
    "sign_off": add_reply_options,
    "roll_back": _of_roll_back,
    "restore_dataset_version": _of_restore,
    "pause_labeling": _of_manual_cycle,
    "resume_labeling": _of_manual_cycle,
    "ask_for_slice": _of_ask_for_slice,
    "plan_collection": _of_plan_collection,
    "backfill": _of_backfill,
    "open_import": _of_open_import,
    "open_search": _of_open_search,
    "open_pretraining": _of_open_pretraining,
    "run_trial": _of_run_trial,
}
"""Stage → its own options; all others take the project and the cycle only."""


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
