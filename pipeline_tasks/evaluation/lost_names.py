"""Names that a candidate would lose: those of the champion without a training image, unless the project file states the removal."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.tables.dataset_image import LABEL_NAME


def names_lost(champion: pl.DataFrame, candidate: pl.DataFrame, changes: NameChanges) -> dict[str, int]:
    """Names in the champion's version, by today's, of which the candidate's has no training image → number of the champion's.

    Both are rows of images or of objects; removed names that are stated do not count.
    """
    known = set(_trained(candidate)[LABEL_NAME])
    lost = changes.in_rows(_trained(champion)).filter(~pl.col(LABEL_NAME).is_in([*known, *changes.removed]))
    return dict(lost.group_by(LABEL_NAME).len().sort(LABEL_NAME).iter_rows())


def _trained(manifest: pl.DataFrame) -> pl.DataFrame:
    """Images that a training of the version sees, with a name."""
    return manifest.filter(pl.col("split").cast(pl.String) != "test").select(LABEL_NAME).drop_nulls()
