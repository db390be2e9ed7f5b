"""Label Studio's own run lengths of a brush: RGBA bytes of the image, row by row, packed as a stream of bits.

The stream: 32 bits number of bytes, 5 bits size of a value less 1 (8 bits: 7), four times 4 bits size of a run's length less 1
(3, 4, 8, 16). Then runs: 1 bit (1: one value repeated, 0: that many values), 2 bits that choose the size of the length, the length
less 1, the value or values. Format of `@thi.ng/rle-pack`, which Label Studio's form uses; after `brush.py` of
label-studio-converter (Apache-2.0). What `encode` writes is byte for byte what the form writes for the same pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Size = tuple[int, int]
_HEAD_BITS, _WORD_BITS = 32 + 5 + 4 * 4, 8
_LENGTH_BITS = np.array([3, 4, 8, 16])
_LONGEST = 2**16
_CHANNELS = 4
_ALPHA = 3
"""Place of the opacity among a pixel's bytes."""


def encode(mask: Mask) -> list[int]:
    """Run lengths of a mask (height x width): all four bytes of a pixel are 255 inside, and 0 outside."""
    flat = np.asarray(mask, bool).ravel()
    if not flat.size:
        raise ValueError("a mask without pixels has no run lengths")
    starts = np.concatenate([[0], np.flatnonzero(np.diff(flat)) + 1])
    lengths = np.diff(np.append(starts, flat.size)) * _CHANNELS
    pieces = -(-lengths // _LONGEST)
    run_lengths = np.full(pieces.sum(), _LONGEST)
    run_lengths[np.cumsum(pieces) - 1] = lengths - (pieces - 1) * _LONGEST
    values = np.repeat(flat[starts].astype(np.int64) * 255, pieces)
    return _packed(flat.size * _CHANNELS, run_lengths, values)


def decode(rle: Sequence[int], size_px: Size) -> Mask:
    """The mask (height x width). A pixel is inside if it is at least half as opaque as the most opaque one.

    The form's brush has soft edges, and its strokes need not be fully opaque.

    Raises:
        ValueError: the stream is damaged, or of an image of another size.
    """
    width, height = size_px
    ends, values = _runs(rle, width * height * _CHANNELS)
    # A pixel's opacity is the byte at 4 n + 3, so a run ends in front of the first n with 4 n + 3 >= its end.
    pixel_ends = -(-(ends - _ALPHA) // _CHANNELS)
    counts = np.diff(pixel_ends, prepend=0)
    shown = values[counts > 0]
    limit = max(int(shown.max(initial=0)), 1)
    return np.repeat(2 * values >= limit, counts).reshape(height, width)


def _packed(count: int, lengths: Integers, values: Integers) -> list[int]:
    """The stream of runs, each of one repeated value."""
    choice = np.searchsorted(2**_LENGTH_BITS, lengths)
    bits = _LENGTH_BITS[choice]
    tokens = (((4 | choice) << bits) | (lengths - 1)) << _WORD_BITS | values
    head = count << (5 + 4 * 4) | (_WORD_BITS - 1) << (4 * 4)
    for number, size in enumerate(_LENGTH_BITS.tolist()):
        head |= (size - 1) << (4 * (3 - number))
    all_tokens = np.concatenate([[head], tokens])
    widths = np.concatenate([[_HEAD_BITS], 3 + bits + _WORD_BITS])
    token = np.repeat(np.arange(len(widths)), widths)
    place = np.cumsum(widths)[token] - 1 - np.arange(widths.sum())
    stream = ((all_tokens[token] >> place) & 1).astype(np.uint8)
    return np.packbits(stream).tolist()  # type: ignore[no-any-return]


def _runs(rle: Sequence[int], wanted: int) -> tuple[Integers, Integers]:
    """End and value of each run of bytes.

    Raises:
        ValueError: the stream is damaged, or does not hold `wanted` bytes.
    """
    windows = _windows(rle)
    total, word_bits = _bits(windows, 0, 32), _bits(windows, 32, 5) + 1
    length_bits = [_bits(windows, 37 + 4 * number, 4) + 1 for number in range(4)]
    if total != wanted:
        raise ValueError(f"run lengths of {total / _CHANNELS:g} pixels do not fit an image of {wanted // _CHANNELS} pixels")
    ends: list[int] = []
    values: list[int] = []
    at, end = _HEAD_BITS, 0
    last = 8 * len(rle)
    while end < total:
        head = _bits(windows, at, 3) if at + 3 <= last else 0
        size = length_bits[head & 3]
        count = _bits(windows, at + 3, size) + 1 if at + 3 + size <= last else 0
        at += 3 + size
        words = 1 if head & 4 else count
        if not count or at + words * word_bits > last or end + count > total:
            raise ValueError("the run lengths are cut off or damaged")
        values += [_bits(windows, at + word * word_bits, word_bits) for word in range(words)]
        ends += [end + count] if head & 4 else range(end + 1, end + count + 1)
        end += count
        at += words * word_bits
    return np.array(ends, np.int64), np.array(values, np.int64)


def _windows(rle: Sequence[int]) -> list[int]:
    """The 64 bits that begin at each byte.

    Raises:
        ValueError: the stream is not one of bytes, or too short.
    """
    try:
        stream = np.frombuffer(bytes(list(rle)) + bytes(8), np.uint8)
    except (TypeError, ValueError):
        raise ValueError("the run lengths are not a list of bytes") from None
    if len(rle) * 8 < _HEAD_BITS:
        raise ValueError(f"the run lengths are cut off: {len(rle)} bytes")
    shifted = [stream[place : len(rle) + place].astype(np.uint64) << np.uint64(56 - 8 * place) for place in range(8)]
    return np.bitwise_or.reduce(shifted).tolist()  # type: ignore[no-any-return]


def _bits(windows: list[int], at: int, count: int) -> int:
    """Number in `count` bits (at most 32) from place `at`."""
    return (windows[at >> 3] >> (64 - (at & 7) - count)) & ((1 << count) - 1)
