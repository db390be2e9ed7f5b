"""Search for images that show the same thing but are in different splits.

`find_duplicates` compares new images with the anchors of groups, using the mean embedding of that night. A chain A~B~C, or a
mean that has changed since, can therefore leave two similar images in two groups, and so in two splits. This search compares
every pair of images from different splits, whatever their groups, and with wider limits: hashes may differ in more bits, in any of
eight turns, and images laid on each other may overlap less and differ more. So what `find_duplicates` has missed is still named. It
works in blocks; beside the embeddings, memory holds a second copy of those of the split that is searched.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.comparing import Comparison
from pipeline_tasks.images.likeness import Likeness, likeness_around, mean_of
from pipeline_tasks.images.verdicts import ReadView, Verdicts, no_views
from pipeline_tasks.neighbors.cosine import Floats, Integers
from pipeline_tasks.neighbors.hamming import pairs_within
from pipeline_tasks.neighbors.turned_hashes import turned_hashes
from pipeline_tasks.settings import DuplicateSettings
from pipeline_tasks.tables.duplicate_pair import TURNS

BLOCK = 2048
WIDE_BITS = 16
"""Bits that may differ between hashes of two images that are worth a comparison; chance pairs differ in 32."""
MOST_COMPARED = 3
"""Images of the other split that an image is laid on, by hash and by embedding each."""

CROP_COSINE = 0.6
"""Centred cosine from which a pair found by embedding is compared at all scales; `find_duplicates` does so from 0.75."""

OVERLAP_FACTOR, DISAGREEMENT_FACTOR, DIFFERENCE_FACTOR = 0.6, 1.25, 1.2
"""Wider limits of a comparison than the project's: an image excluded in error costs less than one that is in two splits."""


@dataclass(frozen=True)
class SplitImages:
    """Arrays for the search: one entry for each image of a version."""

    splits: npt.NDArray[np.str_]
    """`train`, `val` or `test`."""
    pixels: Sequence[Hashable]
    """Digest of the decoded pixels; None if unknown."""
    groups: Sequence[Hashable]
    """Duplicate group; None if unknown."""
    hashes: npt.NDArray[np.uint64]
    vectors: Floats
    """N x D embeddings, not normalised."""
    has_embedding: npt.NDArray[np.bool_]
    """False for images without an embedding, and so without a reliable hash: only their pixels and groups are compared."""
    settled: Collection[int] = frozenset()
    """Images that the same search has compared with each other for an earlier version."""


@dataclass(frozen=True)
class Leak:
    """A near-duplicate of an image of another split; images are numbers."""

    image: int
    other: int
    method: str
    """`pixels`, `group`, `hash` or `embedding`: the first of these that holds."""
    value: float


@dataclass(frozen=True)
class _Candidate:
    """A pair to compare."""

    leak: Leak
    may_be_a_crop: bool
    """Of another scale: hashes of such images differ."""


@dataclass(frozen=True)
class Leaks:
    """Result of the search."""

    found: list[Leak]
    """One for each image to leave out, in the order of images."""
    pairs_compared: int
    pairs_aligned: int = 0
    """Pairs that were laid on each other."""


def find_leaks(images: SplitImages, settings: DuplicateSettings, read_view: ReadView = no_views) -> Leaks:
    """Find the images to leave out of the version, so that no two images of different splits show the same thing.

    Test images stay. Training and validation images that resemble a test image are left out, then training images that resemble
    a remaining validation image. Alike images with views are laid on each other; of others, with too few images to know their mean,
    only links that are certain by themselves count.
    """
    verdicts = Verdicts(read_view, _wider(settings))
    mean = mean_of(images.vectors, images.has_embedding)
    if mean is None:
        certain = settings.certain_cosine
        settings = settings.model_copy(update={"min_embedding_cosine": certain, "min_hash_cosine": certain})
    train, val, test = (np.flatnonzero(images.splits == split) for split in ("train", "val", "test"))
    into_test = _search(images, np.sort(np.concatenate([train, val])), test, mean, settings, verdicts)
    compared = (len(train) + len(val)) * len(test)
    gone = np.fromiter(into_test, np.int64, len(into_test))
    train, val_left = train[~np.isin(train, gone)], val[~np.isin(val, gone)]
    into_val = _search(images, train, val_left, mean, settings, verdicts)
    return Leaks(
        [leak for _, leak in sorted((into_test | into_val).items())], compared + len(train) * len(val_left), verdicts.pairs
    )


def _wider(settings: DuplicateSettings) -> DuplicateSettings:
    """The project's limits of a comparison, each wider by its factor: 0.3, 0.75 and 0.6 by default."""
    wider = {
        "min_overlap_ratio": settings.min_overlap_ratio * OVERLAP_FACTOR,
        "min_agreement": max(0.0, 1 - (1 - settings.min_agreement) * DISAGREEMENT_FACTOR),
        "max_difference": settings.max_difference * DIFFERENCE_FACTOR,
    }
    return settings.model_copy(update=wider)


