"""Names in a project's labels and in its newest dataset version."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject


def label_names(store: Store) -> dict[str, int]:
    """Name → number of labelled images whose label says it, as people said it; without labels that have no name."""
    labelled = store.current(Label, ["image_id", "state"]).filter(pl.col("state") == "labelled").select("image_id")
    said = store.current(LabelObject, ["image_id", LABEL_NAME]).join(labelled, on="image_id", how="semi").drop_nulls()
    return dict(said.unique().group_by(LABEL_NAME).len().sort(LABEL_NAME).iter_rows())


def names_of_newest_version(store: Store) -> tuple[str, ...]:
    """Vocabulary that the newest dataset version was made with; empty if there is none."""
    newest = store.state().dataset
    return () if newest is None else read_index(store.objects, newest.dataset_id).about.vocabulary
