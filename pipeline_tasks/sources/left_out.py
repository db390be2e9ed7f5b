"""Count of the files and folders that a listing left out, with the first ones of each reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

EXAMPLES = 20
"""Maximum number of files and of folders that are named for each reason."""


@dataclass(frozen=True)
class LeftOut:
    """A file or a folder that the source does not list."""

    key: str
    reason: str
    """One of `left_out_file.REASONS`."""
    is_folder: bool = False
    """Nothing in a folder that is left out was looked at."""


class LeftOutFiles:
    """All that one listing left out, in memory that does not grow with it; only folders are all kept by name."""

    def __init__(self, ones: Iterable[LeftOut] = ()) -> None:
        """Begin with these."""
        self._counts: Counter[tuple[str, bool]] = Counter()
        self._examples: dict[tuple[str, bool], list[LeftOut]] = {}
        self._folders: set[str] = set()
        for one in ones:
            self.add(one)

    def __len__(self) -> int:
        """Number of files and folders."""
        return self._counts.total()

    def __iter__(self) -> Iterator[LeftOut]:
        """The first ones of each reason, sorted by key."""
        return iter(sorted((one for ones in self._examples.values() for one in ones), key=lambda one: one.key))

    def add(self, one: LeftOut) -> None:
        """Count one, and keep its name if it is among the first of its reason."""
        if one.is_folder:
            self._folders.add(one.key)
        self._counts[one.reason, one.is_folder] += 1
        named = self._examples.setdefault((one.reason, one.is_folder), [])
        if len(named) < EXAMPLES:
            named.append(one)

    def counts(self, *, folders: bool) -> Mapping[str, int]:
        """Reason → number of folders, or of files outside them."""
        return {reason: count for (reason, is_folder), count in self._counts.items() if is_folder == folders}

    def has_folder(self, key: str) -> bool:
        """Return True if this folder was left out."""
        return key in self._folders

    def is_below(self, key: str) -> bool:
        """Return True if a file would lie in a folder that was left out."""
        parts = key.split("/")
        return any("/".join(parts[:depth]) in self._folders for depth in range(1, len(parts)))
