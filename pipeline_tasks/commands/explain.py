"""Show the origin of a prediction, an image, a model or a dataset version, and what was made from it."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.wiring.projects import home_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the thing to explain."""
    add_project_option(parser)
    parser.add_argument("thing", help="an image's file, `champion`, or an image_id, model digest, dataset_id, prediction_id")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--prediction-log", type=Path, help="folder of the prediction server's log, if not NIGHTLENS_HOME")


def run(arguments: argparse.Namespace) -> Outcome:
    """Show the lineage as a tree or as JSON.

    Raises:
        NotFoundError: nothing has this name; the message lists the searched places.
        SettingsError: several things have this shortened name; the message lists them.
    """
    from pipeline_tasks.decoding.pool import DecodingPool
    from pipeline_tasks.lineage.explain import explain
    from pipeline_tasks.reports.tree import as_json, as_text

    store = open_named_store(arguments.project)
    log_folder = arguments.prediction_log or home_folder() / "serving" / arguments.project
    with DecodingPool(workers=1) as decoder:
        lineage = explain(store, arguments.thing, log_folder, decoder)
    return in_json(as_json(lineage)) if arguments.json else Outcome(as_text(lineage).rstrip("\n"))
