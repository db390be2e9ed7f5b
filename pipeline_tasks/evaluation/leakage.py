"""Check that no model is tested on images it was trained on."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows


def why_test_is_not_clean(
    test_images: Rows[DatasetImage] | pl.DataFrame,
    trained_version: Rows[DatasetImage] | pl.DataFrame,
    split_groups: Rows[SplitGroup] | pl.DataFrame,
    model: str,
) -> str | None:
    """Sentence if the model's training or validation images share an image or a split group with the test; else None.

    Groups may have grown since the model was trained, so its images are looked up in the groups of its own dataset
    version and in the current `split_groups`.
    """
    trained = trained_version.filter(pl.col("split") != "test")
    today = split_groups.filter(pl.col("image_id").is_in(trained["image_id"].implode()))
    trained_groups = {*trained["split_group_id"], *today["split_group_id"]}
    shared_images = set(test_images["image_id"]) & set(trained["image_id"])
    shared_groups = set(test_images["split_group_id"]) & trained_groups
    if not shared_images and not shared_groups:
        return None
    return (
        f"Not promoted: the {model} was trained on {len(shared_images)} of the test images and on {len(shared_groups)} of their "
        f"split groups, so the test is not valid for it. First group: {min(shared_groups, default='none')}."
    )
