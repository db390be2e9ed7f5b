"""List every pretraining of the backbone: method, images, gain with its interval, and the name of its weights."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.commands.versions.text_table import text_table

if TYPE_CHECKING:
    from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary

HEADERS = ("cycle", "backbone", "method", "images", "gain in points", "backbone.pretrained")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project."""
    add_project_option(parser)
    parser.add_argument("--json", action="store_true", help="as JSON, with the sentences of the probes")


def run(arguments: argparse.Namespace) -> Outcome:
    """Print them, newest first."""
    from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
    from pipeline_tasks.records.train_backbone import TrainBackboneSummary

    store = open_named_store(arguments.project)
    trained, probed = store.summaries(TrainBackboneSummary), store.summaries(ProbeBackboneSummary)
    done = [(cycle_id, one, probed.get(cycle_id)) for cycle_id, one in reversed(trained.items()) if one.candidate_sha256]
    if arguments.json:
        told = [{"cycle_id": key, "trained": asdict(one), "probed": asdict(found) if found else None} for key, one, found in done]
        return Outcome(json.dumps(told, sort_keys=True))
    if not done:
        return Outcome("No backbone was pretrained yet.")
    rows = [(key, one.backbone_name, one.method, one.images, _gain(found), one.candidate_sha256) for key, one, found in done]
    return Outcome(text_table(HEADERS, rows))


def _gain(probed: ProbeBackboneSummary | None) -> str:
    if probed is None or probed.gain is None or probed.gain_low is None or probed.gain_high is None:
        return "not compared"
    return f"{100 * probed.gain:+.1f} ({100 * probed.gain_low:+.1f} to {100 * probed.gain_high:+.1f})"
