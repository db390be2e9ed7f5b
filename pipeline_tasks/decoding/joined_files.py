"""Two files in one: after the end of the image, a second one of the same format and size.

Cameras and phones also write behind the end, and that is no damage: previews are smaller, an index (MPF) announces further
images, trailers are no images.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

from PIL import Image

from pipeline_tasks.decoding.gif_blocks import gif_end
from pipeline_tasks.decoding.jpeg_structure import read_structure
from pipeline_tasks.decoding.png_checksums import png_end
from pipeline_tasks.errors import RejectedFileError

_BMP_HEADER_BYTES, _TIFF_START_BYTES = 54, 4
_MOST_STARTS = 16
"""Maximum number of candidate starts to try, because image data may look like a start."""


def check_not_joined(
    content: bytes, file_format: str, size: tuple[int, int], end: int | None, errors: tuple[type[BaseException], ...]
) -> None:
    """Refuse a file in which another image follows the first.

    `end`: index behind the image, where its format tells it (`end_of`); `errors`: what Pillow raises on broken files.

    Raises:
        RejectedFileError: `corrupt`.
    """
    for start in _second_starts(content, file_format, end):
        try:
            with Image.open(io.BytesIO(content[start:]), formats=[file_format]) as second:
                is_another = second.size == size
        except errors:
            continue
        if is_another:
            raise RejectedFileError(
                "corrupt", f"{file_format}: a second image of the same size begins at byte {start}: two files were joined"
            )


def end_of(content: bytes, file_format: str) -> int | None:
    """Index behind a whole image other than a JPEG, by the structure of its format; None where nothing tells it."""
    if file_format == "PNG":
        return png_end(content)
    return gif_end(content) if file_format == "GIF" else None


def _second_starts(content: bytes, file_format: str, end: int | None) -> Iterator[int]:
    """Places where a second file may begin."""
    if file_format == "BMP":
        # Of an interrupted write that was repeated, the second header lies inside the first one's data.
        yield from islice(_found(content, content[:_BMP_HEADER_BYTES]), 1)
        return
    if file_format == "WEBP":
        starts = islice(_found(content, b"RIFF"), _MOST_STARTS)
        yield from [start for start in starts if content[start + 8 : start + 12] == b"WEBP"]
        return
    if file_format == "AVIF":
        # A file begins with the length of its first box; its brand follows.
        yield from islice(_found(content[4:], content[4:12]), _MOST_STARTS)
        return
    if file_format == "TIFF":
        yield from islice(_found(content, content[:_TIFF_START_BYTES]), _MOST_STARTS)
        return
    has_more = end is not None and 0 < end < len(content) and content[end : end + 2] == content[:2]
    if end is not None and has_more and (file_format != "JPEG" or _is_one_jpeg(content[end:])):
        yield end


def _found(content: bytes, start: bytes) -> Iterator[int]:
    """Places behind the first one where these bytes stand again."""
    place = 0
    while (place := content.find(start, place + 1)) > 0:
        yield place


def _is_one_jpeg(behind: bytes) -> bool:
    """Return True if the rest of the file is exactly one JPEG, and not a phone's trailer that contains one."""
    try:
        structure = read_structure(behind)
    except RejectedFileError:
        return False
    return not behind[structure.end :].strip(b"\x00") or behind[structure.end :].startswith(behind[:3])
