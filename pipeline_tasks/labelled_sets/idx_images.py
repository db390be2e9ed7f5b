"""Images of MNIST's IDX files written as PNG files, a folder a split, with the labels beside them.

An IDX file has two zeros, the type of its values, the number of its sides, each side as 4 bytes, and then all values
(yann.lecun.com/exdb/mnist). `t10k` is MNIST's name of its test images. The files of EMNIST hold images that lie on their side, and
so they are written.
"""

from __future__ import annotations

import gzip
import math
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from pipeline_tasks.formats.finding import refuse
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.mnist import LABELS, image_name
from pipeline_tasks.labelled_sets.archives import Limits

_NAME = re.compile(r"(?P<prefix>.*?)[-_.]?images[-.]idx[34][-.]ubyte(\.gz)?", re.IGNORECASE)
_LABELS = re.compile(r"(?P<prefix>.*?)[-_.]?labels[-.]idx1[-.]ubyte(\.gz)?", re.IGNORECASE)
_BYTE = 8
_MOST_PIXELS = 50_000_000


@dataclass(frozen=True)
class IdxPair:
    """A file of images with the file of their labels."""

    images: Path
    labels: Path
    folder: str
    """Name of the folder into which they are written."""


def idx_pairs(listing: Listing) -> tuple[IdxPair, ...]:
    """The pairs of a folder; of a file that is there packed and unpacked, the unpacked one.

    Raises:
        SettingsError: a file of images has no labels, or two have one name.
    """
    images, labels = _by_prefix(listing, _NAME), _by_prefix(listing, _LABELS)
    found: dict[str, IdxPair] = {}
    for (folder, prefix), path in images.items():
        if (folder, prefix) not in labels:
            raise refuse(listing.where(path), "no labels of it", f"a file {prefix}-labels-idx1-ubyte beside it")
        name = prefix.replace("t10k", "test") or "images"
        if name in found:
            raise refuse(listing.where(path), f"also {listing.where(found[name].images)}", "each file once")
        found[name] = IdxPair(path, labels[folder, prefix], name)
    return tuple(found.values())


def write_images(pair: IdxPair, where: str, folder: Path, limits: Limits | None = None) -> None:
    """Write the images as `0000000.png` and so on, and their labels.

    Raises:
        SettingsError: a header is none of IDX, or says more or less than the file holds; the message names the file.
    """
    target = folder / pair.folder
    target.mkdir(parents=True)
    labels = _Idx(pair.labels, f"{where}: {pair.labels.name}", limits or Limits(), target)
    images = _Idx(pair.images, f"{where}: {pair.images.name}", limits or Limits(), target)
    if len(labels.sides) != 1 or len(images.sides) not in (3, 4) or images.sides[3:] not in ((), (3,)):
        raise refuse(images.where, f"sides {images.sides} and labels {labels.sides}", "grey or RGB images, and a label each")
    if images.sides[0] != labels.sides[0]:
        raise refuse(images.where, f"{images.sides[0]} images and {labels.sides[0]} labels", "as many labels as images")
    (target / LABELS).write_bytes(labels.all())
    images.write(target)


class _Idx:
    """One IDX file, whose header is read and compared with its size."""

    def __init__(self, path: Path, where: str, limits: Limits, target: Path) -> None:
        self._path, self.where = path, where
        with self._open() as file:
            self.sides = self._header(file)
        self._item = math.prod(self.sides[1:])
        size = path.stat().st_size
        total = math.prod(self.sides)
        most = limits.most_bytes(size, target) if self._is_packed else size
        if self.sides[0] > limits.files or self._item > _MOST_PIXELS or not self._item or total > most:
            raise refuse(
                where, f"a header of {' x '.join(map(str, self.sides))} values", f"at most {most} bytes, as it is that large"
            )

    @property
    def _is_packed(self) -> bool:
        return self._path.name.lower().endswith(".gz")

    def all(self) -> bytes:
        """All values."""
        with self._open() as file:
            self._header(file)
            content = self._read(file, math.prod(self.sides))
            self._check_end(file)
        return content

    def write(self, target: Path) -> None:
        """Write each image, with the file's time."""
        times = (self._path.stat().st_mtime_ns,) * 2
        with self._open() as file:
            self._header(file)
            for number in range(self.sides[0]):
                values = np.frombuffer(self._read(file, self._item), np.uint8).reshape(self.sides[1:])
                path = target / image_name(number)
                Image.fromarray(values).save(path)
                os.utime(path, ns=times)
            self._check_end(file)

    def _open(self) -> IO[bytes]:
        return gzip.open(self._path, "rb") if self._is_packed else self._path.open("rb")  # type: ignore[return-value]

    def _header(self, file: IO[bytes]) -> tuple[int, ...]:
        head = self._read(file, 4)
        if head[:2] != b"\0\0" or head[2] != _BYTE or not 1 <= head[3] <= 4:
            raise refuse(self.where, f"the first bytes {head.hex()}", "an IDX file of bytes: 0000, 08, and the number of sides")
        sides = self._read(file, 4 * head[3])
        return tuple(int.from_bytes(sides[at : at + 4]) for at in range(0, len(sides), 4))

    def _read(self, file: IO[bytes], size: int) -> bytes:
        try:
            content = file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise refuse(self.where, f"a damaged file ({error})", "a whole file; copy it again") from error
        if len(content) != size:
            raise refuse(self.where, "its end too early", "as many values as its header says; copy it again")
        return content

    def _check_end(self, file: IO[bytes]) -> None:
        try:
            more = file.read(1)
        except (OSError, EOFError, zlib.error) as error:
            raise refuse(self.where, f"a damaged file ({error})", "a whole file; copy it again") from error
        if more:
            raise refuse(self.where, "more values", "as many values as its header says")


def _by_prefix(listing: Listing, pattern: re.Pattern[str]) -> dict[tuple[Path, str], Path]:
    """Folder and beginning of the name → file."""
    found: dict[tuple[Path, str], Path] = {}
    for path in listing.files:
        if (match := pattern.fullmatch(path.name)) is not None:
            key = (path.parent, match["prefix"].lower())
            if key not in found or found[key].name.lower().endswith(".gz"):
                found[key] = path
    return found
