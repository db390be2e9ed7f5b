"""The newest failure of a cycle's stages, kept beside its report."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.reading import read_record
from pipeline_tasks.records.stage_failure import StageFailure
from pipeline_tasks.storage.blobs.report_files import read_report_file, write_report_file
from pipeline_tasks.storage.objects.object_store import ObjectStore

_FILE = "failure.json"


def note_failure(objects: ObjectStore, cycle_id: str, failure: StageFailure) -> None:
    """Keep a failure in place of an earlier one.

    Raises:
        ChangedMeanwhileError: another process noted one at the same moment.
    """
    write_report_file(objects, cycle_id, _FILE, json.dumps(asdict(failure), indent=1).encode())


def standing_failure(
    objects: ObjectStore, cycle_id: str, stages: Sequence[str], done: CycleRecords, failed: Sequence[str] = ()
) -> StageFailure | None:
    """The failure that the cycle stopped at; None if the stage, or a later one, has been done since.

    `stages` are all stages in order. `failed` are tasks that failed as far as Airflow knows: one that was killed left no note.
    """
    noted = _noted(objects, cycle_id)
    if noted is not None and _stands(noted.stage, stages, done.has):
        return noted
    for stage in failed:
        if stage in stages and _stands(stage, stages, done.has):
            message = "its process ended without a message: it was killed, or ran out of memory. The task's log may say more"
            return StageFailure(stage, "", message, "Clear the failed task; the night continues where it stopped.")
    return None


def failed_in(objects: ObjectStore, cycle_id: str, stages: Sequence[str], done: Collection[str]) -> str | None:
    """The stage at which the cycle stopped, as far as a failure was noted; `done` are the stages that have ended."""
    noted = _noted(objects, cycle_id)
    return noted.stage if noted is not None and _stands(noted.stage, stages, done.__contains__) else None


def _noted(objects: ObjectStore, cycle_id: str) -> StageFailure | None:
    try:
        content = read_report_file(objects, cycle_id, _FILE)
    except NotFoundError:
        return None
    return read_record(StageFailure, json.loads(content), f"failure of cycle {cycle_id}")


def _stands(stage: str, stages: Sequence[str], is_done: Callable[[str], bool]) -> bool:
    """Return True if neither the stage nor one after it has been done."""
    return stage in stages and not any(map(is_done, stages[stages.index(stage) :]))
