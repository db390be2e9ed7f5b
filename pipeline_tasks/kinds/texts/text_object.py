"""Object of the kind `text`: a text in an annotation, a label or a prediction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A text of the whole image, or of a box in canonical (oriented) pixels."""

    text: str
    x_min_px: float | None = None
    """None, as are the other sides, for the text of the whole image."""
    y_min_px: float | None = None
    width_px: float | None = None
    height_px: float | None = None
    corners_px: tuple[float, ...] = ()
    """The 4 corners of a rotated box as drawn, x and y by turns; its axis-aligned hull is the box. Empty without rotation."""
    confidence: float | None = None
    """A model's; None for a person's."""

    @property
    def has_box(self) -> bool:
        """Return True if the text has a place."""
        return self.x_min_px is not None
