"""Predictions drawn over their image, as the prediction server shows them with `?draw=1`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pipeline_tasks.kinds.decoding import Outline

COLOURS = ((230, 60, 60), (30, 140, 240), (40, 170, 80), (235, 150, 20), (150, 80, 220), (0, 170, 170), (220, 60, 160))
TINT = 0.45
"""Share of the colour in the pixels of a mask."""
QUALITY = 90
MIN_LINE_PX, LINE_RATIO, TEXT_RATIO = 2, 1 / 300, 1 / 35
"""Width of lines and height of words against the longer side."""


def drawn_over(pixels: npt.NDArray[np.uint8], outlines: Sequence[Outline]) -> bytes:
    """JPEG of an image (height x width x 3) with lines, tints and words over it; the first outline lies on top."""
    canvas = Image.fromarray(_tinted(pixels, outlines))
    pen, side = ImageDraw.Draw(canvas), max(canvas.size)
    font = ImageFont.load_default(max(10, round(side * TEXT_RATIO)))
    line, free_top = max(MIN_LINE_PX, round(side * LINE_RATIO)), 0.0
    for one in reversed(outlines):
        corners = list(zip(one.points_px[::2], one.points_px[1::2], strict=True))
        if corners:
            pen.line([*corners, corners[0]], fill=colour_of(one.name), width=line, joint="curve")
            at = min(corners, key=lambda corner: (corner[1], corner[0]))
        else:
            at = (0.0, free_top)
        if not one.words:
            continue
        box = pen.textbbox((0, 0), one.words, font=font)
        left = min(max(at[0], 0), max(canvas.width - box[2], 0))
        top = max(at[1] - box[3] - line, 0) if corners else at[1]
        pen.rectangle((left, top, left + box[2], top + box[3] + line), fill=colour_of(one.name))
        pen.text((left, top), one.words, fill=(255, 255, 255), font=font)
        free_top += 0 if corners else box[3] + 2 * line
    buffer = BytesIO()
    # Without subsampling of colours, which would blur thin lines.
    canvas.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def colour_of(name: str) -> tuple[int, int, int]:
    """Colour of a name, the same in every image and process."""
    return COLOURS[hashlib.sha256(name.encode()).digest()[0] % len(COLOURS)]


def _tinted(pixels: npt.NDArray[np.uint8], outlines: Sequence[Outline]) -> npt.NDArray[np.uint8]:
    tinted = np.array(pixels)
    for one in reversed(outlines):
        if one.mask is not None:
            under = tinted[one.mask].astype(np.float32)
            tinted[one.mask] = (under * (1 - TINT) + np.array(colour_of(one.name), np.float32) * TINT).astype(np.uint8)
    return tinted
