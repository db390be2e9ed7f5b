"""The two kinds of arrays that drawing works on."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Field = npt.NDArray[Any]
"""One floating number a pixel: height x width."""
Pixels = npt.NDArray[Any]
"""Linear colours, height x width x 3, about 0 … 1."""
