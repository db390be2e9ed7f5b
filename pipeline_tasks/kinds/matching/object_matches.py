"""One model's predictions over many images, matched once with what is there, so that metrics and their draws only count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from pipeline_tasks.kinds.matching.greedy import FREE, THRESHOLDS, Flags, Floats, Integers, greedy_matches


@dataclass(frozen=True)
class SizeRange:
    """Objects by their area; both bounds belong to it."""

    name: str
    low_px: float
    high_px: float

    def leaves_out(self, areas_px: Floats) -> Flags:
        """Mark the objects that are smaller or larger."""
        return (areas_px < self.low_px) | (areas_px > self.high_px)


_LARGEST_PX = 1e5**2
ALL = SizeRange("", 0.0, _LARGEST_PX)
SMALL = SizeRange("small", 0.0, 32.0**2)
MEDIUM = SizeRange("medium", 32.0**2, 96.0**2)
LARGE = SizeRange("large", 96.0**2, _LARGEST_PX)
SIZES = (ALL, SMALL, MEDIUM, LARGE)
"""COCO's sizes, in square pixels of the canonical image; the first has all objects."""


@dataclass(frozen=True)
class ImageObjects:
    """Predicted and true objects of one class in one image."""

    image: int
    class_number: int
    confidences: Floats
    """D."""
    areas_px: Floats
    """D, of the predicted objects."""
    true_areas_px: Floats
    """G."""
    likeness: Floats
    """D x G."""


@dataclass(frozen=True)
class ObjectMatches:
    """All predicted objects (P) with their matches, by size range (A) and threshold (T), and all true ones (G).

    Predictions come by image, class and falling confidence.
    """

    sizes: tuple[SizeRange, ...]
    thresholds: Floats
    images: Integers
    """P: number of the image."""
    classes: Integers
    """P: number of the class."""
    confidences: Floats
    """P."""
    ranks: Integers
    """P: number of surer predictions of its class in its image."""
    is_hit: Flags
    """A x T x P: took a true object that counts."""
    is_ignored: Flags
    """A x T x P: counts neither as right nor as wrong."""
    true_images: Integers
    """G."""
    true_classes: Integers
    """G."""
    is_true_ignored: Flags
    """A x G: of another size."""


def match_objects(found: Iterable[ImageObjects], most: int, sizes: tuple[SizeRange, ...] = SIZES) -> ObjectMatches:
    """Match the `most` surest predictions of each class in each image; of equally sure ones the first."""
    parts = [_surest(one, most) for one in found]
    counts, true_counts = _lengths([one.confidences for one in parts]), _lengths([one.true_areas_px for one in parts])
    areas, true_areas = _joined([one.areas_px for one in parts]), _joined([one.true_areas_px for one in parts])
    is_outside = np.stack([size.leaves_out(areas) for size in sizes])
    is_true_ignored = np.stack([size.leaves_out(true_areas) for size in sizes])
    is_hit = np.zeros((len(sizes), len(THRESHOLDS), len(areas)), bool)
    is_ignored = np.repeat(is_outside[:, None], len(THRESHOLDS), axis=1)
    first, true_first = 0, 0
    for one, count, true_count in zip(parts, counts.tolist(), true_counts.tolist(), strict=True):
        mine, theirs = slice(first, first + count), slice(true_first, true_first + true_count)
        if one.likeness.size and one.likeness.max() >= THRESHOLDS[0]:
            _match(one.likeness, is_true_ignored[:, theirs], is_hit[:, :, mine], is_ignored[:, :, mine])
        first, true_first = mine.stop, theirs.stop
    return ObjectMatches(
        sizes,
        THRESHOLDS,
        images=np.repeat(_numbers([one.image for one in parts]), counts),
        classes=np.repeat(_numbers([one.class_number for one in parts]), counts),
        confidences=_joined([one.confidences for one in parts]),
        ranks=np.arange(len(areas)) - np.repeat(np.cumsum(counts) - counts, counts),
        is_hit=is_hit,
        is_ignored=is_ignored,
        true_images=np.repeat(_numbers([one.image for one in parts]), true_counts),
        true_classes=np.repeat(_numbers([one.class_number for one in parts]), true_counts),
        is_true_ignored=is_true_ignored,
    )


def _surest(one: ImageObjects, most: int) -> ImageObjects:
    """Predictions from the surest on."""
    order = np.argsort(-one.confidences, kind="stable")[:most]
    return replace(one, confidences=one.confidences[order], areas_px=one.areas_px[order], likeness=one.likeness[order])


def _match(likeness: Floats, is_true_ignored: Flags, is_hit: Flags, is_ignored: Flags) -> None:
    """Fill in the matches of one class in one image, size by size; the last two are sizes x thresholds x predictions."""
    known: dict[bytes, Integers] = {}
    for size, ignored in enumerate(is_true_ignored):
        # Who takes what is the same if no true object comes before another.
        key = b"" if ignored.all() or not ignored.any() else ignored.tobytes()
        if key not in known:
            known[key] = greedy_matches(likeness, ignored)
        is_taken, takes_ignored = known[key] != FREE, ignored[known[key]]
        is_hit[size] = is_taken & ~takes_ignored
        is_ignored[size] = np.where(is_taken, takes_ignored, is_ignored[size])


def _lengths(parts: list[Floats]) -> Integers:
    return _numbers([len(one) for one in parts])


def _numbers(values: list[int]) -> Integers:
    return np.array(values, np.int64)


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])
