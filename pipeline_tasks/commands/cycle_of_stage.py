"""The cycle of a stage on the command line where none was named."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timezone

from pipeline_tasks.commands.project_option import open_named_store
from pipeline_tasks.errors import MissingStageError
from pipeline_tasks.records.cycle import cycle_id_of_time
from pipeline_tasks.storage.history.cycles import newest_night
from pipeline_tasks.wiring.projects import read_project

OPENERS = (
    *("open_cycle", "roll_back", "restore_dataset_version", "plan_collection", "backfill", "erase", "open_import"),
    *("open_search", "open_pretraining", "pause_labeling", "resume_labeling", "ask_for_slice"),
)
"""Stages that open a cycle of their own."""
AFTER_A_PLAN = ("collect_garbage", "write_storage_report")
IN_A_SEARCH = ("run_trial", "choose_settings", "write_search_report")
IN_A_PRETRAINING = (
    *("choose_pretraining_images", "train_backbone", "export_backbone", "probe_backbone"),
    "write_pretraining_report",
)
OPENED_BY: Mapping[str, str] = (
    dict.fromkeys(AFTER_A_PLAN, "plan_collection")
    | dict.fromkeys(IN_A_SEARCH, "open_search")
    | dict.fromkeys(IN_A_PRETRAINING, "open_pretraining")
)
"""Stage of a cycle beside the nights → the stage that opens the cycle."""

logger = logging.getLogger(__name__)


def cycle_of_stage(stage: str, project_name: str, named: str | None) -> str:
    """The named cycle; else a new one, named by this second, for a stage that opens one, and the newest fitting one for others.

    Raises:
        MissingStageError: there is no such cycle yet.
    """
    if named:
        return named
    if stage in OPENERS:
        cycle_id = cycle_id_of_time(datetime.now(timezone.utc), read_project(project_name).time_zone, is_scheduled=False)
    else:
        cycle_id = _newest(stage, project_name)
    logger.info("%s: cycle %s (name another one with --cycle)", stage, cycle_id)
    return cycle_id


def _newest(stage: str, project_name: str) -> str:
    """The newest cycle whose plan of a collection, whose search or pretraining, or whose night the stage belongs to."""
    store = open_named_store(project_name)
    if stage in OPENED_BY:
        stages, opener = store.state().stages, OPENED_BY[stage]
        found = next((cycle_id for cycle_id in reversed(stages) if opener in stages[cycle_id]), None)
    else:
        found, opener = newest_night(store), "open_cycle"
    if found is None:
        raise MissingStageError(
            f"project {project_name}: no such cycle has been opened yet; run `{opener} --project {project_name}` first"
        )
    return found
