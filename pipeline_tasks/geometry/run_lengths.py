"""Masks as COCO's compressed run lengths: text that pycocotools reads and writes, made with numpy alone.

Run lengths count pixels column by column, from the top left corner down, and begin with the pixels outside the mask. In the text
each length is written as its difference from the last but one, in groups of 5 bits from the lowest, one character a group (COCO
API, `maskApi.c`, Lin et al. 2014). All functions but `encode` and `decode` work on the run lengths themselves, so their cost does
not depend on the size of the image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Size = tuple[int, int]
"""Width and height in pixels."""
_FIRST, _MORE, _SIGN, _BITS = 48, 0x20, 0x10, 5


def encode(mask: Mask) -> str:
    """Run lengths of a mask (height x width)."""
    down = np.asarray(mask, bool).T.ravel()
    return from_toggles(np.flatnonzero(np.diff(down, prepend=False)), down.size)


def encode_part(part: Mask, left_px: int, top_px: int, size_px: Size) -> str:
    """Run lengths of a mask of an image that is empty but for one part of it, whose upper left corner is there.

    The same as those of the whole mask, and quicker for a small part of a large image.
    """
    width, height = size_px
    high = part.shape[0]
    # One row more, so that runs end with their column; of a part as high as the image they go on in the next one.
    down = np.asarray(part, bool).T
    down = down if high == height else np.pad(down, ((0, 0), (0, 1)))
    columns, rows = np.divmod(np.flatnonzero(np.diff(down.ravel(), prepend=False, append=False)), down.shape[1])
    return from_toggles((left_px + columns) * height + top_px + rows, width * height)


def decode(rle: str, size_px: Size) -> Mask:
    """The mask (height x width) of an image of this size.

    Raises:
        ValueError: the text is no run lengths, or they are those of an image of another size.
    """
    width, height = size_px
    counts = counts_of(rle)
    check_size(rle, size_px)
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(width, height).T


def check_size(rle: str, size_px: Size) -> None:
    """Refuse run lengths that do not fit an image of this size.

    Raises:
        ValueError: the text is no run lengths, or they are those of an image of another size.
    """
    found, wanted = int(counts_of(rle).sum()), size_px[0] * size_px[1]
    if found != wanted:
        raise ValueError(f"run lengths of {found} pixels do not fit an image of {size_px[0]} x {size_px[1]} = {wanted} pixels")


def area(rle: str) -> int:
    """Number of pixels in the mask."""
    return int(counts_of(rle)[1::2].sum())


def box_of(rle: str, size_px: Size) -> tuple[int, int, int, int]:
    """The smallest box around the mask: x_min, y_min, width, height in pixels; all 0 for an empty mask."""
    height = size_px[1]
    starts, ends = _runs(counts_of(rle))
    if not len(starts):
        return 0, 0, 0, 0
    first, last = starts // height, (ends - 1) // height
    is_one_column = first == last
    top = np.where(is_one_column, starts % height, 0).min()
    bottom = np.where(is_one_column, (ends - 1) % height, height - 1).max()
    return int(first[0]), int(top), int(last[-1] - first[0] + 1), int(bottom - top + 1)


def iou(ones: Sequence[str], others: Sequence[str]) -> Floats:
    """Pixels in both masks over pixels in either, for all pairs: len(ones) x len(others); 0 for two empty masks."""
    both = intersections(ones, others)
    either = _areas(ones)[:, np.newaxis] + _areas(others) - both
    ratios: Floats = both / np.maximum(either, 1)
    return ratios


def intersections(ones: Sequence[str], others: Sequence[str]) -> Floats:
    """Pixels in both masks, for all pairs: len(ones) x len(others); all masks are of one image."""
    found = np.zeros((len(ones), len(others)))
    runs = [_runs(counts_of(rle)) for rle in others]
    used = np.array([index for index, (starts, _) in enumerate(runs) if len(starts)], np.int64)
    if not len(used):
        return found
    starts, ends = (np.concatenate([runs[index][side] for index in used]) for side in (0, 1))
    lengths = np.array([len(runs[index][0]) for index in used])
    firsts = np.cumsum(lengths) - lengths
    for row, rle in enumerate(ones):
        counts = counts_of(rle)
        edges, inside = np.cumsum(counts), np.cumsum(np.where(np.arange(len(counts)) % 2, counts, 0))
        mine = _runs(counts)
        if not len(mine[0]):
            continue
        is_near = (starts[firsts] < mine[1][-1]) & (ends[firsts + lengths - 1] > mine[0][0])
        near = np.repeat(is_near, lengths)
        # Pixels of the mask before any place grow linearly inside a run and stay equal outside, so their difference counts a run.
        within = np.interp(ends[near], edges, inside) - np.interp(starts[near], edges, inside)
        if len(within):
            found[row, used[is_near]] = np.add.reduceat(within, np.cumsum(lengths[is_near]) - lengths[is_near])
    return found


def merge(rles: Sequence[str], least: int = 1) -> str:
    """Pixels that at least so many masks of one image contain: 1 is their union, all of them their intersection.

    Raises:
        ValueError: there are no masks, or they are of images of different sizes.
    """
    counts = [counts_of(rle) for rle in rles]
    sizes = sorted({int(one.sum()) for one in counts})
    if len(sizes) != 1:
        raise ValueError(f"masks of one image are needed, found {len(rles)} masks of {sizes} pixels")
    runs = [_runs(one) for one in counts]
    starts, ends = (np.concatenate([one[side] for one in runs]) for side in (0, 1))
    places, at = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    change = np.bincount(at, np.repeat([1, -1], len(starts)), len(places)) if len(places) else np.zeros(0)
    is_in = np.cumsum(change) >= least
    return from_toggles(places[np.diff(is_in, prepend=False)], sizes[0])


def from_toggles(toggles: Integers, pixels: int) -> str:
    """Run lengths from the places where the mask begins and ends in turn, in increasing order and down the columns."""
    counts = np.diff(np.concatenate([[0], toggles, [pixels]]))
    return text_of(counts[:-1] if len(counts) > 1 and not counts[-1] else counts)


def text_of(counts: Integers) -> str:
    """Run lengths as compressed text."""
    values = np.array(counts, np.int64)
    values[3:] -= np.asarray(counts, np.int64)[1:-2]
    groups, more = [], [np.ones(len(values), bool)]
    while more[-1].any():
        low, values = values & (2**_BITS - 1), values >> _BITS
        is_more = more[-1] & np.where(low & _SIGN, values != -1, values != 0)
        groups.append(low + np.where(is_more, _MORE, 0) + _FIRST)
        more.append(is_more)
    if not groups:
        return ""
    is_written = np.stack(more[:-1], axis=1)
    return bytes(np.stack(groups, axis=1)[is_written].astype(np.uint8)).decode("ascii")


def counts_of(rle: str) -> Integers:
    """Run lengths of compressed text: pixels outside, inside, outside, … the mask.

    Raises:
        ValueError: the text is no run lengths.
    """
    characters = np.frombuffer(rle.encode("utf-8"), np.uint8).astype(np.int64) - _FIRST
    if not len(characters):
        return np.zeros(0, np.int64)
    if characters.min() < 0 or characters.max() >= 2 * _MORE or characters[-1] & _MORE:
        raise ValueError(f"{_short(rle)} is no compressed run lengths of COCO")
    ends = np.flatnonzero((characters & _MORE) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 12:
        raise ValueError(f"{_short(rle)} holds a run length of more than 60 bits")
    shifts = _BITS * (np.arange(len(characters)) - np.repeat(starts, lengths))
    values = np.add.reduceat((characters & (2**_BITS - 1)) << shifts, starts)
    values -= np.where(characters[ends] & _SIGN, np.int64(1) << (_BITS * lengths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    if values.min() < 0:
        raise ValueError(f"{_short(rle)} holds a negative run length")
    return values


def _runs(counts: Integers) -> tuple[Integers, Integers]:
    """Starts and ends of the runs inside the mask, without empty ones."""
    edges = np.cumsum(counts)
    lengths = counts[1::2]
    is_run = lengths > 0
    ends = edges[1::2][is_run]
    return ends - lengths[is_run], ends


def _areas(rles: Sequence[str]) -> Floats:
    return np.array([area(rle) for rle in rles], np.float64)


def _short(rle: str) -> str:
    return repr(rle if len(rle) <= 40 else f"{rle[:40]}…")
