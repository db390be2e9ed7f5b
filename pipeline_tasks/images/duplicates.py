"""Duplicate search for new images: equal pixels, or alike by hash or embedding and then the same when laid on each other.

A new image is compared with the earlier ones: by pixels with all, by embedding with the nearest groups, by hash, also turned and
mirrored, with each group's distinct hashes. Both only name candidates: the image is laid on the anchor of each, and counts as a
duplicate if nothing differs. If a view is missing, stricter limits on hash and embedding decide. Blocks keep memory bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.duplicate_groups import DuplicateGroups, Link
from pipeline_tasks.images.likeness import Likeness
from pipeline_tasks.images.split_groups import Key
from pipeline_tasks.images.verdicts import Verdicts
from pipeline_tasks.neighbors.hamming import pairs_within
from pipeline_tasks.settings import DuplicateSettings

BLOCK = 512
CROP_COSINE = 0.75
"""Centred cosine from which a pair is compared at all scales: of photographs, crops that cut off a fifth have 0.8 and more."""
CANDIDATE_BITS = 4
"""Bits beyond `max_hash_distance` up to which a hash names a candidate."""


@dataclass(frozen=True)
class Images:
    """Arrays for the search: one entry an image, in history order, the new ones last."""

    pixels: Sequence[str]
    """Digest of the decoded pixels."""
    hashes: npt.NDArray[np.uint64]
    likeness: Likeness
    is_searchable: npt.NDArray[np.bool_]
    """Has an embedding and is not quarantined, because dark and blurred images all look alike."""
    first_new: int


@dataclass(frozen=True)
class Evidence:
    """Links of new images that count, and those that a comparison denied."""

    links: dict[int, list[Link]]
    denied: dict[int, list[Link]]


@dataclass(frozen=True)
class _Candidate:
    """An earlier image that a hash or an embedding names, before its group is known."""

    other: int
    method: str
    value: float
    order: float
    """Candidates of one method are compared in this order."""


Searched = Iterator[tuple[int, Sequence[_Candidate]]]
"""New images in order, with their candidates."""


def add_new_images(
    images: Images,
    groups: DuplicateGroups,
    settings: DuplicateSettings,
    keys: Mapping[int, Sequence[Key]],
    verdicts: Verdicts,
    watch: Callable[[Searched], Searched] = iter,
) -> Evidence:
    """Add each new image to `groups`, in order; return the evidence: the best link per image, group and method.

    `watch` passes on the new images one by one, and may tell how far the search is.
    """
    first_with = _first_with_pixels(images, groups)
    found = Evidence({}, {})
    for image, candidates in watch(_with_candidates(images, groups, settings, verdicts)):
        twin = first_with.setdefault(images.pixels[image], image)
        if twin in groups.contested:
            groups.contest(image, groups.contested[twin])
            found.links[image] = [Link(twin, "pixels", 0.0, twin, 2.0)]
            continue
        links = [Link(twin, "pixels", 0.0, groups.group_of[twin], 2.0)] if twin != image else []
        if not links:
            judged = _judged(images, groups, settings, verdicts, image, candidates)
            links = [link for link in judged if link.is_same]
            found.denied[image] = [link for link in judged if not link.is_same]
            verdicts.forget_turned(image)
        found.links[image] = links
        groups.add(image, links, keys.get(image, ()))
    return Evidence(*({image: links for image, links in one.items() if links} for one in (found.links, found.denied)))


def _with_candidates(images: Images, groups: DuplicateGroups, settings: DuplicateSettings, verdicts: Verdicts) -> Searched:
    """Each new image with its candidates, which are searched a block at a time, among the groups as they are then."""
    for block in _blocks(images):
        candidates = _search_block(images, groups, settings, verdicts, block)
        for image in block:
            yield image, candidates.get(image, ())


def _first_with_pixels(images: Images, groups: DuplicateGroups) -> dict[str, int]:
    """Pixel digest → the first known image that has it."""
    first: dict[str, int] = {}
    for image in range(images.first_new):
        if image in groups.group_of or image in groups.contested:
            first.setdefault(images.pixels[image], image)
    return first


def _blocks(images: Images) -> Iterator[range]:
    for first in range(images.first_new, len(images.pixels), BLOCK):
        yield range(first, min(first + BLOCK, len(images.pixels)))


def _search_block(
    images: Images, groups: DuplicateGroups, settings: DuplicateSettings, verdicts: Verdicts, block: range
) -> dict[int, list[_Candidate]]:
    """Candidates of a block's images among earlier images and each other."""
    new = np.array([image for image in block if images.is_searchable[image]], np.int64)
    anchors = np.array([a for a in map(groups.anchor, groups.members) if a is not None], np.int64)
    found: dict[int, list[_Candidate]] = {}
    likeness, count = images.likeness, settings.max_candidates
    for base, near in ((anchors, likeness.candidates(new, anchors, count)), (new, likeness.earlier_candidates(new, count))):
        for image, other, cosine, centred in zip(
            new[near.query].tolist(), base[near.base].tolist(), near.cosine.tolist(), near.centred.tolist(), strict=True
        ):
            if other < image:
                found.setdefault(image, []).append(_Candidate(other, "embedding", cosine, -centred))
    limit = settings.max_hash_distance + CANDIDATE_BITS
    turned = _turned_hashes(images, verdicts, new)
    for base in (_different_hashes(images, groups), new):
        for hashes in turned:
            close = pairs_within(hashes, images.hashes[base], limit)
            for image, other, bits in zip(
                new[close.query].tolist(), base[close.base].tolist(), close.distance.tolist(), strict=True
            ):
                if other < image:
                    found.setdefault(image, []).append(_Candidate(other, "hash", float(bits), float(bits)))
    return found


