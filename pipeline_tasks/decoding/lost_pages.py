"""Pages of zeros in formats without compression or checksum: a file system loses whole pages, at multiples of a page's length.

A black part of an image is also zeros, but begins and ends anywhere: both ends fall on a page's border for one run
of zeros in 16 million, and that a run to the end of the file begins on one to one in 4,096.
"""

from __future__ import annotations

import numpy as np

from pipeline_tasks.errors import RejectedFileError

PAGE_BYTES = 4096


def check_no_lost_page(content: bytes, file_format: str) -> None:
    """Refuse a file with a run of zeros that fills whole pages and nothing beside them.

    Raises:
        RejectedFileError: `corrupt`.
    """
    pages = len(content) // PAGE_BYTES
    words = np.frombuffer(content, np.uint64, count=pages * PAGE_BYTES // 8).reshape(pages, PAGE_BYTES // 8)
    is_empty = ~words.any(axis=1)
    borders = np.diff(np.concatenate([[False], is_empty, [False]]).astype(np.int8))
    for first, last in zip(np.flatnonzero(borders == 1), np.flatnonzero(borders == -1), strict=True):
        begin, end = int(first) * PAGE_BYTES, int(last) * PAGE_BYTES
        rest = content[end : end + PAGE_BYTES]
        is_to_the_end = len(rest) < PAGE_BYTES and not any(rest)
        if content[begin - 1] and (is_to_the_end or rest[:1] != b"\x00"):
            where = f"zeros from byte {begin} to {len(content) if is_to_the_end else end}"
            raise RejectedFileError("corrupt", f"{file_format}: {where}: pages that were never written, or are lost")
