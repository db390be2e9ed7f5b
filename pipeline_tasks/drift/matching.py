"""A reference of the same cameras, hours and weekdays as production, so that night against noon is no drift.

Both are cut into cells of one camera and one time of the week, as fine as the reference allows: a cell has to hold at least as
many images of the reference as of production, for nearly all images of production. Of each cell the same number of reference
images per image of production is drawn. Tests then exchange images only within a cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.drift.sample import NOT_KNOWN, Integers, Sample, Times, Words, joined

HOUR_OF_WEEK, PART_OF_DAY, ANY_TIME = "weekday and hour", "weekend and six hours", "any time"
NEARLY_ALL = 0.9
"""Share of production images whose cells the reference must fill for a level to be taken."""
_HOURS_OF_A_WEEK = 168
_MONDAY = np.datetime64("1970-01-05T00", "h")


@dataclass(frozen=True)
class Pair:
    """A reference that matches production, in one sample."""

    images: Sample
    is_production: npt.NDArray[np.bool_]
    cells: Integers
    """Number of each image's cell."""
    level: str
    """`weekday and hour`, `weekend and six hours` or `any time`."""
    without_reference: int
    """Production images of cells that the reference has none of; they are left out of the pair."""


def matched(reference: Sample, production: Sample, seed: int) -> Pair:
    """Choose reference images with production's cameras and times.

    Raises:
        SettingsError: something is known of one sample and not of the other.
    """
    together = joined([reference, production])
    is_production = np.arange(len(together)) >= len(reference)
    for level in (HOUR_OF_WEEK, PART_OF_DAY, ANY_TIME):
        cells = _cells(together, level)
        of_reference, of_production = (
            np.bincount(cells[one], minlength=int(cells.max(initial=0)) + 1) for one in (~is_production, is_production)
        )
        is_full = of_reference >= of_production
        if level == ANY_TIME or of_production[is_full].sum() >= NEARLY_ALL * len(production):
            break
    kept = _drawn(cells, is_production, of_reference, of_production, seed)
    left_out = int(of_production[of_reference == 0].sum())
    return Pair(together.rows(kept), is_production[kept], np.unique(cells[kept], return_inverse=True)[1], level, left_out)


def _drawn(
    cells: Integers, is_production: npt.NDArray[np.bool_], of_reference: Integers, of_production: Integers, seed: int
) -> npt.NDArray[np.bool_]:
    """Production images of cells with a reference, and as many reference images per image of production in each cell."""
    shared = (of_reference > 0) & (of_production > 0)
    ratio = of_reference[shared].sum() / max(of_production[shared].sum(), 1)
    wanted = np.where(shared, np.ceil(ratio * of_production), 0)
    kept = is_production & shared[cells]
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(~is_production))
    rows = rows[np.argsort(cells[rows], kind="stable")]
    place = np.arange(len(rows)) - np.searchsorted(cells[rows], cells[rows])
    kept[rows[place < wanted[cells[rows]]]] = True
    return kept


def _cells(images: Sample, level: str) -> Integers:
    cameras = np.full(len(images), NOT_KNOWN) if images.cameras is None else images.cameras
    times = np.zeros(len(images), np.int64) if images.times is None or level == ANY_TIME else _times(images.times, level)
    both = np.unique(cameras, return_inverse=True)[1] * (_HOURS_OF_A_WEEK + 1) + times
    found: Integers = np.unique(both, return_inverse=True)[1]
    return found


def _times(times: Times, level: str) -> Integers:
    """Number of each time's place in the week; one more for times that are not known."""
    hours = (times.astype("datetime64[h]") - _MONDAY).astype(np.int64) % _HOURS_OF_A_WEEK
    if level == PART_OF_DAY:
        hours = 4 * (hours >= 5 * 24) + hours % 24 // 6
    found: Integers = np.where(np.isnat(times), _HOURS_OF_A_WEEK, hours)
    return found


def blocks_of(images: Sample, is_production: npt.NDArray[np.bool_], cells: Integers) -> Integers:
    """Number of the block that each image moves with: its clip within one cell, or the image alone.

    A clip that goes on from reference into production is two blocks; the halves are alike, which hides drift and claims none.
    """
    clips: Words = np.full(len(images), NOT_KNOWN) if images.clips is None else images.clips
    own = np.where(clips == NOT_KNOWN, np.arange(len(images)), 0)
    numbers = np.unique(clips, return_inverse=True)[1]
    keys = np.stack([numbers, own, is_production.astype(np.int64), cells], axis=1)
    found: Integers = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    return found
