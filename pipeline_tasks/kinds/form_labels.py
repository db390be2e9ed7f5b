"""Labels and choices of a form in Label Studio, each of the first ones with a key, and labels with a colour of their own."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

DIGITS = "1234567890"
LETTERS = "asdfgqtzxc"
"""Letters that Label Studio uses for nothing; U unselects a region, and R, P, B, E, H and V choose tools."""
KEYS = DIGITS + LETTERS
"""Keys of the first names, in order."""
COLOURS = (
    "#e6194b",
    "#3cb44b",
    "#4363d8",
    "#f58231",
    "#911eb4",
    "#0f9bb5",
    "#f032e6",
    "#9a6324",
    "#808000",
    "#469990",
    "#800000",
    "#000075",
)
"""Colours of the first labels: apart from each other, and dark enough to be read on white.

Label Studio's own colours follow from the names, and are often alike.
"""


def labels(names: Sequence[str], keys: str = KEYS) -> str:
    """Labels of regions."""
    colours = [f' background="{colour}"' for colour in COLOURS[: len(names)]] + [""] * (len(names) - len(COLOURS))
    return "".join(_tag("Label", name, key + colour) for name, key, colour in zip(names, _keys(names, keys), colours, strict=True))


def choices(names: Sequence[str], keys: str = KEYS) -> str:
    """Choices for the image as a whole."""
    return "".join(_tag("Choice", name, key) for name, key in zip(names, _keys(names, keys), strict=True))


def line(*parts: str) -> str:
    """Parts of a form beside each other. Its height stays when a part appears, so that the image below does not move."""
    return f'<View style="display:flex;align-items:center;gap:16px;min-height:62px">{"".join(parts)}</View>'


def title(text: str) -> str:
    """Title of a line."""
    return f'<Header value={quoteattr(text)} size="5" style="font-size:14px;min-width:70px;margin:0"/>'


def _keys(names: Sequence[str], keys: str) -> list[str]:
    return [f" hotkey={quoteattr(key)}" for key in keys[: len(names)]] + [""] * (len(names) - len(keys))


def _tag(tag: str, name: str, attributes: str) -> str:
    return f"<{tag} value={quoteattr(name)}{attributes}/>"
