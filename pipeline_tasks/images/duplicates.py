"""Find what new pictures resemble: equal pixels, hashes that differ in few bits, embeddings that point the same way.

A new picture is searched against every earlier one: by pixels against all, by embedding against the anchor of each group,
by hash against each group's different hashes. A hash link counts only if the picture also resembles the linked picture and the
group's anchor by embedding, since flat pictures share hashes. Blocks keep memory bounded; the search is exact.
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
class Pictures:
    """What the search knows of pictures: one entry each, in history order, the new ones last."""

    pixels: Sequence[str]
    """Digest of the decoded pixels."""
    hashes: npt.NDArray[np.uint64]
    likeness: Likeness
    is_searchable: npt.NDArray[np.bool_]
    """Has an embedding and is not quarantined: dark and blurred pictures all look alike."""
    first_new: int


@dataclass(frozen=True)
class _RawLink:
    """A link as the block search sees it, before it is known what became of the other picture."""

    other: int
    method: str
    value: float


def add_new_pictures(
    pictures: Pictures, groups: DuplicateGroups, max_hash_distance: int, keys: Mapping[int, Sequence[Key]]
) -> dict[int, list[Link]]:
    """Put each new picture into `groups`, in order; return the evidence: the best link per picture, group and method."""
    first_with = _first_with_pixels(pictures, groups)
    evidence: dict[int, list[Link]] = {}
    for block in _blocks(pictures):
        raw = _search_block(pictures, groups, max_hash_distance, block)
        for picture in block:
            twin = first_with.setdefault(pictures.pixels[picture], picture)
            if twin in groups.contested:
                groups.contest(picture, groups.contested[twin])
                evidence[picture] = [Link(twin, "pixels", 0.0, twin, 2.0)]
                continue
            links = [Link(twin, "pixels", 0.0, groups.group_of[twin], 2.0)] if twin != picture else None
            evidence[picture] = links or _counting_links(pictures, groups, picture, raw.get(picture, ()))
            groups.add(picture, evidence[picture], keys.get(picture, ()))
    return {picture: links for picture, links in evidence.items() if links}


def _first_with_pixels(pictures: Pictures, groups: DuplicateGroups) -> dict[str, int]:
    """The first known picture of each digest of pixels."""
    first: dict[str, int] = {}
    for picture in range(pictures.first_new):
        if picture in groups.group_of or picture in groups.contested:
            first.setdefault(pictures.pixels[picture], picture)
    return first


def _blocks(pictures: Pictures) -> Iterator[range]:
    for first in range(pictures.first_new, len(pictures.pixels), BLOCK):
        yield range(first, min(first + BLOCK, len(pictures.pixels)))


def _search_block(pictures: Pictures, groups: DuplicateGroups, max_hash_distance: int, block: range) -> dict[int, list[_RawLink]]:
    """Links of a block's pictures to what was known before it and to each other."""
    new = np.array([picture for picture in block if pictures.is_searchable[picture]], np.int64)
    anchors = np.array([a for a in map(groups.anchor, groups.members) if a is not None], np.int64)
    found: dict[int, list[_RawLink]] = {}
    for base in (anchors, new):
        near = pictures.likeness.pairs(new, base)
        _gather(found, new[near.query], base[near.base], "embedding", near.cosine)
    for base in (_different_hashes(pictures, groups), new):
        close = pairs_within(pictures.hashes[new], pictures.hashes[base], max_hash_distance)
        _gather(found, new[close.query], base[close.base], "hash", close.distance)
    return found


def _gather(
    found: dict[int, list[_RawLink]],
    pictures: npt.NDArray[np.int64],
    others: npt.NDArray[np.int64],
    method: str,
    values: npt.NDArray[np.float32] | npt.NDArray[np.int64],
) -> None:
    for picture, other, value in zip(pictures.tolist(), others.tolist(), values.tolist(), strict=True):
        if other < picture:
            found.setdefault(picture, []).append(_RawLink(other, method, float(value)))


def _different_hashes(pictures: Pictures, groups: DuplicateGroups) -> npt.NDArray[np.int64]:
    """One picture per group and hash: a thousand equal pictures need no thousand comparisons."""
    first: dict[tuple[int, int], int] = {}
    for group, members in groups.members.items():
        for picture in members:
            if pictures.is_searchable[picture]:
                first.setdefault((group, int(pictures.hashes[picture])), picture)
    return np.array(sorted(first.values()), np.int64)


def _counting_links(pictures: Pictures, groups: DuplicateGroups, picture: int, raw: Sequence[_RawLink]) -> list[Link]:
    """The links that hold against the other picture's group, the best of each group and method."""
    best: dict[tuple[int, str], Link] = {}
    for one in raw:
        group = groups.group_of.get(one.other)
        anchor = None if group is None else groups.anchor(group)
        if group is None or anchor is None:
            continue  # A contested picture is in no group; likeness to it alone founds nothing.
        closeness = pictures.likeness.closeness(picture, anchor)
        if one.method == "embedding":
            counts = one.other == anchor
            order = -one.value
        else:
            counts = pictures.likeness.is_near(picture, anchor) and pictures.likeness.is_near(picture, one.other)
            order = one.value
        standing = best.get((group, one.method))
        if counts and (standing is None or order < _order(standing)):
            best[group, one.method] = Link(one.other, one.method, one.value, group, closeness)
    return [best[key] for key in sorted(best)]


def _order(link: Link) -> float:
    return -link.value if link.method == "embedding" else link.value
