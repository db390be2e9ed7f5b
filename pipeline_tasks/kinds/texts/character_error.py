"""Likeness of texts by character error.

Edit distance in bit vectors: Myers 1999, A fast bit-vector algorithm for approximate string matching; Hyyrö 2003, for whole texts.
"""

from __future__ import annotations


def edits(one: str, other: str) -> int:
    """Least number of characters to insert, delete or replace that make one text the other (Levenshtein 1966)."""
    if not one or not other:
        return len(one) + len(other)
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    whole, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    rises, falls, distance = whole, 0, len(one)
    for character in other:
        same = places.get(character, 0)
        vertical = same | falls
        horizontal = (((same & rises) + rises) ^ rises) | same
        up, down = falls | (~(horizontal | rises) & whole), rises & horizontal
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & whole, down << 1 & whole
        rises, falls = down | (~(vertical | up) & whole), up & vertical
    return distance


def likeness(one: str, other: str) -> float:
    """1 minus the character error: edits over the length of the longer text; 1 for two empty texts."""
    longer = max(len(one), len(other))
    return 1 - edits(one, other) / longer if longer else 1.0
