"""Pretrain the backbone on the project's images without their labels, and say what that gained."""

from __future__ import annotations

import argparse

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.pretraining_options import add_pretraining_options
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.records.write_pretraining_report import WritePretrainingReportSummary
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.run import run_pretraining


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project, the plan, and the cycle to continue."""
    add_project_option(parser)
    add_pretraining_options(parser)
    parser.add_argument("--cycle", help="cycle_id of the pretraining (default: now); name it to continue an interrupted one")
    parser.add_argument("--run-key", default="command line", help="name of the run that owns the cycle")


def run(arguments: argparse.Namespace) -> Outcome:
    """Pretrain; the same call with `--cycle` continues after a kill, from the last epoch.

    Raises:
        SettingsError: the backbone has no weights that can be trained.
        NightlensError: any error of a stage.
    """
    cycle_id = cycle_of_stage("open_pretraining", arguments.project, arguments.cycle)
    given = StageArguments(run_key=arguments.run_key, method=arguments.method, epochs=arguments.epochs, seed=arguments.seed)
    records = CycleRecords(tuple(run_pretraining(arguments.project, cycle_id, given).values()))
    chosen, probed = records.get(ChoosePretrainingImagesSummary), records.get(ProbeBackboneSummary)
    return in_json(
        {
            "cycle_id": cycle_id,
            "why": probed.why,
            "pretrained": probed.pretrained,
            "is_gain": probed.is_gain,
            "gain": probed.gain,
            "gain_low": probed.gain_low,
            "gain_high": probed.gain_high,
            "trained_images": chosen.trained_images,
            "probed_images": probed.images,
            "losses": list(records.get(TrainBackboneSummary).losses),
            "report": records.get(WritePretrainingReportSummary).report_key,
        }
    )