def _turned_hashes(images: Images, verdicts: Verdicts, new: npt.NDArray[np.int64]) -> list[npt.NDArray[np.uint64]]:
    """Hashes of the new images as they are, and after each turn; an image without a view is as it is in all of them."""
    upright = images.hashes[new]
    rows = [verdicts.turned_hashes(image) for image in new.tolist()]
    if all(row is None for row in rows):
        return [upright]
    turned = np.stack([np.repeat(own, 8) if row is None else row for own, row in zip(upright, rows, strict=True)])
    return [upright, *(turned[:, turn] for turn in range(1, 8))]


def _different_hashes(images: Images, groups: DuplicateGroups) -> npt.NDArray[np.int64]:
    """One image per group and hash, so that a thousand equal images do not cost a thousand comparisons."""
    first: dict[tuple[int, int], int] = {}
    for group, members in groups.members.items():
        for image in members:
            if images.is_searchable[image]:
                first.setdefault((group, int(images.hashes[image])), image)
    return np.array(sorted(first.values()), np.int64)


def _judged(
    images: Images,
    groups: DuplicateGroups,
    settings: DuplicateSettings,
    verdicts: Verdicts,
    image: int,
    candidates: Sequence[_Candidate],
) -> list[Link]:
    """Verdicts on the nearest groups by each method: the best link of each group and method."""
    best: dict[tuple[int, str], Link] = {}
    judged: dict[str, set[int]] = {"hash": set(), "embedding": set()}
    for one in sorted(candidates, key=lambda one: (one.method, one.order, one.other)):
        group = groups.group_of.get(one.other)
        anchor = None if group is None else groups.anchor(group)
        if group is None or anchor is None:
            continue  # A contested image is in no group, so likeness to it does not count.
        if (group, one.method) in best or (group not in judged[one.method] and len(judged[one.method]) >= settings.max_candidates):
            continue
        judged[one.method].add(group)
        link = _link(images, settings, verdicts, image, group, anchor, one)
        if link is not None:
            best[group, one.method] = link
    return [best[key] for key in sorted(best)]


def _link(
    images: Images, settings: DuplicateSettings, verdicts: Verdicts, image: int, group: int, anchor: int, one: _Candidate
) -> Link | None:
    """Verdict on one candidate; None if there is nothing to lay on each other and the limits are not met."""
    likeness = images.likeness
    may_be_a_crop = one.method == "embedding" and -one.order >= CROP_COSINE
    comparison = verdicts.of(image, anchor, at_all_scales=may_be_a_crop)
    other, value = (one.other, one.value) if one.method == "hash" else (anchor, likeness.cosine(image, anchor))
    if comparison is not None:
        is_same = verdicts.same(comparison)
        closeness = comparison.agreement + is_same
        return Link(other, one.method, value, group, closeness, is_same=is_same, comparison=comparison)
    if one.method == "embedding":
        counts = likeness.is_alike(image, anchor)
    else:
        counts = one.value <= settings.max_hash_distance and likeness.is_near(image, anchor) and likeness.is_near(image, one.other)
    return Link(other, one.method, value, group, likeness.closeness(image, anchor)) if counts else None
