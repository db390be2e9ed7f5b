"""Images of more than 8 bits per sample, scaled to 8 by their white level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.samples import (
    Samples,
    has_deep_colours,
    is_deep_grey,
    joined_samples,
    lower_bytes,
)
from pipeline_tasks.decoding.white_level import FULL, white_level

_ROWS = 256
_DARK = 64
"""Below this in all upper bytes, an image of colours uses at most 14 of 16 bits."""


def in_8_bits(content: bytes, image: Image.Image, raw: str, form: CanonicalForm) -> Image.Image:
    """Scale a loaded deep image; any other is returned unchanged. `raw`: its raw mode before it was loaded.

    Raises:
        RejectedFileError: `unclear_bit_depth`.
    """
    if is_deep_grey(image):
        return _scaled_grey(np.asarray(image).astype(np.uint16), image, content, 16, form)
    if image.mode == "I":
        values = np.asarray(image)
        is_of_16_bits = values.size and values.min() >= 0 and values.max() <= FULL
        return _scaled_grey(values.astype(np.uint16), image, content, 32, form) if is_of_16_bits else image
    if has_deep_colours(raw):
        return _scaled_colours(image, content, raw, form)
    return image


def _scaled_grey(samples: Samples, image: Image.Image, content: bytes, container_bits: int, form: CanonicalForm) -> Image.Image:
    white = white_level(samples, image, content, container_bits, form.bit_depth)
    return _with_info(Image.fromarray(_by_white(samples, white)), image)


def _scaled_colours(image: Image.Image, content: bytes, raw: str, form: CanonicalForm) -> Image.Image:
    """Keep colours that use the whole container unchanged, because their upper bytes are the image."""
    bands = 3 if image.mode in ("RGB", "RGBA", "RGBX") else len(image.getbands())
    if form.bit_depth in (None, 16) and int(np.asarray(image)[..., :bands].max(initial=0)) >= _DARK:
        return image
    samples = joined_samples(image, lower_bytes(content, image.format or "", raw), raw)
    white = white_level(samples[..., :bands], image, content, 16, form.bit_depth)
    scaled = _by_white(samples, white)
    if samples.shape[-1] > bands and int(samples[..., bands].max(initial=0)) > white:
        # Alpha fills the container even where the colours do not.
        scaled[..., bands] = _by_white(samples[..., bands], FULL)
    return _with_info(Image.fromarray(scaled), image)


def _by_white(samples: Samples, white: int) -> NDArray[np.uint8]:
    """Map 0..white to 0..255; brighter is white."""
    scaled = np.empty(samples.shape, np.uint8)
    # Some rows at a time: 50 megapixels of three colours would take 600 MB as floating-point numbers.
    for top in range(0, len(samples), _ROWS):
        part = samples[top : top + _ROWS].astype(np.float32)
        part *= 255.0 / white
        scaled[top : top + _ROWS] = np.rint(part, out=part).clip(0, 255, out=part)
    return scaled


def _with_info(scaled: Image.Image, image: Image.Image) -> Image.Image:
    scaled.info = image.info
    return scaled
