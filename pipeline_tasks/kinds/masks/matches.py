"""Predicted regions with the true ones: pixels of each class in both, counted once an image.

All masks of a class in an image are one region, and what no mask covers is the background. Pixels are counted on run lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline_tasks.geometry.run_lengths import Size, area, decode, from_toggles, intersections, merge
from pipeline_tasks.kinds.masks.boundary import boundary_f
from pipeline_tasks.kinds.scoring import Floats, GroupedImages, Integers, group_numbers


@dataclass(frozen=True)
class MaskMatches(GroupedImages):
    """One model's regions with the truth: one row an image, in the order of image_id; the last column is the background."""

    class_names: tuple[str, ...]
    """All classes that are true for a region or that the model predicted."""
    common: Floats
    """Pixels in both regions: images x (classes + 1)."""
    true: Floats
    predicted: Floats
    pixels: Floats
    """Pixels of each image."""
    boundaries: Floats
    """F1 of the boundaries: images x classes; NaN where the class is in neither."""
    groups: Integers
    """Number of the image's split group, from 0."""

    @property
    def either(self) -> Floats:
        """Pixels in at least one of both regions."""
        found: Floats = self.true + self.predicted - self.common
        return found


def match(predictions: pl.DataFrame, images: pl.DataFrame, model_digest: str) -> MaskMatches:
    """Compare one model's regions with the truth; an image without a row was predicted to be background."""
    rows = images.sort("image_id")
    mine = predictions.filter(pl.col("model_digest") == model_digest, pl.col("image_id").is_in(rows["image_id"].implode()))
    truth = true_masks(rows)
    names = tuple(sorted({*truth["class_name"].to_list(), *mine["class_name"].to_list()}))
    true, said = regions(truth), regions(mine)
    sizes = rows.select("image_id", "width_px", "height_px").iter_rows()
    found = [_image(names, true.get(image_id, {}), said.get(image_id, {}), (width, height)) for image_id, width, height in sizes]
    counts = np.array([one for one, _ in found], np.float64).reshape(len(found), 3, len(names) + 1)
    return MaskMatches(
        names,
        counts[:, 0],
        counts[:, 1],
        counts[:, 2],
        (rows["width_px"] * rows["height_px"]).to_numpy().astype(np.float64),
        np.array([one for _, one in found], np.float64).reshape(len(found), len(names)),
        group_numbers(rows),
    )


def background_alone(candidate: MaskMatches) -> MaskMatches:
    """Matches of a baseline that finds nothing anywhere."""
    nothing, true = np.zeros_like(candidate.common), candidate.true[:, -1]
    common, predicted = nothing.copy(), nothing.copy()
    common[:, -1], predicted[:, -1] = true, candidate.pixels
    boundaries = np.where(candidate.true[:, :-1] > 0, 0.0, np.nan)
    return replace(candidate, common=common, predicted=predicted, boundaries=boundaries)


def true_masks(images: pl.DataFrame) -> pl.DataFrame:
    """Image, class and run lengths of each mask of a version's rows."""
    held = images.select("image_id", "objects").explode("objects").drop_nulls("objects")
    if not held.height:
        return pl.DataFrame(schema={"image_id": pl.String, "class_name": pl.String, "mask_rle": pl.String})
    return held.unnest("objects").select("image_id", "class_name", "mask_rle")


def regions(masks: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Image → class → run lengths of all its masks together."""
    found: dict[str, dict[str, list[str]]] = {}
    for image_id, name, rle in masks.select("image_id", "class_name", "mask_rle").iter_rows():
        found.setdefault(image_id, {}).setdefault(name, []).append(rle)
    return {image_id: {name: merge(rles) for name, rles in classes.items()} for image_id, classes in found.items()}


def _image(
    names: Sequence[str], true: Mapping[str, str], said: Mapping[str, str], size_px: Size
) -> tuple[list[list[float]], list[float]]:
    """Pixels of each class and of the background in both, in the truth and in the prediction; boundaries of each class."""
    pixels = size_px[0] * size_px[1]
    nothing = from_toggles(np.empty(0, np.int64), pixels)
    whole_true, whole_said = (merge([nothing, *some.values()]) for some in (true, said))
    outside = float(pixels - area(merge([whole_true, whole_said])))
    common = [float(intersections([true[one]], [said[one]])[0, 0]) if one in true and one in said else 0.0 for one in names]
    areas = [[float(area(some[one])) if one in some else 0.0 for one in names] for some in (true, said)]
    counts = [
        [*common, outside],
        [*areas[0], float(pixels - area(whole_true))],
        [*areas[1], float(pixels - area(whole_said))],
    ]
    return counts, [_boundary(true.get(one), said.get(one), size_px) for one in names]


def _boundary(true: str | None, said: str | None, size_px: Size) -> float:
    if true is None and said is None:
        return float("nan")
    if true is None or said is None:
        return 0.0
    found = boundary_f(decode(true, size_px), decode(said, size_px))
    return 1.0 if found is None else found
