"""Settings of the colour and the key of a class in the labeling form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic import Field, field_validator

from pipeline_tasks.settings.section import Settings

COLOURS = {
    "black": "#000000",
    "blue": "#0000ff",
    "brown": "#a52a2a",
    "cyan": "#00ffff",
    "gray": "#808080",
    "green": "#008000",
    "lime": "#00ff00",
    "magenta": "#ff00ff",
    "maroon": "#800000",
    "navy": "#000080",
    "olive": "#808000",
    "orange": "#ffa500",
    "pink": "#ffc0cb",
    "purple": "#800080",
    "red": "#ff0000",
    "teal": "#008080",
    "white": "#ffffff",
    "yellow": "#ffff00",
}
"""Names that may stand for a colour."""
TAKEN_KEYS = "behkmnopruvw"
"""Letters by which Label Studio chooses tools and unselects a region, and the one that hides a keypoint."""


class NameStyle(Settings):
    """Colour and key of one class."""

    colour: str | None = Field(None, description="#rrggbb, or a name such as red.")
    hotkey: str | None = Field(None, pattern=r"^[a-z0-9]$", description="One letter or digit.")

    @field_validator("colour")
    @classmethod
    def _colour_is_known(cls, colour: str | None) -> str | None:
        """Read a name as its colour."""
        if colour is None:
            return None
        found = COLOURS.get(colour, colour).lower()
        if len(found) != 7 or found[0] != "#" or not set(found[1:]) <= set("0123456789abcdef"):
            raise ValueError(f"{colour!r} is no colour: wanted #rrggbb or one of {', '.join(COLOURS)}")
        return found

    @field_validator("hotkey")
    @classmethod
    def _hotkey_is_free(cls, hotkey: str | None) -> str | None:
        """Refuse a key that Label Studio uses itself."""
        if hotkey is not None and hotkey in TAKEN_KEYS:
            raise ValueError(f"{hotkey!r} is a key of the labeling form itself, as are all of {', '.join(TAKEN_KEYS)}")
        return hotkey


def check_styles(styles: Mapping[str, NameStyle], names: tuple[str, ...]) -> None:
    """Check that styles are those of the project's names and have no key twice.

    Raises:
        ValueError: they are not.
    """
    if unknown := sorted(set(styles) - set(names)):
        raise ValueError(
            f"labeling.styles: {', '.join(map(repr, unknown))} is not in `classes`, which has {', '.join(names) or 'none'}"
        )
    twice = [key for key, count in Counter(style.hotkey for style in styles.values() if style.hotkey).items() if count > 1]
    if twice:
        named = ", ".join(repr(name) for name, style in styles.items() if style.hotkey == twice[0])
        raise ValueError(f"labeling.styles: the hotkey {twice[0]!r} is that of {named}; one key chooses one of them")
