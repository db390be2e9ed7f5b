"""Removal of predictions on erased images from a prediction server's log, while the server keeps writing to it."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


def erase_predictions(folder: Path, image_ids: Collection[str]) -> int:
    """Blank every line that names one of the images, in place, in all files of the log; return the number of lines.

    A file keeps its length and its inode: the server appends at the end, so none of its lines is lost.
    """
    erased = 0
    for path in sorted(folder.glob("predictions*.jsonl")):
        with path.open("r+b") as file:
            start = 0
            for line in file.readlines():
                if any(image_id.encode() in line for image_id in image_ids):
                    os.pwrite(file.fileno(), b" " * len(line.rstrip(b"\n")), start)
                    erased += 1
                start += len(line)
            os.fsync(file.fileno())
    return erased
