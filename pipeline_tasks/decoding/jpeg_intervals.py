"""Restart intervals of a JPEG, each checked alone: webcams leave stray bytes before restart markers of whole images.

libjpeg says only that bytes are left over somewhere. An interval is independent of the others, so each is decoded as an image of
its own: it is whole if it gives exactly its blocks and leaves no more bytes than padding. Bytes lost on a cable do not pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline_tasks.decoding.jpeg_structure import END

_MARKER = re.compile(rb"\xff([\xd0-\xd7])")
_FIRST_MARKER, _MARKERS = 0xD0, 8
_BASELINE = (0xC0, 0xC1)
_DRI, _SOS = 0xDD, 0xDA
_LONGEST_SIDE_PX = 65_500
"""Largest width that libjpeg accepts."""


@dataclass(frozen=True)
class _Layout:
    """Parts of a baseline JPEG with one scan and restart markers."""

    head: bytes
    """All before the scan's data."""
    size_at: int
    """Index of height and width in `head`."""
    block_px: tuple[int, int]
    """Width and height of the unit that restart intervals count."""
    units: int
    """Units in the whole image."""
    interval: int
    """Units between two restart markers."""
    data: bytes


def has_whole_intervals(image: bytes, is_whole: Callable[[bytes], bool]) -> bool:
    """Return True if each restart interval, as a JPEG of its own, `is_whole`; False for a JPEG without restart markers."""
    layout = _layout(image)
    if layout is None:
        return False
    pieces = _MARKER.split(layout.data)
    numbers = [marker[0] - _FIRST_MARKER for marker in pieces[1::2]]
    wanted = -(-layout.units // layout.interval)
    is_counted = len(numbers) == wanted - 1 and numbers == [number % _MARKERS for number in range(len(numbers))]
    return is_counted and wanted > 1 and all(map(is_whole, _images(layout, pieces[::2])))


def _layout(image: bytes) -> _Layout | None:
    """Read the segments; None for a progressive JPEG, several scans, or no restart interval."""
    interval, frame_at, position = 0, 0, 2
    while position + 4 <= len(image):
        kind, length = image[position + 1], int.from_bytes(image[position + 2 : position + 4], "big")
        if kind in _BASELINE:
            frame_at = position + 4
        elif kind == _DRI:
            interval = int.from_bytes(image[position + 4 : position + 6], "big")
        position += 2 + length
        if kind == _SOS:
            break
    if not frame_at or not interval:
        return None
    head, components = image[:position], image[frame_at + 5]
    # A scan of one component counts single blocks, whatever its sampling.
    sampling = [image[frame_at + 7 + 3 * number] for number in range(components)] if components > 1 else [0x11]
    width, height = 8 * max(one >> 4 for one in sampling), 8 * max(one & 15 for one in sampling)
    rows, columns = (int.from_bytes(image[frame_at + at : frame_at + at + 2], "big") for at in (1, 3))
    units = -(-rows // height) * -(-columns // width)
    is_one_scan = components == head[len(head) - 4 - 2 * components]
    layout = _Layout(head, frame_at + 1, (width, height), units, interval, image[position : -len(END)])
    return layout if is_one_scan and b"\xff\xda" not in layout.data and interval * width <= _LONGEST_SIDE_PX else None


def _images(layout: _Layout, pieces: list[bytes]) -> Iterator[bytes]:
    """Each interval as a JPEG of one row of units."""
    width, height = layout.block_px
    for number, data in enumerate(pieces):
        units = min(layout.interval, layout.units - number * layout.interval)
        size = height.to_bytes(2, "big") + (units * width).to_bytes(2, "big")
        yield layout.head[: layout.size_at] + size + layout.head[layout.size_at + len(size) :] + data + END
