"""Cheap check for a changed scene, so that a still one costs no embedding."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline_tasks.edge.frame import Pixels

_SIZE_PX = (64, 48)


class SceneChange:
    """Compares each frame with the last one that counted as changed, so that slow changes add up."""

    def __init__(self, min_change: float) -> None:
        """`min_change` is the mean difference of grey levels, as a share of 255; 0: every frame has changed."""
        self._min_change = min_change
        self._last: Pixels | None = None

    def has_changed(self, pixels: Pixels) -> bool:
        """Return True if a frame (height x width x 3, blue first) differs enough."""
        if self._min_change == 0:
            return True
        grey = np.asarray(cv2.cvtColor(cv2.resize(pixels, _SIZE_PX, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY), np.uint8)
        if self._last is not None and float(cv2.absdiff(grey, self._last).mean()) / 255 < self._min_change:
            return False
        self._last = grey
        return True
