"""Record of one row of the preview of augmented views."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ViewPreview:
    """One change, drawn on the same few training images as every other row."""

    name: str
    """Of the augmentation; empty for images as they are and for whole views."""
    says: str
    jpegs: tuple[bytes, ...]
