"""Verdicts on files, and the reviewed table of those on Pillow's own test files (`hostile/pillow`)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from decoding.bad_files import IMAGE

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError

TABLE = Path(__file__).with_name("verdicts_of_pillows_files.csv")
"""Made by the decoder and then looked through file by file; a remark stands where a verdict needs a reason."""
Decode = Callable[[bytes, CanonicalForm], CanonicalImage]


@dataclass(frozen=True)
class Reviewed:
    """One row of the table."""

    verdict: str
    """`image`, or the reason of a rejection."""
    image: str
    """Format, size and frames; empty for a rejection."""


def reviewed() -> dict[str, Reviewed]:
    """File name → its reviewed verdict."""
    with TABLE.open(newline="") as lines:
        return {row["file"]: Reviewed(row["verdict"], row["image"]) for row in csv.DictReader(lines)}


def decode_here(content: bytes, form: CanonicalForm) -> CanonicalImage:
    """Decode in this process."""
    return decode(content, Limits(), form)


def verdict_of(content: bytes, form: CanonicalForm = NEWEST, by: Decode = decode_here) -> tuple[str, str]:
    """The verdict on a file, and about the image if it is one, as they stand in the table."""
    try:
        image = by(content, form)
    except RejectedFileError as refused:
        return refused.reason, ""
    frames = f", {image.frames} frames" if image.frames > 1 else ""
    return IMAGE, f"{image.file_format} {image.size_px[0]} x {image.size_px[1]}{frames}"
