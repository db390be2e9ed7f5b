"""Reason why a piece of EXIF data is not used."""

from __future__ import annotations

REASONS = (
    "truncated",
    "broken",
    "too_long",
    "wrong_type",
    "not_set",
    "not_readable",
    "control_characters",
    "divided_by_zero",
    "not_a_number",
    "out_of_range",
    "no_hemisphere",
    "no_fix",
    "impossible",
    "before_1990",
    "in_the_future",
)
"""Closed list, so that no text of a file gets into a message; `docs/how-to/know-the-origin-of-images.md` explains them."""


class Trouble(Exception):
    """A field that cannot be read, by one of `REASONS`; the field stays empty and the image is taken in all the same."""

    def __init__(self, reason: str) -> None:
        """Name the reason."""
        super().__init__(reason)
        self.reason = reason
