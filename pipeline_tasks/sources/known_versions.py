"""Digests of the versions that earlier cycles recorded of a source's files: a listing is compared with them, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.sources.source import FoundFile

Digests = NDArray[np.uint64]


class KnownVersions:
    """The recorded versions of one source's files in 24 bytes each, whatever the length of their keys.

    A version is known by 128 bits of its key and text, a key by 64. Of a million files, the chance that one is taken for another is
    below 1 in 10^26, and that a missing one is overlooked below 1 in 10^7.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._versions: list[pl.DataFrame] = []
        self._keys: list[Digests] = []
        self._sorted: pl.DataFrame | None = None

    def add(self, rows: pl.DataFrame, *, are_images: bool) -> None:
        """Add recorded files: `key` and `object_version`; `are_images` if a listing without them should say so."""
        self._versions.append(_version_digests(rows))
        if are_images:
            self._keys.append(np.unique(key_digests(rows)))
        self._sorted = None

    def have(self, files: Sequence[FoundFile]) -> NDArray[np.bool_]:
        """Tell for each file whether this very version was recorded."""
        found = _version_digests(_frame(files))
        known = self._in_order()
        first = known["first"].to_numpy()
        at = np.minimum(np.searchsorted(first, found["first"].to_numpy()), max(known.height - 1, 0))
        if known.is_empty():
            return np.zeros(len(files), bool)
        is_same: NDArray[np.bool_] = np.all(known[at].to_numpy() == found.to_numpy(), axis=1)
        return is_same

    def images(self) -> Digests:
        """Digests of the keys of all images, in order."""
        return one_of_each(self._keys)

    def _in_order(self) -> pl.DataFrame:
        if self._sorted is None:
            none = pl.DataFrame(schema={"first": pl.UInt64, "second": pl.UInt64})
            self._sorted = pl.concat([none, *self._versions]).unique().sort("first")
            self._versions = [self._sorted]
        return self._sorted


def key_digests(rows: pl.DataFrame) -> Digests:
    """A digest of each row's `key`; the same in this process only."""
    digests: Digests = rows["key"].hash(seed=1).to_numpy()
    return digests


def keys_of(files: Sequence[FoundFile]) -> Digests:
    """A digest of each file's key."""
    return key_digests(pl.DataFrame({"key": [file.key for file in files]}, schema={"key": pl.String}))


def one_of_each(digests: Iterable[Digests]) -> Digests:
    """All these digests, each once, in order."""
    found: Digests = np.unique(np.concatenate([*digests, np.empty(0, np.uint64)]))
    return found


def _frame(files: Sequence[FoundFile]) -> pl.DataFrame:
    columns = {"key": [file.key for file in files], "object_version": [file.object_version for file in files]}
    return pl.DataFrame(columns, schema={"key": pl.String, "object_version": pl.String})


def _version_digests(rows: pl.DataFrame) -> pl.DataFrame:
    text = pl.concat_str("key", pl.lit("\0"), "object_version")
    return rows.select(first=text.hash(seed=2), second=text.hash(seed=3))
