"""Version of the rules by which bytes become canonical pixels. An image keeps the version by which it was first read.

Labelled, embedded and trained images must not change with a release, so each image's row has the version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline_tasks.measurements.averaging import LEAST_LONG_PX, Averaging

NEWEST_VERSION = 6
"""1: releases before 0.2.0. 2: decoder's warnings refuse a file, used bits are scaled to white, an alpha that hides everything
is left out. 3: the same pixels, and large JPEGs have a small image. 4: the same images, and the luma of larger ones is averaged
before they are measured. 5: the same images; the colours of larger ones are averaged, and of larger JPEGs the data are digested.
6: inks with a profile become sRGB by a finer table, and thumbnails of larger images are softened; small
images below 512 px are measured as larger ones are, if the whole one is not; all else is as in 5."""
_FIRST_WITH_SMALL_IMAGES = 3
_FIRST_WITH_AVERAGED_LUMA, _FIRST_WITH_AVERAGED_COLOURS = 4, 5
_FIRST_WITH_FINE_INKS = _FIRST_WITH_SOFTENED_THUMBNAILS = _FIRST_TO_MEASURE_BY_WHOLE_SIZE = 6


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
    def has_fine_inks(self) -> bool:
        """Return True if inks with a profile become sRGB by the finer table."""
        return self.version >= _FIRST_WITH_FINE_INKS

    @property
    def softens_thumbnails(self) -> bool:
        """Return True if averages are softened before they become a thumbnail."""
        return self.version >= _FIRST_WITH_SOFTENED_THUMBNAILS

    def averaging(self, size_px: tuple[int, int]) -> Averaging:
        """Part that is averaged of an image of this whole size before it is measured."""
        if self.version >= _FIRST_TO_MEASURE_BY_WHOLE_SIZE and max(size_px) >= LEAST_LONG_PX:
            return "all"
        if self.version >= _FIRST_WITH_AVERAGED_COLOURS:
            return "colours"
        return "luma" if self.version >= _FIRST_WITH_AVERAGED_LUMA else "nothing"

    def digests_data_of(self, size_px: tuple[int, int]) -> bool:
        """Return True if the data of a JPEG of this size are digested instead of its pixels, which takes a tenth of the time."""
        return self.is_small and self.version >= _FIRST_WITH_AVERAGED_COLOURS and max(size_px) >= LEAST_LONG_PX

    @property
    def small(self) -> CanonicalForm:
        """The form of the small image; images of earlier versions have none, and are read whole."""
        return replace(self, is_small=self.version >= _FIRST_WITH_SMALL_IMAGES)


NEWEST = CanonicalForm()
"""The form of a new image from a source without a bit depth."""
