"""Chance of a slice as bad as each one if errors knew nothing of slices, corrected for all slices that are looked at.

Images of one split group are not independent, so whole groups are shuffled: how far the sum of a group's scores is from what the
mean of all images makes expect, against the share of the group that is in each slice. A slice of large groups varies more, so
its sum is divided by the standard deviation that groups of these sizes have (as in studentized permutation tests: Janssen,
Statist. Probab. Letters 36, 1997). The greatest statistic of all slices in each shuffle corrects for looking many times,
step down (Westfall, Young, Resampling-Based Multiple Testing, 1993); it knows that slices overlap, which Holm's does not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pipeline_tasks.intervals.bootstrap import sum_by_group

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_AT_ONCE = 2_000_000
"""Numbers of groups that are held at a time."""
_TINY = 1e-12


def corrected_p(scores: Floats, groups: Integers, members: Booleans, shuffles: int, seed: int) -> Floats:
    """Corrected p-value of each slice, one-sided: the score is lower there.

    `scores`: of N images; `groups`: number of each image's group, from 0; `members`: N x S, images of each slice.
    """
    if not members.size:
        return np.ones(members.shape[1])
    sizes = np.bincount(groups)
    sums = np.bincount(groups, scores) - sizes * scores.mean()
    variances = (sizes * _spreads(scores, groups, sizes)) ** 2
    shares = sum_by_group(members, groups, len(sizes)) / sizes[:, None]
    squares, own = shares**2, np.arange(len(sizes))[None]
    orders = [own, *_orders(len(sizes), shuffles, seed)]
    return _step_down(_alike(np.vstack([-(sums[one] @ shares) / np.sqrt(variances[one] @ squares) for one in orders])))


def _spreads(scores: Floats, groups: Integers, sizes: Integers) -> Floats:
    """Standard deviation of each group's mean, in standard deviations of an image, by how alike images of one group are.

    Their likeness by analysis of variance (Donner, International Statistical Review 54, 1986), at least 0.
    """
    images, count, means = len(scores), len(sizes), np.bincount(groups, scores) / sizes
    if count == images or count < 2:
        return np.ones(count)
    between = float((sizes * (means - scores.mean()) ** 2).sum()) / (count - 1)
    within = float(((scores - means[groups]) ** 2).sum()) / (images - count)
    size = (images - float((sizes**2).sum()) / images) / (count - 1)
    alike = (between - within) / max(between + (size - 1) * within, _TINY)
    alike = min(max(alike, 0.0), 1.0)
    return np.sqrt(alike + (1 - alike) / sizes)


def _orders(count: int, shuffles: int, seed: int) -> Iterator[Integers]:
    """Shuffles x G numbers of groups, in parts."""
    generator, at_once = np.random.default_rng(seed), max(1, _AT_ONCE // count)
    for begin in range(0, shuffles, at_once):
        yield generator.permuted(np.tile(np.arange(count), (min(at_once, shuffles - begin), 1)), axis=1)


def _alike(falls: Floats) -> Floats:
    """Statistics of all slices on one scale: standard deviations, with the skewness of small slices with rare errors taken out.

    Without it, the greatest statistic of a shuffle would nearly always be one of the smallest slices. By the cube root (Wilson,
    Hilferty, PNAS 17, 1931) of a Pearson III variable with these moments; the shuffles make it valid, and not this.
    """
    centred = falls - falls.mean(axis=0)
    spread = centred.std(axis=0)
    units = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > _TINY)
    skew = np.maximum((units**3).mean(axis=0), 1e-3)
    found: Floats = 6 / skew * (np.cbrt(np.maximum(skew * units / 2 + 1, 0)) - 1) + skew / 6
    return found


def _step_down(statistics: Floats) -> Floats:
    """Corrected p-values of the first row among all rows: a slice competes with itself and those that are less striking."""
    order = np.argsort(-statistics[0], kind="stable")
    found, greatest = np.empty(len(order)), np.full(len(statistics), -np.inf)
    for one in order[::-1]:
        greatest = np.maximum(greatest, statistics[:, one])
        found[one] = (greatest >= statistics[0, one] - 1e-9).mean()
    found[order] = np.maximum.accumulate(found[order])
    return found
