"""Images without a usable annotation that can be selected once more, and those that other people answered than were asked."""

from __future__ import annotations

from collections import Counter

import polars as pl

from pipeline_tasks.annotations.misdirected import MISDIRECTED
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.second_looks.look import Look, Standing, times_looked
from pipeline_tasks.second_looks.weak_labels import OVERLAP
from pipeline_tasks.selection.asking_again import rounds_by_image, without_annotation
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.open_tasks import with_open_task
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.second_look import SecondLook
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


def misdirected_images(store: Store, settings: LabelingSettings, standing: Standing) -> list[Look]:
    """Images of which a vote is missing, because a person answered who was not asked; once more each, beside the budget.

    A missing vote is made up for by a later task of the image. One image comes at most so many times over all nights.
    """
    given = store.current(Annotation, ["image_id", "task_key", "state"]).with_columns(pl.col("state").cast(pl.String))
    images = given.filter(pl.col("state") == MISDIRECTED)["image_id"].unique()
    if images.is_empty():
        return []
    has_vote = given.filter(pl.col("state").is_in(["answered", "skipped"]))["task_key"]
    votes_for = store.rows_of(LabelingTask, images, columns=["image_id", "task_key", "round_id", "purpose"])
    votes_for = votes_for.filter(pl.col("purpose").cast(pl.String).is_in(["first", OVERLAP]))
    is_missing = pl.col("task_key").is_in(given.filter(pl.col("state") == MISDIRECTED)["task_key"].implode())
    rows = votes_for.with_columns(is_missing=is_missing & ~pl.col("task_key").is_in(has_vote.implode()))
    missing, later, begun = Counter[str](), Counter[str](), dict[str, str]()
    for image_id, round_id, is_missing_here in rows.select("image_id", "round_id", "is_missing").iter_rows():
        missing[image_id] += is_missing_here
        later[image_id] += image_id in begun and begun[image_id] != round_id
        if is_missing_here:
            begun.setdefault(image_id, round_id)
    times = times_looked(store.history(SecondLook, ["image_id", "purpose"]), OVERLAP)
    closed = standing.closed | {one for one, count in times.items() if count >= settings.review_at_most_times}
    again = [one for one, count in missing.items() if count > later[one] and one not in closed]
    return [Look(image_id, OVERLAP, "A person answered it who was not asked, so it is sent once more.") for image_id in again]


def _held_back(store: Store) -> set[str]:
    """Images whose round a pause of labeling held back."""
    held = [cycle_id for cycle_id, sent in store.summaries(SendToLabelingSummary).items() if sent.is_held]
    return {image_id for cycle_id in held for image_id in store.read(SelectedImage, cycle_id)["image_id"]}
