"""Version of the rules by which bytes become canonical pixels. An image keeps the version by which it was first read.

Labelled, embedded and trained images must not change with a release, so each image's row has the version.
"""

from __future__ import annotations

from dataclasses import dataclass

NEWEST_VERSION = 2
"""1: releases before 0.2.0. 2: decoder's warnings refuse a file, used bits are scaled to white, an alpha that hides everything
is left out."""


@dataclass(frozen=True)
class CanonicalForm:
    """All inputs of an image's pixels besides its bytes."""

    version: int = NEWEST_VERSION
    bit_depth: int | None = None
    """Used bits of deeper samples, from the source's settings; None if not set."""

    @property
    def is_first(self) -> bool:
        """Return True for the form of releases before 0.2.0."""
        return self.version == 1


NEWEST = CanonicalForm()
"""The form of a new image from a source without a bit depth."""
