"""Images without a usable annotation that can be selected once more."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.selection.asking_again import rounds_by_image, without_annotation
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.open_tasks import with_open_task
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.selection import SelectedImage


def may_come_again(store: Store, settings: LabelingSettings, cycle_id: str, stage: str, labels: pl.DataFrame) -> set[str]:
    """Images of which no labeling task is still open; `labels` holds image_id, state and labels_version.

    Nights are the cycles that have done `stage`, and this one.
    """
    nights = [one for one, done in store.state().stages.items() if stage in done or one == cycle_id]
    again_after = settings.ask_again_after_cycles
    unmatched, unsure = without_annotation(labels, nights, ask_again_after_cycles=again_after, now=cycle_id)
    lost = store.history(LostTask, ["image_id"])
    unannotated = unmatched | unsure | ((set(lost["image_id"]) | _held_back(store)) - set(labels["image_id"]))
    if not unannotated:
        return set()
    rounds = rounds_by_image(store.rows_of(LabelingTask, unannotated, columns=["image_id", "round_id"]))
    asked_enough = {one for one in unsure if rounds.get(one, 0) >= settings.ask_at_most_times}
    return unannotated - with_open_task(store, unannotated) - asked_enough


def _held_back(store: Store) -> set[str]:
    """Images whose round a pause of labeling held back."""
    held = [cycle_id for cycle_id, sent in store.summaries(SendToLabelingSummary).items() if sent.is_held]
    return {image_id for cycle_id in held for image_id in store.read(SelectedImage, cycle_id)["image_id"]}