def _search(
    images: SplitImages,
    ones: Integers,
    others: Integers,
    mean: Floats | None,
    settings: DuplicateSettings,
    verdicts: Verdicts,
) -> dict[int, Leak]:
    """Image of `ones` → its strongest link to one of `others`."""
    found: dict[int, Leak] = {}
    for method, keys in (("pixels", images.pixels), ("group", images.groups)):
        first = {keys[other]: int(other) for other in reversed(others) if keys[other] is not None}
        for one in ones:
            if keys[one] in first:
                found.setdefault(int(one), Leak(int(one), first[keys[one]], method, 0.0))
    others = others[images.has_embedding[others]]
    ones = np.array([one for one in ones if int(one) not in found and images.has_embedding[one]], np.int64)
    if not len(others):
        return found
    known = likeness_around(images.vectors[others], mean, settings)
    for start in range(0, len(ones), BLOCK):
        block = ones[start : start + BLOCK]
        likeness = _beside(known, images.vectors[block], mean, settings)
        by_limits = _search_block(images, block, others, likeness)
        found |= _seen(_candidates(images, block, others, likeness), by_limits, verdicts, images.settled, settings)
    return found


def _beside(known: Likeness, vectors: Floats, mean: Floats | None, settings: DuplicateSettings) -> Likeness:
    """A block's images, followed by the known ones."""
    block = likeness_around(vectors, mean, settings)
    units = np.concatenate([block.units, known.units])
    if mean is None:
        return Likeness(units, units, settings)
    return Likeness(units, np.concatenate([block.centred_units, known.centred_units]), settings)


def _search_block(images: SplitImages, ones: Integers, others: Integers, likeness: Likeness) -> dict[int, Leak]:
    """Links of one block: by hash if the embeddings agree, then by embedding alone."""
    found: dict[int, Leak] = {}
    rows, columns = np.arange(len(ones)), np.arange(len(ones), len(ones) + len(others))
    close = pairs_within(images.hashes[ones], images.hashes[others], likeness.settings.max_hash_distance)
    is_near = likeness.are_near(rows[close.query], columns[close.base])
    _keep(found, "hash", ones[close.query[is_near]], others[close.base[is_near]], close.distance[is_near], best=1)
    alike = likeness.pairs(rows, columns)
    _keep(found, "embedding", ones[alike.query], others[alike.base], alike.cosine, best=-1)
    return found


def _candidates(images: SplitImages, ones: Integers, others: Integers, likeness: Likeness) -> dict[int, list[_Candidate]]:
    """Image of a block → the nearest images of the other split by hash, in any turn, then by embedding."""
    found: dict[int, list[_Candidate]] = {int(one): [] for one in ones}
    near = likeness.candidates(np.arange(len(ones)), np.arange(len(ones), len(ones) + len(others)), MOST_COMPARED)
    by_embedding = sorted(zip((-near.centred).tolist(), ones[near.query], others[near.base], near.cosine, strict=True))
    bits: dict[tuple[int, int], int] = {}
    for hashes in turned_hashes(images.hashes[ones]):
        close = pairs_within(hashes, images.hashes[others], WIDE_BITS)
        for one, other, distance in zip(
            ones[close.query].tolist(), others[close.base].tolist(), close.distance.tolist(), strict=True
        ):
            bits[one, other] = min(distance, bits.get((one, other), distance))
    for (one, other), distance in sorted(bits.items(), key=lambda item: (item[1], item[0])):
        if len(found[one]) < MOST_COMPARED:
            found[one].append(_Candidate(Leak(one, other, "hash", float(distance)), may_be_a_crop=False))
    for further, one, other, cosine in by_embedding:
        leak = Leak(int(one), int(other), "embedding", float(cosine))
        found[int(one)].append(_Candidate(leak, may_be_a_crop=-further >= CROP_COSINE))
    return found


def _seen(
    candidates: dict[int, list[_Candidate]],
    by_limits: dict[int, Leak],
    verdicts: Verdicts,
    settled: Collection[int],
    settings: DuplicateSettings,
) -> dict[int, Leak]:
    """The first candidate of each image that shows the same; where a view is missing, what the limits of hash and embedding say."""
    found: dict[int, Leak] = {}
    for image, named in candidates.items():
        strict = by_limits.get(image)
        for one in [*named, *([_Candidate(strict, may_be_a_crop=True)] if strict else [])]:
            leak = one.leak
            if image in settled and leak.other in settled:
                continue
            comparison = verdicts.of(image, leak.other, at_all_scales=one.may_be_a_crop)
            if strict == leak if comparison is None else verdicts.same(comparison) and _overlaps(comparison, settings):
                found[image] = leak
                break
        verdicts.forget_turned(image)
    return found


def _overlaps(found: Comparison, settings: DuplicateSettings) -> bool:
    """Return True if two images overlap enough: a camera's next shot may show a part only, a turned copy shows nearly all."""
    return found.turn == TURNS[0] or found.overlap_ratio >= settings.min_overlap_ratio


def _keep(
    found: dict[int, Leak],
    method: str,
    ones: Integers,
    others: Integers,
    values: npt.NDArray[np.int64] | npt.NDArray[np.float32],
    best: int,
) -> None:
    """Keep each image's link with the smallest value (`best` 1) or the greatest (-1); an earlier link is not replaced."""
    order = np.lexsort((others, best * values, ones))
    first = order[np.unique(ones[order], return_index=True)[1]]
    for one, other, value in zip(ones[first].tolist(), others[first].tolist(), values[first].tolist(), strict=True):
        found.setdefault(one, Leak(one, other, method, float(value)))
