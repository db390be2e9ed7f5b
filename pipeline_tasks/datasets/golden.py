"""Golden set: the test images that a person named, without those that cannot be in it."""

from __future__ import annotations

import re
from collections.abc import Collection

import polars as pl

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import GoldenSettings

NAMED_IMAGES = 5


def golden_images(settings: GoldenSettings | None, sightings: pl.DataFrame) -> frozenset[str]:
    """Image ids that are named, or that were seen (`sightings`: source, key, image_id) under a key that matches the pattern."""
    if settings is None:
        return frozenset()
    named = set(settings.image_ids)
    if settings.key_pattern is not None:
        fits = re.compile(settings.key_pattern).search
        named |= {one for source, key, one in sightings.select("source", "key", "image_id").iter_rows() if fits(f"{source}:{key}")}
    return frozenset(named)


def check_golden(settings: GoldenSettings, version: pl.DataFrame, dataset_id: str) -> None:
    """Refuse golden images that are in train or val of the newest dataset version (`version`: image_id, split).

    Raises:
        SettingsError: some are; the first few are named.
    """
    taught = version.filter(pl.col("split") != "test", pl.col("image_id").is_in(list(settings.image_ids))).sort("image_id")
    if taught.is_empty():
        return
    listed = ", ".join(f"{one} ({split})" for one, split in taught.select("image_id", "split").head(NAMED_IMAGES).iter_rows())
    more = f" and {taught.height - NAMED_IMAGES} more" if taught.height > NAMED_IMAGES else ""
    raise SettingsError(
        f"splits.golden.image_ids: wanted images that no model was trained on, found {taught.height} in train or val of dataset "
        f"version {dataset_id}: {listed}{more}. A split never changes, so they cannot become golden: remove them from the set"
    )


def refused(golden: Collection[str], rows: pl.DataFrame, before: Collection[str]) -> frozenset[str]:
    """Golden images that must be left out of a version of these rows (image_id, split), because their group is not in test.

    Their group got its split before they were named. Images that were in the version `before` stay in it, as any image does:
    they keep their split and are not golden.
    """
    found = rows.filter(pl.col("split") != "test", pl.col("image_id").is_in(list(golden)))["image_id"]
    return frozenset(found) - frozenset(before)
