"""Duplicate search for new images: equal pixels, hashes that differ in few bits, embeddings with a high cosine.

A new image is compared with the earlier ones: by pixels with all, by embedding with the anchor of each group, by hash with
each group's distinct hashes. A hash link counts only if the image also resembles the linked image and the group's anchor by
embedding, because flat images share hashes. Blocks keep memory bounded; the search is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.duplicate_groups import DuplicateGroups, Link
from pipeline_tasks.images.likeness import Likeness
from pipeline_tasks.images.split_groups import Key
from pipeline_tasks.neighbors.hamming import pairs_within

BLOCK = 512


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
class _RawLink:
    """A link found by the block search, before the other image's group is known."""

    other: int
    method: str
    value: float


def add_new_images(
    images: Images, groups: DuplicateGroups, max_hash_distance: int, keys: Mapping[int, Sequence[Key]]
) -> dict[int, list[Link]]:
    """Add each new image to `groups`, in order; return the evidence: the best link per image, group and method."""
    first_with = _first_with_pixels(images, groups)
    evidence: dict[int, list[Link]] = {}
    for block in _blocks(images):
        raw = _search_block(images, groups, max_hash_distance, block)
        for image in block:
            twin = first_with.setdefault(images.pixels[image], image)
            if twin in groups.contested:
                groups.contest(image, groups.contested[twin])
                evidence[image] = [Link(twin, "pixels", 0.0, twin, 2.0)]
                continue
            links = [Link(twin, "pixels", 0.0, groups.group_of[twin], 2.0)] if twin != image else None
            evidence[image] = links or _counting_links(images, groups, image, raw.get(image, ()))
            groups.add(image, evidence[image], keys.get(image, ()))
    return {image: links for image, links in evidence.items() if links}


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


def _search_block(images: Images, groups: DuplicateGroups, max_hash_distance: int, block: range) -> dict[int, list[_RawLink]]:
    """Links of a block's images to earlier images and to each other."""
    new = np.array([image for image in block if images.is_searchable[image]], np.int64)
    anchors = np.array([a for a in map(groups.anchor, groups.members) if a is not None], np.int64)
    found: dict[int, list[_RawLink]] = {}
    for base in (anchors, new):
        near = images.likeness.pairs(new, base)
        _gather(found, new[near.query], base[near.base], "embedding", near.cosine)
    for base in (_different_hashes(images, groups), new):
        close = pairs_within(images.hashes[new], images.hashes[base], max_hash_distance)
        _gather(found, new[close.query], base[close.base], "hash", close.distance)
    return found


def _gather(
    found: dict[int, list[_RawLink]],
    images: npt.NDArray[np.int64],
    others: npt.NDArray[np.int64],
    method: str,
    values: npt.NDArray[np.float32] | npt.NDArray[np.int64],
) -> None:
    for image, other, value in zip(images.tolist(), others.tolist(), values.tolist(), strict=True):
        if other < image:
            found.setdefault(image, []).append(_RawLink(other, method, float(value)))


def _different_hashes(images: Images, groups: DuplicateGroups) -> npt.NDArray[np.int64]:
    """One image per group and hash, so that a thousand equal images do not cost a thousand comparisons."""
    first: dict[tuple[int, int], int] = {}
    for group, members in groups.members.items():
        for image in members:
            if images.is_searchable[image]:
                first.setdefault((group, int(images.hashes[image])), image)
    return np.array(sorted(first.values()), np.int64)


def _counting_links(images: Images, groups: DuplicateGroups, image: int, raw: Sequence[_RawLink]) -> list[Link]:
    """Links that also hold against the other image's group: the best of each group and method."""
    best: dict[tuple[int, str], Link] = {}
    for one in raw:
        group = groups.group_of.get(one.other)
        anchor = None if group is None else groups.anchor(group)
        if group is None or anchor is None:
            continue  # A contested image is in no group, so likeness to it does not count.
        closeness = images.likeness.closeness(image, anchor)
        if one.method == "embedding":
            counts = one.other == anchor
            order = -one.value
        else:
            counts = images.likeness.is_near(image, anchor) and images.likeness.is_near(image, one.other)
            order = one.value
        standing = best.get((group, one.method))
        if counts and (standing is None or order < _order(standing)):
            best[group, one.method] = Link(one.other, one.method, one.value, group, closeness)
    return [best[key] for key in sorted(best)]


def _order(link: Link) -> float:
    return -link.value if link.method == "embedding" else link.value
