"""Version of the rules by which bytes become canonical pixels. An image keeps the version by which it was first read.

What was labelled, embedded and trained on must not change its look with a release, so the version stands in each image's row.
"""

from __future__ import annotations

from dataclasses import dataclass

NEWEST_VERSION = 2
"""1: releases before 0.2.0. 2: decoder's warnings refuse a file, used bits are scaled to white, an alpha that hides everything
is left out."""


@dataclass(frozen=True)
class CanonicalForm:
    """All that the pixels of an image depend on beside its bytes."""

    version: int = NEWEST_VERSION
    bit_depth: int | None = None
    """Bits that the camera really gives in deeper samples, as the source's settings say; None: they say nothing."""

    @property
    def is_first(self) -> bool:
        """Read as releases before 0.2.0 did."""
        return self.version == 1


NEWEST = CanonicalForm()
"""The form of a new image of a source that says nothing of bits."""
