"""Exchanges of reference and production images, the same ones for every test, so that all can be judged together.

If nothing drifted, images of one cell (a camera at a time of the week) could as well have come in any other order. A statistic of
the true order is then one draw among those of exchanged orders, and p is its rank: exact at any size, for any statistic (Pitman
1937; Lehmann, Romano, Testing Statistical Hypotheses, chapter 15). Frames of one clip move together. Several tests are judged
together by the largest of their scaled statistics (Westfall, Young, Resampling-Based Multiple Testing, 1993, step-down maxT),
which takes the place of Holm's correction and loses nothing where tests agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.drift.sample import Floats, Integers

Matrix = npt.NDArray[np.float32]
_ROUNDING, _TIE = 1e-6, 1e-3
"""Spread of a statistic that is always the same but for rounding; difference, in spreads, up to which two of them are equal."""


def draw_sides(is_production: npt.NDArray[np.bool_], cells: Integers, blocks: Integers, draws: int, seed: int) -> Matrix:
    """Sides (N x draws + 1; 1 is production), the true ones first, the others with blocks exchanged within their cells."""
    firsts = np.unique(blocks, return_index=True)[1]
    of_block, cell_of_block = is_production[firsts], cells[firsts]
    sides = np.repeat(of_block.astype(np.float32)[:, np.newaxis], draws + 1, axis=1)
    generator = np.random.default_rng(seed)
    order = np.argsort(cell_of_block, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(cell_of_block[order])) + 1):
        if 0 < of_block[rows].sum() < len(rows):
            sides[rows, 1:] = generator.permuted(sides[rows, 1:], axis=0)
    return sides[blocks]


def weights_of(sides: Matrix) -> Matrix:
    """Weights that make a sum over images the mean of production less that of the reference, in each exchange."""
    of_production = sides.sum(axis=0)
    of_reference = len(sides) - of_production
    weights: Matrix = sides * (1 / of_production + 1 / of_reference) - 1 / of_reference
    return weights


@dataclass(frozen=True)
class Judged:
    """Tests beside each other; one value a test, but `p`."""

    p_values: Floats
    adjusted: Floats
    """p of each test among all of them."""
    distances: Floats
    """Standard deviations between a statistic and its mean over exchanges."""
    p: float
    """p of all tests together."""


def judge(statistics: Floats) -> Judged:
    """Judge T statistics in all exchanges (T x draws + 1, the true order first), large ones meaning drift."""
    count = statistics.shape[1]
    spread = statistics.std(axis=1, keepdims=True)
    centred = statistics - statistics.mean(axis=1, keepdims=True)
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > _ROUNDING)
    reached = _reached(scaled)
    order = np.argsort(-scaled[:, 0], kind="stable")
    largest = np.maximum.accumulate(scaled[order][::-1], axis=0)[::-1]
    stepped = np.maximum.accumulate(_reached(largest) / count)
    adjusted = np.empty(len(order))
    adjusted[order] = stepped
    return Judged(reached / count, adjusted, scaled[:, 0], float(stepped[0]))


def _reached(scaled: Floats) -> Floats:
    """Number of exchanges, the true order among them, in which a row is as large as in the true one."""
    found: Floats = (scaled >= scaled[:, :1] - _TIE).sum(axis=1).astype(np.float64)
    return found


def excess(statistic: Floats) -> float:
    """A distance (draws + 1) beyond the one that exchanged images have: independent of the number of images."""
    return float(np.sqrt(max(0.0, statistic[0] ** 2 - float((statistic[1:] ** 2).mean()))))
