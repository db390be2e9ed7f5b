"""Labels that labelled sets said about images, whatever people answered since."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.imported_label import ImportedLabel
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.table import Rows, empty


def labels_of_sets(store: Store, image_ids: Iterable[str]) -> tuple[Rows[Label], Rows[LabelObject]]:
    """The newest labels of sets about these images, and their objects."""
    origins = store.rows_of(ImportedLabel, image_ids)
    labels, objects = [empty(Label)], [empty(LabelObject)]
    for (cycle_id,), of_cycle in origins.group_by(["labels_version"], maintain_order=True):
        is_one = pl.col("image_id").is_in(of_cycle["image_id"].implode())
        labels.append(Label.cast(store.read(Label, str(cycle_id)).filter(is_one)))
        objects.append(LabelObject.cast(store.read(LabelObject, str(cycle_id)).filter(is_one)))
    return Label.cast(pl.concat(labels)), LabelObject.cast(pl.concat(objects))
