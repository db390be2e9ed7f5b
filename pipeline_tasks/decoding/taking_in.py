"""Decoding of a file for the intake."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage, Pixels
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.fast_thumbnail import fast_thumbnail
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.decoding.jpeg import encode_jpeg, small_thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.measurements.canonical_pixels import CanonicalPixels
from pipeline_tasks.measurements.measuring import measured
from pipeline_tasks.measurements.modality import has_colours

_ROWS = 3
"""Every so manyth row of averages is looked at for colours."""

cv2.setNumThreads(1)  # There are as many decoding processes as cores, and idle threads cost time.


def take_in(content: bytes, limits: Limits, form: CanonicalForm, sizes: IntakeSizes) -> IntakeImage:
    """Decode a file and make all that the intake keeps of it.

    Raises:
        RejectedFileError: with one reason of the closed list in `tables.rejected_sighting`.
    """
    image = decode(content, limits, form.small)
    try:
        seen = CanonicalPixels(image.pixels, image.digest, form.averaging(image.size_px))
        return IntakeImage(
            image.file_format,
            image.orientation,
            image.frames,
            image.size_px,
            measured(seen),
            _thumbnail(image, seen, form, sizes.thumbnail_px),
            has_colours(seen.small[::_ROWS] if seen.is_small else seen.pixels),
            _model_image(content, image, limits, form, sizes.model_px),
        )
    except MemoryError as error:
        raise RejectedFileError(
            "took_too_much_memory", f"{image.file_format}: measuring asked for more memory than allowed"
        ) from error


def _model_image(content: bytes, image: CanonicalImage, limits: Limits, form: CanonicalForm, side_px: int) -> Pixels:
    """The backbone's image, of all pixels where the small image has too few."""
    if side_px == 0:
        return np.empty((0, 0, 3), np.uint8)
    is_enough = image.whole_px is None or form_for_model(form, side_px).is_small
    return model_image(image.pixels if is_enough else decode(content, limits, form).pixels, side_px)


def _thumbnail(image: CanonicalImage, seen: CanonicalPixels, form: CanonicalForm, max_side_px: int) -> bytes:
    if seen.is_small:
        return fast_thumbnail(seen.small, image.size_px, max_side_px, is_softened=form.softens_thumbnails)
    return encode_jpeg(small_thumbnail(image, max_side_px))
