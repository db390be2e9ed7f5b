"""Resume a project's labeling: the next night sends its images and those held back, and the clock of a waiting round runs again."""

from __future__ import annotations

from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id, utc
from pipeline_tasks.records.project_state import LabelingPauses
from pipeline_tasks.records.resume_labeling import ResumeLabelingSummary
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.store import Store

STAGE = "resume_labeling"


def resume_labeling(store: Store, opening: CycleOpening) -> ResumeLabelingSummary:
    """End the pause in a cycle of its own kind; without one, nothing changes.

    Raises:
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(check_cycle_id(opening.cycle_id), STAGE, ResumeLabelingSummary)
    open_manual_cycle(store, opening, "pause")
    if standing is not None:
        return standing
    pauses = store.state().value(LabelingPauses) or LabelingPauses()
    if pauses.paused_at is None:
        return store.finish(opening.cycle_id, STAGE, ResumeLabelingSummary(0.0, "Labeling was not paused."))
    paused_s = (opening.started_at - utc(pauses.paused_at)).total_seconds()
    why = f"Labeling goes on after a pause of {paused_s / 3600:.1f} hours."
    ended = pauses.ended(opening.started_at.isoformat())
    return store.finish(opening.cycle_id, STAGE, ResumeLabelingSummary(paused_s, why), sets=[ended])
