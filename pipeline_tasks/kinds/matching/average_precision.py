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


def average_precisions(matches: ObjectMatches, size: int, class_number: int, groups: Integers, draws: Floats | Counts) -> Floats:
    """Average precision of one class, samples x thresholds; NaN in samples without a true object of it.

    `size` is a number of `matches.sizes`. `groups` has the split group of each image, `draws` is samples x groups.
    """
    ranked = _ranked(matches, size, class_number, groups)
    weights = draws.astype(np.int32, copy=False)
    totals = _totals(matches, size, class_number, groups, weights)
    reached, numbers = _recalls_reached(totals)
    found = np.empty((len(draws), len(matches.thresholds)))
    for rows in _blocks(len(draws), len(ranked.groups)):
        drawn = weights[rows].take(ranked.groups, axis=1)
        always = _sums(drawn, ranked.always)
        for number, runs in enumerate(ranked.runs):
            hits = _sums(drawn, runs.hits).take(runs.last_hits, axis=1)
            found[rows, number] = _mean_precision(hits, runs.counted(drawn, always), reached, numbers[rows])
    found[totals == 0] = np.nan
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
            found[image] = _mean_precision(hits, counted, *_recalls_reached(np.full(len(hits), there))).mean()
        else:
            found[image] = 1 - matches.confidences[mine].max(initial=0.0)
    return found


@dataclass(frozen=True)
class _Runs:
    """Runs of hits with nothing wrong between them, at one threshold; numbers are those of the ranked predictions.

    Precision only rises within a run, and only falls up to the next one, so that nothing but the end of each run matters.
    """

    hits: Integers
    last_hits: Integers
    """Numbers, among the hits, of the last of each run."""
    always_before: Integers
    """Predictions up to the end of each run that count at every threshold."""
    more: Integers
    """Predictions that count at this threshold but not at every one."""
    more_before: Integers
    """Those of them up to the end of each run."""

    def counted(self, drawn: Counts, always: Counts) -> Counts:
        """Predictions that count up to the end of each run, samples x runs; `always`: running sums of those that always do."""
        counted = _read(always, self.always_before)
        return counted + _read(_sums(drawn, self.more), self.more_before) if len(self.more) else counted


@dataclass(frozen=True)
class _Ranked:
    """Predictions of one class by falling confidence, up to the last hit."""

    groups: Integers
    always: Integers
    """Numbers of the predictions that count at every threshold: most of them, so that they are added up once."""
    runs: tuple[_Runs, ...]
    """One for each threshold."""


def _ranked(matches: ObjectMatches, size: int, class_number: int, groups: Integers) -> _Ranked:
    mine = np.flatnonzero((matches.classes == class_number) & ~matches.is_ignored[size].all(axis=0))
    mine = mine[np.argsort(-matches.confidences[mine], kind="stable")]
    hits = np.flatnonzero(matches.is_hit[size][:, mine].any(axis=0))
    mine = mine[: hits[-1] + 1] if hits.size else mine[:0]
    is_hit, is_counted = matches.is_hit[size][:, mine], ~matches.is_ignored[size][:, mine]
    is_always = is_counted.all(axis=0)
    runs = tuple(_runs(one, counted, is_always) for one, counted in zip(is_hit, is_counted, strict=True))
    return _Ranked(groups[matches.images[mine]], np.flatnonzero(is_always), runs)


def _runs(is_hit: Flags, is_counted: Flags, is_always: Flags) -> _Runs:
    counted = is_hit[is_counted]
    is_last = counted & ~np.append(counted[1:], False)
    hits, last = np.flatnonzero(is_hit), np.cumsum(counted)[is_last] - 1
    ends, is_more = hits[last], is_counted & ~is_always
    return _Runs(hits, last, np.cumsum(is_always)[ends], np.flatnonzero(is_more), np.cumsum(is_more)[ends])


def _totals(matches: ObjectMatches, size: int, class_number: int, groups: Integers, weights: Counts) -> Integers:
    """Number of true objects that count, in each sample."""
    is_mine = (matches.true_classes == class_number) & ~matches.is_true_ignored[size]
    there, counts = np.unique(groups[matches.true_images[is_mine]], return_counts=True)
    totals: Integers = weights.take(there, axis=1) @ counts
    return totals


def _blocks(samples: int, predictions: int) -> Iterator[slice]:
    """Rows of samples that fit into the cache with all predictions."""
    step = max(1, _CELLS // max(predictions, 1))
    yield from (slice(first, first + step) for first in range(0, samples, step))


def _sums(drawn: Counts, columns: Integers) -> Counts:
    """Running sums over some columns."""
    return np.cumsum(drawn if len(columns) == drawn.shape[1] else drawn.take(columns, axis=1), axis=1, dtype=np.int32)


def _read(sums: Counts, counts: Integers) -> Counts:
    """Running sums over so many of the columns: samples x counts."""
    return sums.take(counts - 1, axis=1) if counts.all() else np.pad(sums, ((0, 0), (1, 0))).take(counts, axis=1)


def _recalls_reached(totals: Integers) -> tuple[Steps, Integers]:
    """Number of `RECALLS` that are reached with 0, 1, 2, … hits out of each different total: totals x hits; and the row of each."""
    different, numbers = np.unique(totals, return_inverse=True)
    recall = np.minimum(np.arange(different.max(initial=0) + 1) / np.maximum(different, 1)[:, None], 1.0)
    nearest = np.rint(recall * (len(RECALLS) - 1)).astype(np.int16)
    reached: Steps = nearest + (RECALLS.take(nearest) <= recall)
    return reached, numbers


def _mean_precision(hits: Counts, counted: Counts, reached: Steps, numbers: Integers) -> Floats:
    """Mean over `RECALLS` of the best precision from there on; 0 without a hit. `numbers`: the row of `reached` of each sample."""
    if not hits.shape[1]:
        return np.zeros(len(hits))
    precision = hits / np.maximum(counted, 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    steps = reached.ravel().take(hits + (numbers * reached.shape[1]).astype(np.int32)[:, None])
    news = steps.copy()
    news[:, 1:] -= steps[:, :-1]
    found: Floats = np.einsum("sj,sj->s", best, news) / len(RECALLS)
    return found
