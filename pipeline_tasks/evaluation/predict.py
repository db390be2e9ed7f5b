"""Has models predict images one at a time, as the prediction server does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.kinds.decoding import Size
from pipeline_tasks.kinds.kind import Kind

Pixels = npt.NDArray[np.uint8]


class Model(Protocol):
    """The demands on a model; it may be called from several threads at once."""

    @property
    def kind(self) -> Kind:
        """Its label kind, opened for its own classes."""
        ...

    @property
    def side_px(self) -> int:
        """The side of the images that it takes."""
        ...

    def objects(self, image: Pixels, size_px: Size) -> tuple[Any, ...]:
        """The objects in one image (uint8, side x side x 3) that was made of an image of `size_px`."""
        ...


def predict(
    models: Mapping[str, Model], image_ids: Sequence[str], pixels_of: Callable[[str], Pixels], fit: Callable[[Pixels, int], Pixels]
) -> pl.DataFrame:
    """Every model's prediction on every image, as rows of its kind; images are spread over all cores.

    `models` go by their digests; `pixels_of` gives an image by its image_id; `fit` makes it the size that a model takes.
    """

    def predicted(image_id: str) -> dict[str, tuple[Any, ...]]:
        pixels = pixels_of(image_id)
        size_px = pixels.shape[1], pixels.shape[0]
        return {digest: model.objects(fit(pixels, model.side_px), size_px) for digest, model in models.items()}

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(predicted, image_ids))
    tables = (
        model.kind.scoring.prediction_rows(digest, image_ids, [one[digest] for one in found]) for digest, model in models.items()
    )
    return pl.concat(tables)
