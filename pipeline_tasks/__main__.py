"""The command line: any stage without Airflow, and the tools around cycles. Prints one JSON line, the summary.

python -m pipeline_tasks find_duplicates --project parts --cycle 2026-11-21
python -m pipeline_tasks check_project --project parts
python -m pipeline_tasks empty_project --project parts --yes
python -m pipeline_tasks publish --project parts --version 3fa2 --to ../parts-versions
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline_tasks import wiring
from pipeline_tasks.cycle import CycleArguments
from pipeline_tasks.errors import NightlensError, SettingsError


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it did what was asked, 1 with a sentence on standard error if not."""
    arguments = _parser().parse_args(words)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        summary = _run(arguments)
    except NightlensError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(summary, sort_keys=True))
    return 0 if summary.get("is_fine", True) else 1


def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.command == "check_project":
        from pipeline_tasks.project_check import check_project

        return check_project(arguments.project)
    if arguments.command == "empty_project":
        return _empty_project(arguments.project, is_sure=arguments.yes)
    if arguments.command == "publish":
        return _publish(arguments)
    if arguments.cycle is None:
        raise SettingsError(f"--cycle: wanted a cycle_id for {arguments.command}, found none")
    return wiring.run_stage(
        arguments.command,
        arguments.project,
        arguments.cycle,
        shard=arguments.shard,
        cycle_arguments=CycleArguments(arguments.budget, arguments.deadline_s, arguments.training),
        run_key=arguments.run_key,
        to_model_digest=arguments.to_model_digest,
    )


def _empty_project(name: str, *, is_sure: bool) -> dict[str, Any]:
    """Delete a project's pictures, labels and models from its store; what lies outside keeps its old name."""
    from pipeline_tasks.storage.generation import empty_project

    store = wiring.open_store(wiring.read_project(name))
    if not is_sure:
        objects = sum(1 for _ in store.objects.list(""))
        raise SettingsError(f"empty_project would delete all {objects} objects of project {name!r} for good; add --yes to do it")
    return {"project": name, "generation": empty_project(store.objects)}


def _publish(arguments: argparse.Namespace) -> dict[str, Any]:
    """Publish a version into a git folder."""
    from pipeline_tasks.publish import publish

    if arguments.version is None or arguments.to is None:
        raise SettingsError("publish: wanted --version (the beginning of a dataset_id) and --to (a git folder)")
    return asdict(publish(arguments.project, arguments.version, Path(arguments.to), is_canonical=arguments.canonical))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks", description="Run one stage of one cycle, or a tool.")
    parser.add_argument("command", choices=[*wiring.STAGES, "check_project", "empty_project", "publish"], metavar="STAGE")
    parser.add_argument("--project", required=True)
    parser.add_argument("--cycle", help="for instance 2026-11-21; needed by all stages")
    parser.add_argument("--shard", type=int, default=0, help="measure_images: which shard of the plan")
    parser.add_argument("--budget", type=int, help="open_cycle: pictures that people are asked about")
    parser.add_argument("--deadline-s", type=float, help="open_cycle: seconds that people have")
    parser.add_argument("--training", choices=["auto", "force", "skip"], default="auto", help="open_cycle")
    parser.add_argument("--run-key", default="command line", help="open_cycle, roll_back: names the run that owns the cycle")
    parser.add_argument("--to-model-digest", help="roll_back: the earlier champion; default the one before")
    parser.add_argument("--version", help="publish: the beginning of a dataset_id")
    parser.add_argument("--to", help="publish: the git folder, made if missing")
    parser.add_argument("--canonical", action="store_true", help="publish: oriented copies without EXIF instead of the originals")
    parser.add_argument("--yes", action="store_true", help="empty_project: really do it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
