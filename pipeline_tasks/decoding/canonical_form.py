"""Version of the rules by which bytes become canonical pixels. An image keeps the version by which it was first read.

Labelled, embedded and trained images must not change with a release, so each image's row has the version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

NEWEST_VERSION = 4
"""1: releases before 0.2.0. 2: decoder's warnings refuse a file, used bits are scaled to white, an alpha that hides everything
is left out. 3: the same pixels, and large JPEGs have a small image. 4: the same images, and larger ones are averaged before they
are measured."""
_FIRST_WITH_SMALL_IMAGES = 3
_FIRST_MEASURED_ON_AVERAGES = 4


@dataclass(frozen=True)
class CanonicalForm:
    """All inputs of an image's pixels besides its bytes."""

    version: int = NEWEST_VERSION
    bit_depth: int | None = None
    """Used bits of deeper samples, from the source's settings; None if not set."""
    is_small: bool = False
    """True for the small image (`small_image`), which is read in less time."""

    @property
    def is_first(self) -> bool:
        """Return True for the form of releases before 0.2.0."""
        return self.version == 1

    @property
    def is_measured_on_averages(self) -> bool:
        """Return True if larger images are averaged before they are measured (`measurements.averages`)."""
        return self.version >= _FIRST_MEASURED_ON_AVERAGES

    @property
    def small(self) -> CanonicalForm:
        """The form of the small image; images of earlier versions have none, and are read whole."""
        return replace(self, is_small=self.version >= _FIRST_WITH_SMALL_IMAGES)


NEWEST = CanonicalForm()
"""The form of a new image from a source without a bit depth."""
