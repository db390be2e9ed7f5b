"""All images of a project, with what requirements count them by."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.settings.requirements import light_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.sighting import Sighting

_KEYS = ["device", "site"]


def counted_images(store: Store) -> pl.DataFrame:
    """One row an image: image_id, min_side_px, luma_mean, device and site of its first sighting, is_labelled."""
    images = store.history(Image, ["image_id", "width_px", "height_px"]).unique("image_id", keep="first", maintain_order=True)
    measured = store.current(Measurement, ["image_id", "luma_mean"])
    seen = store.history(Sighting, ["image_id", *_KEYS]).unique("image_id", keep="first", maintain_order=True)
    states = store.current(Label, ["image_id", "state"])
    labelled = states.filter(pl.col("state").cast(pl.String).is_in(["labelled", "empty"]))["image_id"]
    rows = images.join(measured, on="image_id", how="left").join(seen, on="image_id", how="left")
    return rows.select(
        "image_id",
        "luma_mean",
        *_KEYS,
        min_side_px=pl.min_horizontal("width_px", "height_px"),
        is_labelled=pl.col("image_id").is_in(labelled.implode()),
    )


def shown_names(store: Store, changes: NameChanges) -> pl.DataFrame:
    """Names in the labels of labelled images, by today's names: image_id, name; each once."""
    labelled = store.current(Label, ["image_id", "state"]).filter(pl.col("state").cast(pl.String) == "labelled")
    objects = store.current(LabelObject, ["image_id", LABEL_NAME]).join(labelled, on="image_id", how="semi")
    return changes.in_rows(objects).select("image_id", name=LABEL_NAME).drop_nulls().unique()


def lights_of(store: Store) -> dict[str, str]:
    """Light of each measured image."""
    measured = store.current(Measurement, ["image_id", "luma_mean"]).drop_nulls()
    return {image_id: light_of(luma) for image_id, luma in measured.iter_rows()}
