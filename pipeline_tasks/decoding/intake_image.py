"""All that the intake keeps of an image, made in the process that decoded it, so that no whole image travels between processes."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.decoding.canonical_image import Pixels


@dataclass(frozen=True)
class IntakeSizes:
    """Sides of what the intake makes of an image."""

    model_px: int
    """0: no image for a model is made."""
    thumbnail_px: int


@dataclass(frozen=True)
class IntakeImage:
    """Properties, measurements and small copies of a decoded file."""

    file_format: str
    orientation: int
    frames: int
    size_px: tuple[int, int]
    """Width and height of the whole image."""
    measured: dict[str, float | int | str]
    """Column of `measurements` → its value."""
    thumbnail: bytes
    """A JPEG."""
    has_colours: bool
    """False for one channel three times, as grey, depth and infrared images are."""
    model_image: Pixels
    """The `centre` image of the backbone's side; no pixels where none is asked for."""
