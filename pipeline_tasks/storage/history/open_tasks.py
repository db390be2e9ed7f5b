"""Images that people are asked about now."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask


def with_open_task(store: Store, image_ids: Iterable[str]) -> set[str]:
    """Those of these images that have a labeling task without annotation which is not known to be lost."""
    names = list(image_ids)
    tasks = store.rows_of(LabelingTask, names, columns=["image_id", "task_key"])
    given = store.rows_of(Annotation, names, columns=["image_id", "task_key", "state"])
    annotated = given.filter(pl.col("state").cast(pl.String) != "deleted")["task_key"]
    lost = store.history(LostTask, ["task_key"])["task_key"]
    is_closed = pl.col("task_key").is_in(pl.concat([annotated, lost]).implode())
    return set(tasks.filter(~is_closed)["image_id"])
