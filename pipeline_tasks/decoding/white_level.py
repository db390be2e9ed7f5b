"""The sample value that means white: by a tag of the file, or by the source's settings, and never guessed from the image.

Cameras put 10, 12 or 14 bits into 16-bit containers. Scaled by the container they are almost black; scaled by the brightest
sample, a dark image would no longer be dark. So a file without a known bit depth is refused, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.decoding.png_checksums import png_chunk
from pipeline_tasks.errors import RejectedFileError

FULL = 65535
SET_BIT_DEPTH = "set bit_depth"
"""Part of a message, which a caller that knows the source replaces with an exact setting."""
DOES_NOT_FIT = "more than the {} of the source's settings"
"""Part of a message about a refusal that is valid until the setting changes."""
_CLEAR_BITS = 15
"""Minimum number of used bits, of 16, that need no explanation: at most one bit is unused."""
_USUAL_BITS = (8, 10, 12, 14)
_BITS_PER_SAMPLE, _DESCRIPTION, _MAX_SAMPLE, _S_MAX_SAMPLE, _WHITE_LEVEL = 258, 270, 281, 341, 50717
_OME_BITS = re.compile(r'SignificantBits="(\d+)"')


def white_level(samples: NDArray[np.uint16], image: Image.Image, content: bytes, container_bits: int, bit_depth: int | None) -> int:
    """The value of white for the samples of an image's colours.

    Raises:
        RejectedFileError: `unclear_bit_depth`, if nothing says how many bits count and the image uses few of them, or if it
            uses more than the source's settings say.
    """
    highest = int(samples.max(initial=0))
    tagged = _by_tiff_tags(image) or _by_significant_bits(samples, highest, content)
    if tagged is not None and highest <= tagged:
        return tagged
    used = highest.bit_length()
    if bit_depth is not None:
        if used > bit_depth:
            raise RejectedFileError(
                "unclear_bit_depth",
                f"{image.format}: uses {used} of {container_bits} bits, {DOES_NOT_FIT.format(bit_depth)}; "
                f"{SET_BIT_DEPTH} to the bits that the camera gives",
            )
        return (1 << bit_depth) - 1
    if used >= _CLEAR_BITS or not used:
        return FULL
    wanted = next(bits for bits in _USUAL_BITS if bits >= used)
    raise RejectedFileError(
        "unclear_bit_depth",
        f"{image.format}: uses {used} of {container_bits} bits, and no tag says how many the camera gives; "
        f"{SET_BIT_DEPTH}: {wanted}, or 16 if the image is truly that dark",
    )


def _by_tiff_tags(image: Image.Image) -> int | None:
    """White by a TIFF's tags. A highest sample that is no power of two less one is a statistic of this image and says nothing."""
    tags = getattr(image, "tag_v2", None)
    if tags is None:
        return None
    white = _numbers(tags.get(_WHITE_LEVEL))
    if white:
        return max(white)
    described = _OME_BITS.search(str(tags.get(_DESCRIPTION, "")))
    bits = [int(described[1])] if described else [bits for bits in _numbers(tags.get(_BITS_PER_SAMPLE)) if bits < 16]
    if bits and 1 <= max(bits) <= 16:
        return (1 << max(bits)) - 1
    highest = max([*_numbers(tags.get(_MAX_SAMPLE)), *_numbers(tags.get(_S_MAX_SAMPLE))], default=0)
    return highest if highest > 255 and highest & (highest + 1) == 0 else None


def _by_significant_bits(samples: NDArray[np.uint16], highest: int, content: bytes) -> int | None:
    """White by a PNG's sBIT. By the standard its samples are shifted up to fill all bits; many writers leave them below."""
    significant = png_chunk(content, b"sBIT")
    if not significant:
        return None
    bits = max(significant[:3] if len(significant) >= 3 else significant[:1])
    if not 1 <= bits < 16:
        return FULL
    is_below = highest < 1 << bits and bool((samples & ((1 << (16 - bits)) - 1)).any())
    return (1 << bits) - 1 if is_below else FULL


def _numbers(value: object) -> list[int]:
    """The whole numbers of a tag, of which there may be one or several."""
    values = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
    return [int(one) for one in values if isinstance(one, int | float) and one > 0]
