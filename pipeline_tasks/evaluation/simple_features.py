"""Features of small images that need no network: edges, colours, and the pixels themselves."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SIDE_PX, TINY_PX = 64, 12
_HUES, _STEPS = 8, 4


def simple_features(images: Sequence[npt.NDArray[np.uint8]]) -> list[Floats]:
    """Of images of SIDE_PX x SIDE_PX x 3 (RGB) three blocks, N rows each.

    Histograms of oriented gradients (Dalal, Triggs, CVPR 2005); shares of hue, saturation and value (Swain, Ballard, IJCV 1991) as
    square roots, which makes a linear model compare them by Hellinger's distance; and 12 x 12 pixels.
    """
    edges = cv2.HOGDescriptor((SIDE_PX, SIDE_PX), (16, 16), (8, 8), (8, 8), 9)
    greys = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in images]
    tiny = [cv2.resize(one, (TINY_PX, TINY_PX), interpolation=cv2.INTER_AREA).ravel() for one in images]
    blocks = ([np.ravel(edges.compute(one)) for one in greys], [_colours(one) for one in images], tiny)
    return [np.array(block, np.float64) for block in blocks]


def in_equal_parts(blocks: Sequence[Floats], of_training: Sequence[Floats]) -> Floats:
    """The blocks side by side, each with the same total variance over the training rows."""
    spreads = [float(np.sqrt(block.var(axis=0).sum())) or 1.0 for block in of_training]
    return np.hstack([block / spread for block, spread in zip(blocks, spreads, strict=True)])


def _colours(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, [_HUES, _STEPS, _STEPS], [0, 180, 0, 256, 0, 256])
    return np.sqrt(counts.ravel() / (SIDE_PX * SIDE_PX))
