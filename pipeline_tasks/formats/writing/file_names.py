"""Names of image files in an export: each once, valid on every system, and never a path."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

ID_DIGITS = 16
"""Digits of an image_id in a name."""
_MORE_DIGITS = 8
_LONGEST_BYTES = 180
_KEPT = " -+.,()_"
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that Windows keeps for devices, with any ending."""


@dataclass
class FileNames:
    """Names without endings, given one after the other; no two differ by case or by composition of characters alone."""

    _given: set[str] = field(default_factory=set)

    def of_id(self, image_id: str) -> str:
        """The first digits of an image_id, or all of them if those are taken."""
        return self._take(image_id[:ID_DIGITS]) or image_id

    def of_key(self, key: str, image_id: str) -> str:
        """The name of a file at its source, or with digits of its image_id if that is taken."""
        stem = safe_stem(key) or image_id[:ID_DIGITS]
        return self._take(stem) or self._take(f"{stem}-{image_id[:_MORE_DIGITS]}") or f"{stem}-{image_id}"

    def _take(self, stem: str) -> str | None:
        """Take the name if it is free."""
        wanted = unicodedata.normalize("NFKC", stem).casefold()
        if wanted in self._given:
            return None
        self._given.add(wanted)
        return stem


def safe_stem(key: str) -> str:
    """The last part of a key without its ending: letters, marks, digits, spaces and a few signs are kept, others become `_`."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", key)[-1])
    stem = last.rpartition(".")[0] or last
    safe = "".join(one if one in _KEPT or unicodedata.category(one)[0] in "LMN" else "_" for one in stem)
    safe = safe.lstrip(" .-").rstrip(" .")
    while len(safe.encode()) > _LONGEST_BYTES:
        safe = safe[:-1].rstrip(" .")
    return f"_{safe}" if _RESERVED.match(safe) else safe
