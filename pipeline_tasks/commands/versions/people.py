"""Annotators of images, and reasons of their selection, as known when a version was made."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.selection import SelectedImage

NOBODY = "no annotation"
NOT_PICKED = "not selected"


def images_by_author(store: Store, image_ids: pl.Series) -> dict[str, int]:
    """Annotator → number of images with a current annotation of theirs; an image with two annotators counts for both."""
    annotations = store.current(Annotation).filter(
        pl.col("state").cast(pl.String) == "answered", pl.col("image_id").is_in(image_ids.implode())
    )
    pairs = annotations.select("image_id", "annotator_id").unique()
    counts: dict[str, int] = dict(pairs.group_by("annotator_id").len().sort("annotator_id").iter_rows())
    without = image_ids.n_unique() - pairs["image_id"].n_unique()
    return counts | ({NOBODY: without} if without else {})


def images_by_reason(store: Store, image_ids: pl.Series) -> dict[str, int]:
    """Reason of selection (`strategy: coverage`, `control: random`) → number of images; the newest selection counts."""
    picks = store.history(SelectedImage).filter(pl.col("image_id").is_in(image_ids.implode()))
    newest = picks.unique("image_id", keep="last", maintain_order=True)
    reasons = newest.select(reason=pl.concat_str([pl.col("arm").cast(pl.String), pl.col("strategy")], separator=": "))
    counts: dict[str, int] = dict(reasons.group_by("reason").len().sort("reason").iter_rows())
    without = image_ids.n_unique() - newest.height
    return counts | ({NOT_PICKED: without} if without else {})
