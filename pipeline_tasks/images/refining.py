"""Affine map that lays one image on another to a fraction of a pixel, from a start that is off by a pixel or two.

Inverse compositional steps (Baker and Matthews, Lucas-Kanade 20 years on, IJCV 2004) towards the greatest correlation
(Evangelidis and Psarakis, Parametric image alignment using enhanced correlation coefficient maximization, PAMI 2008).
The slopes are those of the base, so a step costs one mapping of the image and a few sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline_tasks.images.filters import Floats, mapped

LEAST_INSIDE = 0.05
"""Share of the base that the image must cover."""
ENOUGH = 1e-3
"""Gain of correlation below which a further step is not worth its cost."""

SLOW = 0.25
"""Share of the mean gain that `least` would need of all steps left, below which it is out of reach."""


@dataclass(frozen=True)
class Refined:
    """Best map of all steps."""

    onto: Floats
    """2 x 3: place of the base (x, y, 1) → place of the image."""
    correlation: float


def refined(base: Floats, image: Floats, start: Floats, rounds: int, least: float) -> Refined | None:
    """Refine a map from the base to the image (height x width each) while it gains enough to reach a correlation of `least`.

    None if they do not overlap.
    """
    height, width = base.shape
    slopes = _slopes(base)
    everywhere = np.ones(image.shape, np.float32)
    onto, before, best = np.vstack([start, [0, 0, 1]]), -1.0, Refined(start, -1.0)
    for left in reversed(range(rounds)):
        here = np.asarray(onto[:2], np.float32)
        inside = mapped(everywhere, here, height, width, is_mask=True).ravel()
        pixels = float(inside.sum())
        if pixels < LEAST_INSIDE * inside.size:
            break
        one, other = (_centred(values.ravel(), inside, pixels) for values in (base, mapped(image, here, height, width)))
        lengths = float(np.sqrt(one @ one)), float(np.sqrt(other @ other))
        correlation = float(one @ other) / max(lengths[0] * lengths[1], 1e-6)
        if correlation > best.correlation:
            best = Refined(here, correlation)
        # A step may lead over a dip, and from far away the first steps gain less than the next ones.
        if abs(correlation - before) < max(ENOUGH, SLOW * (least - best.correlation) / max(left, 1)):
            break
        before = correlation
        step = _step(slopes, inside, other * np.float32(lengths[0] / max(lengths[1], 1e-6)) - one)
        if step is None:
            break
        onto = onto @ step
    return best if best.correlation > -1 else None


def _centred(values: Floats, inside: Floats, pixels: float) -> Floats:
    """Values minus their mean inside, 0 outside."""
    centred: Floats = (values - np.float32(float(values @ inside) / pixels)) * inside
    return centred


def _slopes(base: Floats) -> Floats:
    """6 x pixels: change of each pixel of the base per step of each of the map's six numbers."""
    height, width = base.shape
    down, across = np.gradient(base)
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    return np.stack([across * x, across * y, across, down * x, down * y, down]).reshape(6, -1)


def _step(slopes: Floats, inside: Floats, error: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    """Inverse of the 3 x 3 map of the base that would undo the error; None if the base has too little detail to say."""
    seen = slopes * inside
    try:
        change = np.linalg.solve((seen @ seen.T).astype(np.float64), (seen @ error).astype(np.float64))
        return np.linalg.inv(np.array([[1 + change[0], change[1], change[2]], [change[3], 1 + change[4], change[5]], [0, 0, 1]]))
    except np.linalg.LinAlgError:
        return None
