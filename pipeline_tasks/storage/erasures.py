"""What the erasures of a root let go of, as far as its ledger and its key tell: for whoever copies the root or restores a copy."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.storage import layout
from pipeline_tasks.storage.erased_images import IsErased, is_erased_in
from pipeline_tasks.storage.ledger import events_after
from pipeline_tasks.storage.objects import ObjectStore
from pipeline_tasks.storage.store import Store
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.image import Image

_NAMES = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])")
_FOLDER = re.compile(re.escape(layout.ORIGINALS) + r"([0-9a-f]{2})/")
_NEVER_OPENED = ("models/", "derived/")


@dataclass(frozen=True)
class Erasures:
    """All erasures of one root."""

    replaced: frozenset[str]
    """Keys of objects that were deleted because they named an erased picture."""
    renewed: frozenset[str]
    """Keys that kept their name and got other bytes: indexes of dataset versions."""
    is_erased: IsErased

    @property
    def is_none(self) -> bool:
        """Whether nothing was ever erased."""
        return not (self.replaced or self.renewed)

    def is_gone(self, key: str) -> bool:
        """Whether no copy of the root may hold this object any more."""
        return key in self.replaced or (not self.is_none and self._has_name(_FOLDER.sub(r"\1", key)))

    def is_named_in(self, key: str, content: bytes) -> bool:
        """Whether an object that its root has let go of speaks of an erased picture; pictures and models are not opened."""
        if key.startswith(_NEVER_OPENED) or (key.startswith(layout.ORIGINALS) and not key.endswith(".dir")):
            return False
        return any(map(self._has_name, _texts(key, content)))

    def _has_name(self, text: str) -> bool:
        return any(map(self.is_erased, set(_NAMES.findall(text))))


def read_erasures(objects: ObjectStore) -> Erasures:
    """Read them off the ledger; behind an event that cannot be read nobody can say.

    Raises:
        CorruptObjectError: the key that knows erased pictures again is gone.
    """
    store = Store(objects)
    try:
        files = store.files(ErasedImage)
    except CorruptObjectError:
        files = []
    if not files:
        return Erasures(frozenset(), frozenset(), lambda _: False)
    changes = [(key, found) for event in events_after(objects, 0) for key, found in event.replaced.items()]
    renewed = frozenset(key for key, found in changes if found is not None and found["key"] == key)
    return Erasures(frozenset(key for key, _ in changes) - renewed, renewed, is_erased_in(store))


def images_erased_in(store: Store, other: ObjectStore) -> list[str]:
    """The images of a project that another root of it, which knows more, has erased; sorted.

    Raises:
        CorruptObjectError: the other root's ledger or key cannot be read.
    """
    return sorted(filter(is_erased_in(Store(other)), store.history(Image)["image_id"].unique()))


def _texts(key: str, content: bytes) -> Iterable[str]:
    if not key.endswith(".parquet"):
        return [content.decode("utf-8", "replace")]
    try:
        rows = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError):
        return []
    return (text for name, kind in rows.schema.items() if kind == pl.String() for text in rows[name].drop_nulls().unique())
