"""List every promotion, refusal and roll-back: model, figures, why, and who signed."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.commands.versions.text_table import text_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project."""
    add_project_option(parser)
    parser.add_argument("--json", action="store_true", help="as JSON, with whole digests")


def run(arguments: argparse.Namespace) -> Outcome:
    """Print the history, newest first."""
    from pipeline_tasks.reports.promotion_rows import HEADERS, promotion_rows
    from pipeline_tasks.storage.history.promotions import promotions
    from pipeline_tasks.wiring.projects import read_project

    history = promotions(open_named_store(arguments.project))
    if arguments.json:
        return Outcome(json.dumps([asdict(one) for one in reversed(history)], sort_keys=True))
    if not history:
        return Outcome("No candidate was judged yet.")
    return Outcome(text_table(HEADERS, promotion_rows(history, read_project(arguments.project).time_zone)))
