"""Predictions of models, one image at a time, as in the prediction server."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.kinds.decoding import Framing, Size
from pipeline_tasks.kinds.kind import Kind

Pixels = npt.NDArray[np.uint8]


class Model(Protocol):
    """Protocol of a model; it may be called from several threads at once."""

    @property
    def kind(self) -> Kind:
        """Its label kind, with its own classes."""
        ...

    @property
    def side_px(self) -> int:
        """Side of the images that it takes."""
        ...

    @property
    def framing(self) -> Framing:
        """Part of an image that they show."""
        ...

    def objects(self, image: Pixels, size_px: Size) -> tuple[Any, ...]:
        """Objects in one image (uint8, side x side x 3), made from an image of `size_px`."""
        ...


def predict(
    models: Mapping[str, Model],
    image_ids: Sequence[str],
    pixels_of: Callable[[str], Pixels],
    fit: Callable[[Pixels, int, Framing], Pixels],
) -> pl.DataFrame:
    """Predict all images with all models; returns rows of the kind. Uses all cores.

    `models` maps digests to models; `pixels_of` returns an image by its image_id; `fit` resizes it for a model.
    """

    def objects_in(image_id: str) -> dict[str, tuple[Any, ...]]:
        pixels = pixels_of(image_id)
        size_px = pixels.shape[1], pixels.shape[0]
        return {digest: model.objects(fit(pixels, model.side_px, model.framing), size_px) for digest, model in models.items()}

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(objects_in, image_ids))
    tables = (
        model.kind.scoring.prediction_rows(digest, image_ids, [one[digest] for one in found]) for digest, model in models.items()
    )
    return pl.concat(tables)
