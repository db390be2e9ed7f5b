"""The resize for a model, used for embedding, training, evaluation and serving.

A label kind frames its images in one of two ways. `centre`: crop of side / (side + 32) of the shorter side, then bicubic, which
the default backbone was trained on; embeddings are made so. `whole`: nothing is cut off, for kinds that say where something is.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.model_recipe import MARGIN_PX, centre_crop
from pipeline_tasks.decoding.placed_image import whole_in_square
from pipeline_tasks.decoding.small_image import LEAST_SHORT_PX
from pipeline_tasks.kinds.decoding import CENTRE, WHOLE, Framing


def model_image(pixels: Pixels, side_px: int, framing: Framing = CENTRE) -> Pixels:
    """Make the model-size image (side x side x 3, uint8) from canonical pixels (height x width x 3, uint8)."""
    if framing == WHOLE:
        return whole_in_square(pixels, side_px)
    height, width = pixels.shape[:2]
    left, top, crop = centre_crop((width, height), side_px)
    image = Image.fromarray(pixels).resize(
        (side_px, side_px), Image.Resampling.BICUBIC, box=(left, top, left + crop, top + crop), reducing_gap=3.0
    )
    return np.asarray(image)


def form_for_model(form: CanonicalForm, side_px: int, framing: Framing = CENTRE) -> CanonicalForm:
    """The form in which to decode an image for `model_image`: the small one where it has all pixels that are needed."""
    return form.small if framing == CENTRE and side_px + MARGIN_PX <= LEAST_SHORT_PX else form
