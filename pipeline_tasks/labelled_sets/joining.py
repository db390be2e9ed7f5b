"""Labels of a set's files as labels of images: by the bytes that were taken in, each image once."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.datasets.manifest import EMPTY_DIGEST, label_digests
from pipeline_tasks.formats.labelled_folder import Counted, Tally

NOT_TAKEN_IN = "image that was not taken in: left out by its name, gone, or still being written"
REFUSED = "image that was refused as {reason}"
OTHER_SIZE = "label of another size than its image"
CONTRADICTING = "image whose equal copies in the set have different labels"
ERASED = "erased"


@dataclass(frozen=True)
class Joined:
    """A set's labels by image."""

    labels: pl.DataFrame
    """image_id, key, state, digest, annotation_file, split, annotators: one row an image."""
    left_out: tuple[Counted, ...]


def joined(
    set_images: pl.DataFrame, set_objects: pl.DataFrame, sightings: pl.DataFrame, rejected: pl.DataFrame, sizes: pl.DataFrame
) -> Joined:
    """Join the labels with the images.

    Args:
        set_images: rows of `SetImage`.
        set_objects: rows of `SetObject`.
        sightings: key and image_id of the set's files, the newest of each key.
        rejected: key and reason of its refused files.
        sizes: image_id, width_px and height_px of the images.
    """
    left_out = Tally()
    digests = label_digests(set_objects.drop("source").rename({"key": "image_id"})).select(key="image_id", digest="label_digest")
    rows = (
        set_images.join(digests, on="key", how="left", maintain_order="left")
        .with_columns(pl.col("digest").fill_null(EMPTY_DIGEST), pl.col("state").cast(pl.String), pl.col("split").cast(pl.String))
        .join(sightings, on="key", how="left", maintain_order="left")
        .join(
            sizes.rename({"width_px": "is_width_px", "height_px": "is_height_px"}), on="image_id", how="left", maintain_order="left"
        )
    )
    _count_missing(rows.filter(pl.col("image_id").is_null()), rejected, left_out)
    rows = rows.drop_nulls("image_id")
    is_as_large = (pl.col("width_px") == pl.col("is_width_px")) & (pl.col("height_px") == pl.col("is_height_px"))
    for row in rows.filter(~is_as_large).iter_rows(named=True):
        says = f"{row['key']}: {row['width_px']} x {row['height_px']}, the image has {row['is_width_px']} x {row['is_height_px']}"
        left_out.count(OTHER_SIZE, says)
    rows = rows.filter(is_as_large)
    contradicting = rows.group_by("image_id").agg(pl.col("digest").n_unique()).filter(pl.col("digest") > 1)["image_id"].implode()
    for key in rows.filter(pl.col("image_id").is_in(contradicting))["key"].sort():
        left_out.count(CONTRADICTING, key)
    rows = rows.filter(~pl.col("image_id").is_in(contradicting)).sort("key").unique("image_id", keep="first", maintain_order=True)
    return Joined(rows.select("image_id", "key", "state", "digest", "annotation_file", "split", "annotators"), left_out.all())


def _count_missing(rows: pl.DataFrame, rejected: pl.DataFrame, left_out: Tally) -> None:
    reasons = dict(rejected.select("key", pl.col("reason").cast(pl.String)).iter_rows())
    for key in rows["key"].sort():
        left_out.count(REFUSED.format(reason=reasons[key]) if key in reasons else NOT_TAKEN_IN, key)
