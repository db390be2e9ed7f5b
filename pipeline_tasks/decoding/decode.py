"""Strict decoding of bytes to the canonical image: a file is a complete image, or it is refused with a reason."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import AvifImagePlugin, ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage, Pixels
from pipeline_tasks.decoding.colours import has_foreign_profile, to_srgb
from pipeline_tasks.decoding.deep_images import in_8_bits
from pipeline_tasks.decoding.file_format import file_format, is_cut_short
from pipeline_tasks.decoding.iso_boxes import largest_size_px
from pipeline_tasks.decoding.joined_files import check_not_joined, end_of
from pipeline_tasks.decoding.jpeg_pixels import digest_of, strict_pixels
from pipeline_tasks.decoding.jpeg_structure import read_structure
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.lost_pages import check_no_lost_page
from pipeline_tasks.decoding.png_checksums import check_image_data, check_png
from pipeline_tasks.decoding.samples import raw_mode
from pipeline_tasks.decoding.small_image import reduction_of
from pipeline_tasks.decoding.surplus import check_nothing_left_over
from pipeline_tasks.decoding.tiff_strips import check_tiff
from pipeline_tasks.decoding.transparency import composited, flattened, without_premultiplying
from pipeline_tasks.errors import RejectedFileError

_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Exceptions that Pillow raises on broken files. Any other ends the child process and is reported as `decoder_crashed`."""

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_UNPACKED = "Decompressed data too large"
"""Pillow's words for a profile or a text beyond its limit."""
_MAX_UNPACKED_BYTES = 16 * 1024 * 1024
"""Pillow's own limit of 1 MiB refuses profiles of printers."""
PngImagePlugin.MAX_TEXT_CHUNK = _MAX_UNPACKED_BYTES
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # There are as many decoding processes as cores.
_FIRST_TURNED = 5
"""From this orientation on, width and height change places."""
_GREY = 2
"""Dimensions of grey pixels."""


def decode(content: bytes, limits: Limits, form: CanonicalForm = NEWEST) -> CanonicalImage:
    """Decode a file in this process; `DecodingPool` does the same in child processes with time and memory limits.

    Raises:
        RejectedFileError: with one reason of the closed list in `tables.rejected_sighting`.
    """
    check_size(content, limits)
    name = file_format(content)
    if name == "PNG":
        (check_image_data if form.is_first else check_png)(content)
    if name == "AVIF":
        _check_pixels(name, largest_size_px(content), limits)
    try:
        return _decoded(content, name, limits, form)
    except MemoryError as error:
        raise RejectedFileError("took_too_much_memory", f"{name}: decoding asked for more memory than allowed") from error
    except Image.DecompressionBombError as error:
        raise RejectedFileError("too_many_pixels", f"{name}: wanted at most {limits.max_pixels} pixels; {error}") from error
    except _DECODER_ERRORS as error:
        raise _broken(content, name, error) from error


def check_size(content: bytes, limits: Limits) -> None:
    """Refuse files that need not be opened.

    Raises:
        RejectedFileError: `empty` or `too_many_bytes`.
    """
    if not content:
        raise RejectedFileError("empty", "the file has no bytes")
    if len(content) > limits.max_bytes:
        raise RejectedFileError("too_many_bytes", f"found {len(content)} bytes, wanted at most {limits.max_bytes}")


def _check_pixels(name: str, size_px: tuple[int, int], limits: Limits) -> None:
    width, height = size_px
    if width * height > limits.max_pixels:
        raise RejectedFileError("too_many_pixels", f"{name}: found {width} x {height}, wanted at most {limits.max_pixels} pixels")


