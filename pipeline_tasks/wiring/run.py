"""Runs of one stage, for Airflow's tasks and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pipeline_tasks.errors import CycleTakenError, SettingsError
from pipeline_tasks.process import STAGES
from pipeline_tasks.registry import unknown
from pipeline_tasks.wiring.arguments import NO_ARGUMENTS, StageArguments
from pipeline_tasks.wiring.endpoints import Endpoints, endpoints_from_environment
from pipeline_tasks.wiring.failures import explain_failure
from pipeline_tasks.wiring.services import Services
from pipeline_tasks.wiring.stages import CALLS

if TYPE_CHECKING:
    from pipeline_tasks.records.reading import StageRecord

T = TypeVar("T")
KINDS_OF_OPENERS = {
    "open_cycle": "nightly",
    "roll_back": "roll_back",
    "plan_collection": "tending",
    "backfill": "backfill",
    "open_import": "import",
    "open_search": "search",
    "open_pretraining": "pretraining",
}
"""Stage that opens a cycle in Airflow → the kind of cycle."""
IMPORT_STAGES = (
    "open_import",
    "list_new_images",
    "measure_images",
    "record_images",
    "find_quality_issues",
    "find_duplicates",
    "import_labels",
)
"""Stages of an import of a labelled set, in order; its images are taken in as those of a night are."""

AFTER_TRIALS = (
    "choose_settings",
    "train_model",
    "export_model",
    "evaluate_model",
    "compare_with_champion",
    "sign_off",
    "promote_model",
    "roll_out",
    "write_search_report",
)
"""Stages of a search behind its trials, in order; its candidate goes the way of every candidate."""

PRETRAINING_STAGES = (
    "open_pretraining",
    "choose_pretraining_images",
    "train_backbone",
    "export_backbone",
    "probe_backbone",
    "write_pretraining_report",
)
"""Stages of a pretraining, in order; none of them changes what nights do."""


def run_stage(
    stage: str, project_name: str, cycle_id: str, arguments: StageArguments = NO_ARGUMENTS, endpoints: Endpoints | None = None
) -> StageRecord:
    """Run one stage of one cycle and return its summary.

    Raises:
        SettingsError: no such stage or project, or a service that the stage needs has no address.
        NightlensError: any error of the stage.
    """
    if stage not in STAGES:
        raise SettingsError(unknown("stage", stage, STAGES))
    with open_services(project_name, cycle_id, endpoints) as services:
        try:
            return CALLS[stage](services, arguments)
        except Exception as error:  # Whatever it is: the night's report must say why it failed. The error goes on.
            explain_failure(services, stage, error)
            raise


def run_opening_stage(
    stage: str,
    project_name: str,
    cycle_ids: Iterable[str],
    arguments: StageArguments = NO_ARGUMENTS,
    endpoints: Endpoints | None = None,
) -> tuple[str, StageRecord]:
    """Run a stage that opens its cycle, and return the cycle's id and the summary.

    A run that has opened a cycle before continues it, whatever was edited since; another run takes the first id that no run owns.

    Raises:
        CycleTakenError: other runs own all of the ids.
        SettingsError, NightlensError: as `run_stage`.
    """
    from pipeline_tasks.storage.history.cycles import cycle_of_run

    with open_services(project_name, "", endpoints) as services:
        own = cycle_of_run(services.store, arguments.run_key, KINDS_OF_OPENERS[stage])

    def run_as(cycle_id: str) -> tuple[str, StageRecord]:
        return cycle_id, run_stage(stage, project_name, cycle_id, arguments, endpoints)

    return first_that_is_free(cycle_ids if own is None else [own], run_as)


def run_import(
    project_name: str, cycle_id: str, arguments: StageArguments, endpoints: Endpoints | None = None
) -> dict[str, StageRecord]:
    """Take a labelled set in: run all stages of an import, one shard after the other; stage → its record.

    Raises:
        SettingsError, NightlensError: as `run_stage`.
    """
    from pipeline_tasks.records.list_new_images import ListNewImagesSummary

    done: dict[str, StageRecord] = {}
    for stage in IMPORT_STAGES:
        shards = [0]
        if stage == "measure_images":
            listed = done["list_new_images"]
            shards = list(range(listed.shards)) if isinstance(listed, ListNewImagesSummary) else []
        for shard in shards:
            done[stage] = run_stage(stage, project_name, cycle_id, replace(arguments, shard=shard), endpoints)
    return done


def run_search(
    project_name: str, cycle_id: str, arguments: StageArguments, endpoints: Endpoints | None = None
) -> dict[str, StageRecord]:
    """Run all stages of a search, one trial after the other; stage → its record, of the last trial for `run_trial`.

    While a person's sign-off is waited for, nothing is promoted: the same call goes on once it was given.

    Raises:
        SettingsError, NightlensError: as `run_stage`.
    """
    from pipeline_tasks.records.open_search import OpenSearchSummary

    done: dict[str, StageRecord] = {}
    for stage in ("open_search", "build_dataset_version"):
        done[stage] = run_stage(stage, project_name, cycle_id, arguments, endpoints)
    plan = done["open_search"]
    for trial in range(plan.trials if isinstance(plan, OpenSearchSummary) else 0):
        done["run_trial"] = run_stage("run_trial", project_name, cycle_id, replace(arguments, trial=trial), endpoints)
    for stage in AFTER_TRIALS:
        if stage not in ("promote_model", "roll_out") or not is_waiting(done["sign_off"]):
            done[stage] = run_stage(stage, project_name, cycle_id, arguments, endpoints)
    return done


def run_pretraining(
    project_name: str, cycle_id: str, arguments: StageArguments, endpoints: Endpoints | None = None
) -> dict[str, StageRecord]:
    """Run all stages of a pretraining; stage → its record.

    Raises:
        SettingsError, NightlensError: as `run_stage`.
    """
    return {stage: run_stage(stage, project_name, cycle_id, arguments, endpoints) for stage in PRETRAINING_STAGES}


def is_waiting(signed: StageRecord) -> bool:
    """Return True if a person has been asked and has not replied yet."""
    from pipeline_tasks.records.sign_off import WAITING, SignOffSummary

    return isinstance(signed, SignOffSummary) and signed.outcome == WAITING


def first_that_is_free(cycle_ids: Iterable[str], opens: Callable[[str], T]) -> T:
    """The outcome of opening a cycle under the first of these names that no other run owns.

    Raises:
        CycleTakenError: other runs own all of them; it names the first.
    """
    taken: CycleTakenError | None = None
    for cycle_id in cycle_ids:
        try:
            return opens(cycle_id)
        except CycleTakenError as error:
            taken = taken or error
    assert taken is not None, "there is at least one name"
    raise taken


def open_services(project_name: str, cycle_id: str, endpoints: Endpoints | None = None) -> Services:
    """Services of one cycle, for a `with`; endpoints default to those of the environment."""
    return Services(project_name, cycle_id, endpoints or endpoints_from_environment(project_name))
