"""Metrics of segmenters on test images, with intervals clustered by split group."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pipeline_tasks.intervals.bootstrap import ratio_draws, sum_by_group
from pipeline_tasks.intervals.proportions import interval_of_shares
from pipeline_tasks.kinds.masks.matches import MaskMatches
from pipeline_tasks.kinds.scoring import Figure, Floats

IOU, MIOU, IMAGE_MIOU = "iou", "miou", "image_miou"


def mean_iou(matches: MaskMatches, counted: tuple[str, ...], draws: Floats, *, has_background: bool = True) -> Floats:
    """Mean over the classes that count (and the background, if some is true) of pixels in both over pixels in either, by sample.

    Pixels are added up over images first (Everingham et al., The PASCAL Visual Object Classes Challenge, IJCV 2010). In a sample
    that drew no pixel of a class, the mean is over the others.
    """
    columns = [matches.class_names.index(name) for name in counted]
    if has_background and matches.true[:, -1].any():
        columns.append(len(matches.class_names))
    return _mean_of_known(_ious(matches, draws)[:, columns])


def image_mean_iou(matches: MaskMatches) -> Floats:
    """Mean intersection over union of what is true for an image or was predicted there, each image for itself."""
    either = matches.either
    ratios = np.divide(matches.common, either, out=np.full_like(either, np.nan), where=either > 0)
    return _mean_of_known(ratios)


def figures(matches: MaskMatches, counted: tuple[str, ...], draws: Floats, confidence: float) -> Iterator[Figure]:
    """Yield all figures of one model: mean IoU with and without the background, boundary F1, both by class."""
    draws, images = with_all(draws), matches.images
    by_class = _ious(matches, draws)
    is_known = ~np.isnan(matches.boundaries)
    boundaries = _ratios(matches, np.where(is_known, matches.boundaries, 0.0), is_known.astype(np.float64), draws)
    columns = [matches.class_names.index(name) for name in counted]
    values = {
        MIOU: mean_iou(matches, counted, draws),
        "miou_without_background": mean_iou(matches, counted, draws, has_background=False),
        "background_iou": by_class[:, -1],
        "boundary_f1": _mean_of_known(boundaries[:, columns]),
        IMAGE_MIOU: _ratios(matches, image_mean_iou(matches)[:, None], np.ones((images, 1)), draws)[:, 0],
    }
    yield from (_figure(metric, found, matches, confidence, "", images) for metric, found in values.items())
    for column, (name, count) in enumerate(zip(matches.class_names, (matches.true > 0).sum(axis=0).tolist(), strict=False)):
        if count:
            yield _figure(IOU, by_class[:, column], matches, confidence, name, count)
            yield _figure("boundary_f1", boundaries[:, column], matches, confidence, name, count)


def with_all(draws: Floats) -> Floats:
    """The draws, after one that has each group once."""
    return np.concatenate([np.ones((1, draws.shape[1])), draws])


def _ious(matches: MaskMatches, draws: Floats) -> Floats:
    """Intersection over union in each sample, of each class and the background; NaN where no true pixel of it was drawn."""
    found = _ratios(matches, matches.common, matches.either, draws)
    true = draws @ sum_by_group(matches.true, matches.groups, matches.group_count)
    return np.where(true > 0, found, np.nan)


def _ratios(matches: MaskMatches, numerators: Floats, denominators: Floats, draws: Floats) -> Floats:
    """Ratios of sums over images in each sample: samples x columns; NaN where nothing was drawn."""
    groups, count = matches.groups, matches.group_count
    return ratio_draws(draws, sum_by_group(numerators, groups, count), sum_by_group(denominators, groups, count))


def _mean_of_known(values: Floats) -> Floats:
    """Mean of each row without NaNs; NaN for a row of NaNs."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    means: Floats = np.divide(np.where(known, values, 0.0).sum(axis=1), counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means


def _figure(metric: str, values: Floats, matches: MaskMatches, confidence: float, name: str, images: int) -> Figure:
    value = float(values[0])
    if np.isnan(value):
        return Figure(metric, name, value, None, None, images)
    found = interval_of_shares(values[1:], [(value, matches.group_count)], confidence)
    low, high = (None if np.isnan(bound) else bound for bound in (found.low, found.high))
    return Figure(metric, name, value, low, high, images)
