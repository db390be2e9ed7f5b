"""Choice of what is averaged of larger images before they are measured; it needs no other package."""

from __future__ import annotations

from typing import Literal

Averaging = Literal["nothing", "luma", "colours", "all"]
"""`nothing`: all pixels are measured. `luma`: sharpness on at least 512 px of the longer side, the rest on 256. `colours`: the
same sizes, and the thumbnail shares the smaller one, which is faster. `all`: the same of a small image below 512 px, too."""
LEAST_LONG_PX = 512
"""Minimum longer side of an image that is averaged."""
