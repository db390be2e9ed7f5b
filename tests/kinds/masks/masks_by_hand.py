"""Masks of truth and prediction as the tables that the kind `mask` scores, from arrays of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import given
import numpy as np
import polars as pl

from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.mask_kind import MaskKind

MODEL = "a" * 64
SCORING = MaskKind(()).scoring
Pixels = dict[str, np.ndarray]
"""Class → its pixels, height x width."""
OBJECT = pl.Struct({"object_index": pl.Int32, "class_name": pl.String, "mask_rle": pl.String})


def image_ids(count: int) -> list[str]:
    """Ids in the order in which images are numbered."""
    return sorted(given.image_id(number) for number in range(count))


def version_rows(truth: Sequence[Pixels], size_px: tuple[int, int], groups: Sequence[int] | None = None) -> pl.DataFrame:
    """Rows of a version: one an image, with its masks."""
    return pl.DataFrame(
        {
            "image_id": image_ids(len(truth)),
            "split_group_id": [given.image_id(f"g{number:05}") for number in (range(len(truth)) if groups is None else groups)],
            "objects": [
                [{"object_index": at, "class_name": name, "mask_rle": encode(one)} for at, (name, one) in enumerate(masks.items())]
                for masks in truth
            ],
            "width_px": [size_px[0]] * len(truth),
            "height_px": [size_px[1]] * len(truth),
            "split": ["test"] * len(truth),
        },
        schema_overrides={"objects": pl.List(OBJECT), "image_id": pl.String, "split_group_id": pl.String},
    )


def predicted_rows(predicted: Sequence[Pixels], size_px: tuple[int, int]) -> pl.DataFrame:
    """Rows of predictions of one model for the same images."""
    masks = [[Mask(name, encode(one), size_px, confidence=0.9) for name, one in image.items()] for image in predicted]
    return SCORING.prediction_rows(MODEL, image_ids(len(predicted)), masks)


def random_regions(generator: np.random.Generator, images: int, size_px: tuple[int, int], names: Sequence[str]) -> list[Pixels]:
    """A few rectangles a class in each image; some classes and some images have none."""
    width, height = size_px
    found: list[Pixels] = []
    for _ in range(images):
        masks: Pixels = {}
        for name in names:
            if generator.random() < 0.6:
                x, y = int(generator.integers(0, width)), int(generator.integers(0, height))
                masks[name] = np.zeros((height, width), bool)
                masks[name][y : y + int(generator.integers(1, height)), x : x + int(generator.integers(1, width))] = True
        found.append(masks)
    return found
