"""Average precision and recall of matched objects, once and in each of many bootstrap samples.

Average precision is the mean precision at 101 recalls, where precision is the best at that recall or a higher one. Source:
pycocotools, `COCOeval.accumulate`. A sample that drew an image twice counts its objects twice; this equals an evaluation of the
drawn images to the last digit, because copies of one prediction stand beside each other in the order of confidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.kinds.matching.greedy import Flags, Floats, Integers
from pipeline_tasks.kinds.matching.object_matches import ObjectMatches

RECALLS: Floats = np.linspace(0.0, 1.0, 101, dtype=np.float64)
_CELLS = 1 << 18
"""Numbers that are worked on at once, so that they stay in the processor's cache."""
Counts = npt.NDArray[np.int32]
Steps = npt.NDArray[np.int16]


def average_precisions(matches: ObjectMatches, size: int, class_number: int, groups: Integers, draws: Floats) -> Floats:
    """Average precision of one class, samples x thresholds; NaN in samples without a true object of it.

    `size` is a number of `matches.sizes`. `groups` has the split group of each image, `draws` is samples x groups.
    """
    ranked = _ranked(matches, size, class_number, groups)
    true = _true_by_group(matches, size, class_number, groups, draws.shape[1])
    found = np.empty((len(draws), len(matches.thresholds)))
    for rows in _blocks(len(draws), len(ranked.groups)):
        weights = draws[rows].astype(np.int32)
        totals = weights @ true
        reached = _recalls_reached(totals)
        for number, (hits, counted) in enumerate(_running_counts(ranked, weights)):
            found[rows, number] = _mean_precision(hits, counted, reached)
        found[rows][totals == 0] = np.nan
    return found


def average_recalls(matches: ObjectMatches, size: int, class_count: int, groups: Integers, draws: Floats, most: int) -> Floats:
    """Recall of the `most` surest predictions of each class in an image, as the mean over the thresholds: samples x classes.

    NaN in samples without a true object of the class.
    """
    cells = draws.shape[1] * class_count
    is_mine = matches.ranks < most
    place = groups[matches.images[is_mine]] * class_count + matches.classes[is_mine]
    hits = np.bincount(place, matches.is_hit[size][:, is_mine].mean(axis=0), cells)
    is_true = ~matches.is_true_ignored[size]
    true = np.bincount(groups[matches.true_images[is_true]] * class_count + matches.true_classes[is_true], minlength=cells)
    found, totals = (draws @ one.reshape(draws.shape[1], class_count).astype(np.float64) for one in (hits, true))
    recalls: Floats = np.divide(found, totals, out=np.full_like(found, np.nan), where=totals > 0)
    return recalls


def precision_within_images(matches: ObjectMatches, images: int) -> Floats:
    """Average precision of each image alone, all classes together, as the mean over the thresholds.

    In an image where nothing is there it is 1 minus the confidence of the surest prediction.
    """
    true = np.bincount(matches.true_images, minlength=images)
    order = np.lexsort((-matches.confidences, matches.images))
    ends = np.cumsum(np.bincount(matches.images, minlength=images))
    found = np.zeros(images)
    for image, (last, there) in enumerate(zip(ends.tolist(), true.tolist(), strict=True)):
        mine = order[ends[image - 1] if image else 0 : last]
        if there:
            hits = np.cumsum(matches.is_hit[0][:, mine], axis=1, dtype=np.int32)
            counted = np.broadcast_to(np.arange(1, len(mine) + 1, dtype=np.int32), hits.shape)
            found[image] = _mean_precision(hits, counted, _recalls_reached(np.full(len(hits), there))).mean()
        else:
            found[image] = 1 - matches.confidences[mine].max(initial=0.0)
    return found


@dataclass(frozen=True)
class _Ranked:
    """Predictions of one class by falling confidence, up to the last hit."""

    groups: Integers
    is_hit: Flags
    """Thresholds x predictions."""
    is_counted: Flags
    """Thresholds x predictions."""


def _ranked(matches: ObjectMatches, size: int, class_number: int, groups: Integers) -> _Ranked:
    mine = np.flatnonzero((matches.classes == class_number) & ~matches.is_ignored[size].all(axis=0))
    mine = mine[np.argsort(-matches.confidences[mine], kind="stable")]
    hits = np.flatnonzero(matches.is_hit[size][:, mine].any(axis=0))
    mine = mine[: hits[-1] + 1] if hits.size else mine[:0]
    return _Ranked(groups[matches.images[mine]], matches.is_hit[size][:, mine], ~matches.is_ignored[size][:, mine])


def _true_by_group(matches: ObjectMatches, size: int, class_number: int, groups: Integers, group_count: int) -> Integers:
    """Number of true objects that count, by group."""
    is_mine = (matches.true_classes == class_number) & ~matches.is_true_ignored[size]
    return np.bincount(groups[matches.true_images[is_mine]], minlength=group_count)


def _blocks(samples: int, predictions: int) -> Iterator[slice]:
    """Rows of samples that fit into the cache with all predictions."""
    step = max(1, _CELLS // max(predictions, 1))
    yield from (slice(first, first + step) for first in range(0, samples, step))


def _running_counts(ranked: _Ranked, weights: Counts) -> Iterator[tuple[Counts, Counts]]:
    """At each threshold, hits, and predictions that count, up to each hit: both samples x hits.

    Precision only falls between hits, so that nothing else matters. Most predictions count at every threshold; they are added up
    once.
    """
    drawn = weights.take(ranked.groups, axis=1)
    always = ranked.is_counted.all(axis=0)
    always_counted = np.cumsum(drawn if always.all() else drawn * always, axis=1, dtype=np.int32)
    for is_hit, is_counted in zip(ranked.is_hit, ranked.is_counted, strict=True):
        at, more = np.flatnonzero(is_hit), np.flatnonzero(is_counted & ~always)
        counted = always_counted.take(at, axis=1)
        if more.size:
            sums = np.cumsum(drawn.take(more, axis=1), axis=1, dtype=np.int32)
            before = np.searchsorted(more, at, side="right")
            counted += np.where(before > 0, sums.take(before - 1, axis=1), 0)
        yield np.cumsum(drawn.take(at, axis=1), axis=1, dtype=np.int32), counted


def _recalls_reached(totals: Integers) -> Steps:
    """Number of `RECALLS` that are reached with 0, 1, 2, … hits out of each total: totals x hits."""
    recall = np.minimum(np.arange(totals.max(initial=0) + 1) / np.maximum(totals, 1)[:, None], 1.0)
    nearest = np.rint(recall * (len(RECALLS) - 1)).astype(np.int16)
    reached: Steps = nearest + (RECALLS.take(nearest) <= recall)
    return reached


def _mean_precision(hits: Counts, counted: Counts, reached: Steps) -> Floats:
    """Mean over `RECALLS` of the best precision from there on; 0 without a hit."""
    if not hits.shape[1]:
        return np.zeros(len(hits))
    precision = hits / np.maximum(counted, 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    steps = reached.ravel().take(hits + np.arange(len(hits), dtype=np.int32)[:, None] * np.int32(reached.shape[1]))
    news = np.diff(steps, axis=1, prepend=np.int16(0))
    found: Floats = np.einsum("sj,sj->s", best, news) / len(RECALLS)
    return found
