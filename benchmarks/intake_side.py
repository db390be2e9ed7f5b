"""Processor time of each piece of an intake, in one thread and one process, beside the plain decode."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import simplejpeg
from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.jpeg import encode_jpeg, small_thumbnail
from pipeline_tasks.decoding.jpeg_structure import read_structure
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.measurements.measuring import measure
from pipeline_tasks.registries import MEASUREMENTS

T = TypeVar("T")
R = TypeVar("R")
ROUNDS = 3


def print_pieces(contents: Sequence[bytes]) -> None:
    """Print milliseconds of processor an image for each piece; of the sandbox, elapsed time beside the same in process."""
    print(f"pieces, ms of processor an image, of {len(contents)} files")
    _timed("full-colour decode, libjpeg-turbo", simplejpeg.decode_jpeg, contents)
    _timed("sha256 and md5 of the file", _hashed, contents)
    _timed("header by Pillow", _opened, contents)
    _timed("structure", read_structure, contents)
    _timed("whole image with its checks", lambda content: decode(content, Limits()), contents)
    decoded = _timed("small image with its checks", lambda content: decode(content, Limits(), NEWEST.small), contents)
    with DecodingPool(1) as pool:
        pool.decode(contents[0])
        _timed("the same in the sandbox, elapsed", lambda content: pool.decode(content, NEWEST.small), contents, time.perf_counter)
    for column in MEASUREMENTS.names:
        _timed(f"  {column} alone", lambda one, column=column: _measured(one, [column]), decoded)  # type: ignore[misc]
    _timed("all measurements", _measured, decoded)
    thumbnails = _timed("thumbnail", small_thumbnail, decoded)
    _timed("its encoding", encode_jpeg, thumbnails)
    _timed("image of 224 px", lambda one: model_image(one.pixels, 224), decoded)


def _measured(image: CanonicalImage, columns: Sequence[str] = MEASUREMENTS.names) -> dict[str, float | int | str]:
    return measure(image.pixels, columns, image.digest, NEWEST.averaging(image.size_px))


def _timed(name: str, function: Callable[[T], R], things: Sequence[T], clock: Callable[[], float] = time.process_time) -> list[R]:
    """Print the best of some rounds; return the results."""
    best, found = float("inf"), []
    for _ in range(ROUNDS):
        began = clock()
        found = [function(thing) for thing in things]
        best = min(best, (clock() - began) / len(things))
    print(f"  {name:36}{best * 1000:8.2f}")
    return found


def _hashed(content: bytes) -> tuple[bytes, bytes]:
    return hashlib.sha256(content).digest(), hashlib.md5(content, usedforsecurity=False).digest()


def _opened(content: bytes) -> int:
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
        return len(image.getexif())
