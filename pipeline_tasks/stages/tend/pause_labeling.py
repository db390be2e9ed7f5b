"""Pause a project's labeling: nights send no tasks, and the clock of a waiting round stands still."""

from __future__ import annotations

from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id, local_time, utc
from pipeline_tasks.records.pause_labeling import PauseLabelingSummary
from pipeline_tasks.records.project_state import LabelingPauses
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.store import Store

STAGE = "pause_labeling"


def pause_labeling(store: Store, opening: CycleOpening) -> PauseLabelingSummary:
    """Begin a pause in a cycle of its own kind; one that stands goes on.

    Raises:
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, PauseLabelingSummary)
    open_manual_cycle(store, opening, "pause")
    if standing is not None:
        return standing
    pauses = store.state().value(LabelingPauses) or LabelingPauses()
    since = pauses.paused_at or opening.started_at.isoformat()
    already = "was paused already, since" if pauses.paused_at else "is paused since"
    why = f"Labeling {already} {local_time(utc(since), opening.project.time_zone)}. Nights send nothing until `resume_labeling`."
    return store.finish(opening.cycle_id, STAGE, PauseLabelingSummary(since, why), sets=[pauses.begun(since)])
