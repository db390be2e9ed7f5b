"""Images turned about their middle."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.model_recipe import GREY
from pipeline_tasks.geometry.turn import Turn


def turned_image(pixels: Pixels, turn: Turn) -> Pixels:
    """Turn canonical pixels (height x width x 3, uint8); corners that the image does not reach are grey."""
    if turn.quarters is not None:
        return np.ascontiguousarray(np.rot90(pixels, -turn.quarters))
    origin, right, down = turn.sources(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    across, along = right - origin, down - origin
    found = Image.fromarray(pixels).transform(
        turn.size_px,
        Image.Transform.AFFINE,
        (across[0], along[0], origin[0], across[1], along[1], origin[1]),
        resample=Image.Resampling.BICUBIC,
        fillcolor=(GREY, GREY, GREY),
    )
    return np.asarray(found)
