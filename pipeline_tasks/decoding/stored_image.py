"""Images in the store: where the original is, and the form in which it was first read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline_tasks.decoding.canonical_form import CanonicalForm

COLUMNS = ("image_id", "md5", "canonical_form", "bit_depth")
"""Columns of the table `images` that `stored_images` takes, in this order."""


@dataclass(frozen=True)
class StoredImage:
    """Key of an original, and how to decode it."""

    md5: str
    form: CanonicalForm


def stored_images(rows: Iterable[tuple[Any, ...]]) -> dict[str, StoredImage]:
    """image_id → stored image, of rows of `COLUMNS`."""
    return {image_id: StoredImage(md5, CanonicalForm(version, bit_depth)) for image_id, md5, version, bit_depth in rows}
