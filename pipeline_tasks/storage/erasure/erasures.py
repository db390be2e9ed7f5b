"""Erasures of a root, read from its ledger and key, for backup and restore."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.storage.erasure.erased_images import IsErased, is_erased_by
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.events import events_after
from pipeline_tasks.storage.ledger.replacement import Replacement
from pipeline_tasks.storage.ledger.state import State
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.tables.image import Image

logger = logging.getLogger(__name__)

_NAMES = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])")
_FOLDER = re.compile(re.escape(layout.ORIGINALS) + r"([0-9a-f]{2})/")
_NEVER_OPENED = ("models/", "derived/")


@dataclass(frozen=True)
class Erasures:
    """All erasures of one root."""

    replaced: frozenset[str]
    """Keys of objects deleted because they named an erased image."""
    renewed: frozenset[str]
    """Keys whose bytes were replaced: indexes of dataset versions."""
    is_erased: IsErased

    @property
    def is_none(self) -> bool:
        """Return True if nothing was ever erased."""
        return not (self.replaced or self.renewed)

    def is_gone(self, key: str) -> bool:
        """Return True if no copy of the root may keep this object."""
        return key in self.replaced or (not self.is_none and self._has_name(_FOLDER.sub(r"\1", key)))

    def is_named_in(self, key: str, content: bytes) -> bool:
        """Return True if an object that is gone from its root mentions an erased image; images and models are not opened."""
        if key.startswith(_NEVER_OPENED) or (key.startswith(layout.ORIGINALS) and not key.endswith(".dir")):
            return False
        return any(map(self._has_name, _texts(key, content)))

    def _has_name(self, text: str) -> bool:
        return any(map(self.is_erased, set(_NAMES.findall(text))))


def read_erasures(objects: ObjectStore) -> Erasures:
    """Read the erasures from the ledger, up to the first event that cannot be read.

    Raises:
        CorruptObjectError: the key that identifies erased images is missing.
    """
    nothing = Erasures(frozenset(), frozenset(), lambda _: False)
    if next(iter(objects.list(f"{layout.TABLES}{ErasedImage.table_name}/")), None) is None:
        return nothing
    # Folded here, because `read_state` writes snapshots and a copy may be read-only.
    state, changes = State(), list[tuple[str, Replacement | None]]()
    try:
        for event in events_after(objects, 0):
            state.add(event)
            changes += event.replaced.items()
    except CorruptObjectError as error:
        logger.warning("what was erased is known only up to event %d: %s", state.sequence, error)
    files = state.tables.get(ErasedImage.table_name, [])
    renewed = frozenset(key for key, found in changes if found is not None and found.key == key)
    return Erasures(frozenset(key for key, _ in changes) - renewed, renewed, is_erased_by(objects, files)) if files else nothing


def images_erased_in(store: Store, other: ObjectStore) -> list[str]:
    """Sorted ids of images of a project that were erased in another, newer root of it.

    Raises:
        CorruptObjectError: the other root's ledger or key cannot be read.
    """
    return sorted(filter(read_erasures(other).is_erased, store.every_row(Image)["image_id"].unique()))


def _texts(key: str, content: bytes) -> Iterable[str]:
    if not key.endswith(".parquet"):
        return [content.decode("utf-8", "replace")]
    try:
        rows = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError):
        return []
    return (text for name, kind in rows.schema.items() if kind == pl.String() for text in rows[name].drop_nulls().unique())
