"""Images that people are asked about now."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask


def with_open_task(store: Store, image_ids: Iterable[str] | None = None) -> set[str]:
    """Those of these images, or of all, that have a labeling task without annotation which is not known to be lost."""
    columns = ["image_id", "task_key"]
    if image_ids is None:
        tasks, given = store.history(LabelingTask, columns), store.current(Annotation, [*columns, "state"])
    else:
        names = list(image_ids)
        tasks = store.rows_of(LabelingTask, names, columns=columns)
        given = store.rows_of(Annotation, names, columns=[*columns, "state"])
    annotated = given.filter(pl.col("state").cast(pl.String) != "deleted")["task_key"]
    lost = store.history(LostTask, ["task_key"])["task_key"]
    is_closed = pl.col("task_key").is_in(pl.concat([annotated, lost]).implode())
    return set(tasks.filter(~is_closed)["image_id"])
