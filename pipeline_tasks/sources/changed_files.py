"""Changes of known files between two nights: overwritten, written again with the same bytes, renamed."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class ChangedFiles:
    """Numbers of known files that tonight's sightings are about."""

    overwritten: int
    """Files that hold another image than before."""
    written_again: int
    """Files whose version changed and whose image did not: written again, or put back."""
    renamed: int
    """Files with the image of one that is missing since tonight."""


def changed_files(sightings: pl.DataFrame, earlier: pl.DataFrame, missing: pl.DataFrame) -> ChangedFiles:
    """Compare tonight's sightings with earlier ones of the same keys, and with the rows of `missing_files` of tonight."""
    file, image = ["source", "key"], ["source", "key", "image_id"]
    of_known = sightings.join(earlier.select(file).unique(), on=file, how="semi")
    again = of_known.join(earlier.select(image).unique(), on=image, how="semi")
    return ChangedFiles(of_known.height - again.height, again.height, renamed_files(sightings, missing).height)


def renamed_files(sightings: pl.DataFrame, missing: pl.DataFrame) -> pl.DataFrame:
    """Files with the image of one that is missing since tonight: `source`, `key`, and `was` with the earlier name."""
    was = pl.concat_str("source", pl.lit(":"), "key").alias("was")
    gone = missing.filter("is_missing").sort("source", "key").unique("image_id", keep="first", maintain_order=True)
    return sightings.join(gone.select("image_id", was), on="image_id").select("source", "key", "was").sort("source", "key")
