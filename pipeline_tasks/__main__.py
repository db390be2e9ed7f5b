"""The command line: any stage without Airflow, and the tools around cycles. Prints one JSON line, the summary; `explain` a tree.

python -m pipeline_tasks find_duplicates --project parts --cycle 2026-11-21
python -m pipeline_tasks check_project --project parts
python -m pipeline_tasks empty_project --project parts --yes
python -m pipeline_tasks explain 3fa91c --project parts
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
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
    if isinstance(summary, str):
        print(summary, end="")
        return 0
    print(json.dumps(summary, sort_keys=True))
    return 0 if summary.get("is_fine", True) else 1


def _run(arguments: argparse.Namespace) -> dict[str, Any] | str:
    if (arguments.command == "explain") != (arguments.thing is not None):
        raise SettingsError(f"{arguments.command}: wanted a thing to explain only behind `explain`, found {arguments.thing!r}")
    if arguments.command == "explain":
        return _explain(arguments)
    if arguments.command == "check_project":
        from pipeline_tasks.project_check import check_project

        return check_project(arguments.project)
    if arguments.command == "empty_project":
        return _empty_project(arguments.project, is_sure=arguments.yes)
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


def _explain(arguments: argparse.Namespace) -> dict[str, Any] | str:
    """The lineage of a thing, as a tree for people or as JSON."""
    from pipeline_tasks.decoding.pool import DecodingPool
    from pipeline_tasks.explain import explain
    from pipeline_tasks.reports.lineage import as_json, as_text

    s3 = wiring.endpoints_from_environment(arguments.project).s3
    store = wiring.open_store(wiring.read_project(arguments.project), s3)
    log_folder = arguments.prediction_log or wiring.home() / "serving" / arguments.project
    with DecodingPool(workers=1) as decoder:
        lineage = explain(store, arguments.thing, log_folder, decoder)
    return as_json(lineage) if arguments.json else as_text(lineage)


def _empty_project(name: str, *, is_sure: bool) -> dict[str, Any]:
    """Delete a project's pictures, labels and models from its store; what lies outside keeps its old name."""
    from pipeline_tasks.storage.generation import empty_project

    store = wiring.open_store(wiring.read_project(name))
    if not is_sure:
        objects = sum(1 for _ in store.objects.list(""))
        raise SettingsError(f"empty_project would delete all {objects} objects of project {name!r} for good; add --yes to do it")
    return {"project": name, "generation": empty_project(store.objects)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks", description="Run one stage of one cycle, or a tool.")
    parser.add_argument("command", choices=[*wiring.STAGES, "check_project", "empty_project", "explain"], metavar="STAGE")
    parser.add_argument(
        "thing", nargs="?", help="explain: a picture's file, `champion`, or an image_id, model digest, dataset_id, prediction_id"
    )
    parser.add_argument("--project", required=True)
    parser.add_argument("--cycle", help="for instance 2026-11-21; needed by all stages")
    parser.add_argument("--shard", type=int, default=0, help="measure_images: which shard of the plan")
    parser.add_argument("--budget", type=int, help="open_cycle: pictures that people are asked about")
    parser.add_argument("--deadline-s", type=float, help="open_cycle: seconds that people have")
    parser.add_argument("--training", choices=["auto", "force", "skip"], default="auto", help="open_cycle")
    parser.add_argument("--run-key", default="command line", help="open_cycle, roll_back: names the run that owns the cycle")
    parser.add_argument("--to-model-digest", help="roll_back: the earlier champion; default the one before")
    parser.add_argument("--yes", action="store_true", help="empty_project: really do it")
    parser.add_argument("--json", action="store_true", help="explain: as JSON")
    parser.add_argument(
        "--prediction-log", type=Path, help="explain: where the prediction server's log lies, if not in NIGHTLENS_HOME"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
