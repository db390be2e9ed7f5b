"""Predictions of models, one image at a time, as in the prediction server."""

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
    """Protocol of a model; it may be called from several threads at once."""

    @property
    def kind(self) -> Kind:
        """Its label kind, with its own classes."""
        ...

    def objects(self, image: Pixels, size_px: Size) -> tuple[Any, ...]:
        """Objects in one image (uint8, side x side x 3), made from an image of `size_px`."""
        ...


def predict(
    models: Mapping[str, Model],
    image_ids: Sequence[str],
    images_of: Callable[[str], tuple[Mapping[str, Pixels], Size]],
) -> pl.DataFrame:
    """Predict all images with all models; returns rows of the kind. Uses all cores.

    `models` maps digests to models; `images_of` returns, by image_id, the image for each model and the image's own size.
    """

    def objects_in(image_id: str) -> dict[str, tuple[Any, ...]]:
        images, size_px = images_of(image_id)
        return {digest: model.objects(images[digest], size_px) for digest, model in models.items()}

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(objects_in, image_ids))
    tables = (
        model.kind.scoring.prediction_rows(digest, image_ids, [one[digest] for one in found]) for digest, model in models.items()
    )
    return pl.concat(tables)
