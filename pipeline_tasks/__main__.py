"""The command line: any stage without Airflow, and the tools around cycles. Prints one JSON line, the summary.

python -m pipeline_tasks find_duplicates --project parts --cycle 2026-11-21
python -m pipeline_tasks check_project --project parts
python -m pipeline_tasks empty_project --project parts --yes
python -m pipeline_tasks back_up --project parts --place /mnt/second/parts
python -m pipeline_tasks restore_backup --project parts --place /mnt/second/parts
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tqdm import tqdm

from pipeline_tasks import wiring
from pipeline_tasks.cycle import CycleArguments
from pipeline_tasks.errors import NightlensError, SettingsError

TOOLS = ("check_project", "empty_project", "back_up", "restore_backup")


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
    if arguments.command in ("back_up", "restore_backup"):
        return _copy_root(arguments.command, arguments.project, arguments.place)
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


def _copy_root(command: str, name: str, place: str | None) -> dict[str, Any]:
    """Bring a project's root to another place, or from there back into an empty root."""
    from pipeline_tasks.storage import backup

    if place is None:
        raise SettingsError(f"--place: wanted a folder or s3://bucket/prefix for {command}, found none")
    project = wiring.read_project(name)
    s3 = wiring.endpoints_from_environment(name).s3
    root, copy = wiring.open_store(project, s3).objects, wiring.open_objects(place, s3)
    with tqdm(unit=" objects", desc=command, file=sys.stderr, disable=None) as bar:

        def tell(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        summary = backup.back_up(root, copy, tell) if command == "back_up" else backup.restore_backup(copy, root, tell)
    return {"project": name, "place": place, "is_fine": summary.is_fine, **asdict(summary)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks", description="Run one stage of one cycle, or a tool.")
    parser.add_argument("command", choices=[*wiring.STAGES, *TOOLS], metavar="STAGE")
    parser.add_argument("--project", required=True)
    parser.add_argument("--cycle", help="for instance 2026-11-21; needed by all stages")
    parser.add_argument("--shard", type=int, default=0, help="measure_images: which shard of the plan")
    parser.add_argument("--budget", type=int, help="open_cycle: pictures that people are asked about")
    parser.add_argument("--deadline-s", type=float, help="open_cycle: seconds that people have")
    parser.add_argument("--training", choices=["auto", "force", "skip"], default="auto", help="open_cycle")
    parser.add_argument("--run-key", default="command line", help="open_cycle, roll_back: names the run that owns the cycle")
    parser.add_argument("--to-model-digest", help="roll_back: the earlier champion; default the one before")
    parser.add_argument("--yes", action="store_true", help="empty_project: really do it")
    parser.add_argument("--place", help="back_up, restore_backup: where the copy lies, a folder or s3://bucket/prefix")
    return parser


if __name__ == "__main__":
    sys.exit(main())
