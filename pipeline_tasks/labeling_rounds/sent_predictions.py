"""Predictions that went with the tasks of earlier rounds, from the tables, so that they can be sent again."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipeline_tasks.annotations.shown_predictions import is_asked, shown_prediction
from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import PreAnnotatedObject
from pipeline_tasks.tables.pre_annotation import SHOWN, PreAnnotation

_KEY = ("round_id", "image_id")


def sent_predictions(store: Store, kind: Kind, tasks: pl.DataFrame) -> dict[str, Mapping[str, Json]]:
    """task_key → the prediction that its annotator sees, by today's names; `tasks` have `round_id`, `image_id`, `task_key`.

    None of a task whose prediction names something that people are not asked about today.
    """
    told = store.rows_of(PreAnnotation, tasks["image_id"].unique()).filter(pl.col("arm").cast(pl.String) == SHOWN)
    asked = tasks.select(*_KEY, "task_key").join(told.select(*_KEY, "confidence"), on=_KEY)
    if asked.is_empty():
        return {}
    objects = store.rows_of(PreAnnotatedObject, asked["image_id"].unique()).sort(*_KEY, "object_index")
    named = objects_by(kind.changes.in_rows(objects), _KEY, kind.labeling)
    columns = ("image_id", "width_px", "height_px")
    sizes = {row[0]: (row[1], row[2]) for row in store.rows_of(Image, asked["image_id"], columns=columns).select(columns).rows()}
    return {
        key: shown_prediction(kind, said, sizes[image_id], confidence)
        for round_id, image_id, key, confidence in asked.select(*_KEY, "task_key", "confidence").iter_rows()
        if (said := named.get((round_id, image_id))) and all(is_asked(one, kind) for one in said)
    }
