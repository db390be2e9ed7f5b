"""Decoding of a file for the intake."""

from __future__ import annotations

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage, Pixels
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.decoding.jpeg import encode_jpeg, small_thumbnail, thumbnail
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.measurements.averages import averaged
from pipeline_tasks.measurements.measuring import measure

_LEAST_LONG_PX = 256
"""Minimum longer side that averaging leaves for a thumbnail."""


def take_in(content: bytes, limits: Limits, form: CanonicalForm, sizes: IntakeSizes) -> IntakeImage:
    """Decode a file and make all that the intake keeps of it.

    Raises:
        RejectedFileError: with one reason of the closed list in `tables.rejected_sighting`.
    """
    image = decode(content, limits, form.small)
    is_enough = image.whole is None or form_for_model(form, sizes.model_px).is_small
    is_averaging = form.is_measured_on_averages
    digest = None if image.whole is None else image.whole.digest
    try:
        return IntakeImage(
            image.file_format,
            image.orientation,
            image.frames,
            image.size_px,
            measure(image.pixels, digest=digest, is_averaging=is_averaging),
            encode_jpeg(_thumbnail(image, is_averaging, sizes.thumbnail_px)),
            model_image(image.pixels if is_enough else decode(content, limits, form).pixels, sizes.model_px),
        )
    except MemoryError as error:
        raise RejectedFileError(
            "took_too_much_memory", f"{image.file_format}: measuring asked for more memory than allowed"
        ) from error


def _thumbnail(image: CanonicalImage, is_averaging: bool, max_side_px: int) -> Pixels:
    pixels = averaged(image.pixels, _LEAST_LONG_PX) if is_averaging else image.pixels
    return small_thumbnail(image, max_side_px) if pixels is image.pixels else thumbnail(pixels, max_side_px, reducing_gap=1.0)
