"""Differences between two dataset versions: images that were added, removed, relabelled or moved to another split."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline_tasks.tables.dataset_image import LABEL_NAME

_COLUMNS = ("image_id", "split", LABEL_NAME, "label_digest")


@dataclass(frozen=True)
class Difference:
    """Differences between two versions; each frame is sorted by image_id."""

    added: pl.DataFrame
    """image_id, split, LABEL_NAME."""
    removed: pl.DataFrame
    """image_id, split, LABEL_NAME, as in the first version."""
    relabelled: pl.DataFrame
    """image_id, split, name_before, name_after; equal names if only other fields of the label changed."""
    moved: pl.DataFrame
    """image_id, LABEL_NAME, split_before, split_after."""

    @property
    def is_none(self) -> bool:
        """Return True if the versions hold the same images with the same labels and splits."""
        return not (self.added.height or self.removed.height or self.relabelled.height or self.moved.height)


def difference(before: pl.DataFrame, after: pl.DataFrame) -> Difference:
    """Compare rows (image_id, split, LABEL_NAME, label_digest) of two versions; rows that are equal in both may be left out."""
    one, other = _texts(before), _texts(after)
    shown = ["image_id", "split", LABEL_NAME]
    both = one.join(other, on="image_id", suffix="_after").sort("image_id")
    relabelled = both.filter(pl.col("label_digest") != pl.col("label_digest_after"))
    moved = both.filter(pl.col("split") != pl.col("split_after"))
    return Difference(
        added=other.join(one, on="image_id", how="anti").select(shown).sort("image_id"),
        removed=one.join(other, on="image_id", how="anti").select(shown).sort("image_id"),
        relabelled=relabelled.select("image_id", split="split_after", name_before=LABEL_NAME, name_after=f"{LABEL_NAME}_after"),
        moved=moved.select(
            "image_id", pl.col(f"{LABEL_NAME}_after").alias(LABEL_NAME), split_before="split", split_after="split_after"
        ),
    )


def counts(rows: pl.DataFrame, *columns: str) -> dict[str, int]:
    """Number of rows with each value or combination of values (`a → b`), sorted; a missing value is `none`."""
    texts = [pl.col(column).cast(pl.String).fill_null("none") for column in columns]
    shown = rows.select(value=pl.concat_str(texts, separator=" → "))
    return dict(shown.group_by("value").len().sort("value").iter_rows())


def _texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The compared columns, as text; a frame without rows may have no columns."""
    if rows.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.String()))
    return rows.select(pl.col(column).cast(pl.String) for column in _COLUMNS)
