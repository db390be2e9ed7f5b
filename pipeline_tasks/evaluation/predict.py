"""Has models answer images one at a time, as the prediction server does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

Pixels = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]


class Model(Protocol):
    """What is asked of a model; it may be called from several threads at once."""

    @property
    def class_names(self) -> Sequence[str]:
        """Its classes in the order of its probabilities."""
        ...

    @property
    def side_px(self) -> int:
        """The side of the images that it takes."""
        ...

    def predict(self, images: Pixels) -> Probabilities:
        """Answer images, uint8 N x side x side x 3, with N x C probabilities."""
        ...


def predict(
    models: Mapping[str, Model], image_ids: Sequence[str], pixels_of: Callable[[str], Pixels], fit: Callable[[Pixels, int], Pixels]
) -> pl.DataFrame:
    """Every model's answer on every image, as rows of `predictions`; images are spread over all cores.

    `models` go by their digests; `pixels_of` gives an image by its image_id; `fit` makes it the size that a model takes.
    """

    def answers_on(image_id: str) -> dict[str, Probabilities]:
        pixels = pixels_of(image_id)
        return {digest: model.predict(fit(pixels, model.side_px)[None])[0] for digest, model in models.items()}

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        answers = list(threads.map(answers_on, image_ids))
    tables = (
        _rows(digest, image_ids, model.class_names, np.stack([answer[digest] for answer in answers]))
        for digest, model in models.items()
    )
    return pl.concat(tables)


def _rows(digest: str, image_ids: Sequence[str], class_names: Sequence[str], probabilities: Probabilities) -> pl.DataFrame:
    """N x C probabilities as one row an image and class."""
    return pl.DataFrame(
        {
            "model_digest": np.full(probabilities.size, digest),
            "image_id": np.repeat(np.array(image_ids), len(class_names)),
            "class_name": np.tile(np.array(class_names), len(image_ids)),
            "probability": np.clip(probabilities.astype(np.float64), 0.0, 1.0).ravel(),
        }
    )
