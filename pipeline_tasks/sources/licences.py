"""Licence, author and origin of files: as the source states them, else by the rules in the project file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_tasks.settings.source import LicenceRule
from pipeline_tasks.sources.source import FileMetadata

MOST_LETTERS = 2000


@dataclass(frozen=True)
class Rights:
    """Licence, author and origin of one file, as text that a table can keep; None: not known."""

    licence: str | None = None
    author: str | None = None
    origin_url: str | None = None


class Licences:
    """The rules of one source."""

    def __init__(self, rules: Sequence[LicenceRule]) -> None:
        """The first rule whose pattern finds a key counts for it."""
        self._rules = [(re.compile(rule.key_pattern), Rights(rule.licence, rule.author, rule.origin_url)) for rule in rules]

    def rights(self, key: str, stated: FileMetadata) -> Rights:
        """Rights that the source states of a file, and else those of the rules."""
        ruled = next((rights for pattern, rights in self._rules if pattern.search(key)), Rights())
        return Rights(
            licence=_text(stated.licence) or _text(ruled.licence),
            author=_text(stated.author) or _text(ruled.author),
            origin_url=_text(stated.origin_url) or _text(ruled.origin_url),
        )


def _text(value: str | None) -> str | None:
    """A value from outside in one line, without control characters; None if nothing is left."""
    letters = "".join(letter if letter.isprintable() else " " for letter in (value or "")[:MOST_LETTERS])
    return " ".join(letters.split()) or None
