"""One image as an input gives it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """An image, with what is known of its capture; None: not known."""

    pixels: Pixels
    """Height x width x 3, blue first, as OpenCV has it."""
    content: bytes | None = None
    """The file's own bytes, which are sent; None for a frame, which becomes a JPEG."""
    name: str | None = None
    captured_at: datetime | None = None
    modified_at: datetime | None = None
    clip: str | None = None
    clip_time_s: float | None = None
    exposure_s: float | None = None


def shown_name(name: str) -> str:
    """A file's name as text that can be sent: bytes that are no UTF-8 become a mark."""
    return os.fsencode(name).decode("utf-8", "replace")[-500:]