def _decoded(content: bytes, name: str, limits: Limits, form: CanonicalForm) -> CanonicalImage:
    with Image.open(io.BytesIO(content), formats=[name]) as image:
        _check_pixels(name, image.size, limits)
        raw = raw_mode(image)  # Before anything else: looking for EXIF data may load the image.
        orientation, frames = _orientation(image), _frames(image)
        if name == "JPEG" and not form.is_first:
            return _decoded_jpeg(content, image, orientation, frames, form)
        # Pillow applies a TIFF's orientation itself while loading it.
        turned = 1 if name == "TIFF" else orientation
        loaded = _loaded(content, name, image, raw, frames, form)
        return CanonicalImage(_upright(loaded, turned, form), name, orientation, frames)


def _decoded_jpeg(content: bytes, image: Image.Image, orientation: int, frames: int, form: CanonicalForm) -> CanonicalImage:
    """A JPEG that Pillow has opened, decoded by libjpeg in strict mode; Pillow decodes only what that does not read."""
    size, structure = image.size, read_structure(content)
    pixels = strict_pixels(structure.image, image.mode, size, reduction_of(size) if form.is_small else 1)
    if pixels is None:
        image.load()
    if frames == 1:
        check_not_joined(content, "JPEG", size, None if structure.has_index_of_images else structure.end, _DECODER_ERRORS)
    whole_px = digest = None
    if pixels is not None and pixels.shape[:2] != size[::-1]:
        whole_px = size if orientation < _FIRST_TURNED else size[::-1]
    if whole_px or form.digests_data_of(size):
        digest = digest_of(structure, image.info.get("icc_profile"), orientation)
    if pixels is None or pixels.ndim == _GREY or orientation in _TRANSPOSE or has_foreign_profile(image):
        loaded = image if pixels is None else Image.fromarray(pixels)
        loaded.info = image.info
        pixels = _upright(loaded, orientation, form)
    return CanonicalImage(pixels, "JPEG", orientation, frames, whole_px, digest)


def _upright(loaded: Image.Image, orientation: int, form: CanonicalForm) -> Pixels:
    if orientation in _TRANSPOSE:
        loaded = loaded.transpose(_TRANSPOSE[orientation])
    return np.array(to_srgb(loaded, composited if form.is_first else flattened, has_fine_inks=form.has_fine_inks))


def _loaded(content: bytes, name: str, image: Image.Image, raw: str, frames: int, form: CanonicalForm) -> Image.Image:
    """The opened image, no JPEG, with its pixels; damage that decodes all the same is found here."""
    if form.is_first:
        image.load()
        return image
    size = image.size
    if name == "TIFF":
        check_tiff(content, image)
    elif name == "BMP":
        check_no_lost_page(content, name)
    image.load()
    loaded = in_8_bits(content, without_premultiplying(content, image, raw), raw, form)
    if name in ("WEBP", "GIF"):
        check_nothing_left_over(content, name, _DECODER_ERRORS)
    if frames == 1:
        check_not_joined(content, name, size, end_of(content, name), _DECODER_ERRORS)
    return loaded


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; 1 if the EXIF data is broken, because the image may still be complete."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DECODER_ERRORS:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _frames(image: Image.Image) -> int:
    """Number of frames in the file; 1 if later ones are broken, because only the first is used."""
    try:
        frames = int(getattr(image, "n_frames", 1))
    except _DECODER_ERRORS:
        frames = 1
    image.seek(0)
    return max(frames, 1)


def _broken(content: bytes, name: str, error: BaseException) -> RejectedFileError:
    """Tell apart broken files: cut short, too large for memory, or damaged otherwise."""
    # Pillow's own message for an unreadable header contains a memory address, which differs from run to run.
    words = "its header cannot be read" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__
    said = f"{name}: {words}"
    if _UNPACKED in words:
        return RejectedFileError("too_many_bytes", f"{name}: a profile or a text unpacks to more than {_MAX_UNPACKED_BYTES} bytes")
    if "memory" in words:
        return RejectedFileError("took_too_much_memory", said)
    if isinstance(error, EOFError) or "truncated" in words.lower() or is_cut_short(content, name):
        return RejectedFileError("truncated", said)
    return RejectedFileError("unsupported_format" if "unsupported" in words.lower() else "corrupt", said)
