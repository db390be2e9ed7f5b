"""Search for better training settings: trials, the choice, then training, gate and roll-out of a candidate with them."""

from __future__ import annotations

import argparse

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.commands.search_options import add_search_options
from pipeline_tasks.json_values import Json
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.write_search_report import WriteSearchReportSummary
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.run import run_search


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project, the plan, and the cycle to continue."""
    add_project_option(parser)
    add_search_options(parser)
    parser.add_argument("--cycle", help="cycle_id of the search (default: now); name it to continue an interrupted one")
    parser.add_argument("--run-key", default="command line", help="name of the run that owns the cycle")


def run(arguments: argparse.Namespace) -> Outcome:
    """Search; the same call with `--cycle` continues after a kill, and runs no finished trial again.

    Raises:
        SettingsError: the training of the label kind is not searched; nothing was recorded.
        NightlensError: any error of a stage.
    """
    cycle_id = cycle_of_stage("open_search", arguments.project, arguments.cycle)
    given = StageArguments(run_key=arguments.run_key, trials=arguments.trials, seed=arguments.seed)
    done = run_search(arguments.project, cycle_id, given)
    return in_json(_told(CycleRecords(tuple(done.values())), cycle_id))


def _told(records: CycleRecords, cycle_id: str) -> dict[str, Json]:
    """The outcome of all stages, for people and scripts."""
    chosen, promoted = records.get(ChooseSettingsSummary), records.find(PromoteModelSummary)
    return {
        "cycle_id": cycle_id,
        "why": chosen.skipped or chosen.why,
        "is_found": chosen.is_found,
        "best_trial": chosen.best_trial,
        "settings": dict(chosen.settings),
        "yaml": chosen.yaml,
        "trials": chosen.trials,
        "pruned": chosen.pruned,
        "is_promoted": promoted is not None and promoted.is_promoted,
        "gate": records.why("sign_off" if promoted is None else "promote_model"),
        "report": records.get(WriteSearchReportSummary).report_key,
    }
