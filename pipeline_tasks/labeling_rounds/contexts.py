"""Labeling tasks of all rounds by the Label Studio project in which they stand."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline_tasks.annotations.parsing import TaskContext
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labeling_rounds.assigning import names_of_people
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.labeling_task import LabelingTask

SIZE_COLUMNS = ("image_id", "width_px", "height_px")


def contexts_by_project(store: Store, cycle: Cycle, places: Mapping[int, int]) -> dict[int, dict[str, TaskContext]]:
    """Label Studio project id → task_key → context of the task's annotations, over all rounds.

    `places`: recorded project id → the project that stands in its place.
    """
    contexts: dict[int, dict[str, TaskContext]] = {}
    name, labeling = cycle.project.project, kind_of(cycle.project).labeling
    columns = ["label_studio_project_id", "task_key", "round_id", "image_id", "label_studio_task_id", "assigned_to"]
    tasks = store.history(LabelingTask, columns)
    sizes = _sizes(store, tasks["image_id"]) if kind_of(cycle.project).freezing.keeps_objects else {}
    people = names_of_people(cycle)
    for project_id, key, round_id, image_id, task_id, asked in tasks.iter_rows():
        place, size, shown_for = places.get(project_id, project_id), sizes.get(image_id), people.get(asked)
        context = TaskContext(name, labeling, project_id, key, round_id, image_id, task_id, size, place, shown_for)
        contexts.setdefault(place, {})[key] = context
    return contexts


def _sizes(store: Store, image_ids: pl.Series) -> dict[str, tuple[int, int]]:
    """image_id → width and height of the canonical image."""
    rows = store.rows_of(Image, image_ids, columns=SIZE_COLUMNS).select(SIZE_COLUMNS)
    return {image_id: (width, height) for image_id, width, height in rows.iter_rows()}
