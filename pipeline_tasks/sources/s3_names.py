"""Reasons to leave objects out by their names, for a listing that comes in pages and has no folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NotRequired, TypedDict

from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.name_rules import NameRules

_Sizes = dict[str, dict[str, int]]
"""Folder → name → bytes."""


class Entry(TypedDict):
    """One object of a page, as the store tells it."""

    Key: str
    Size: int
    ETag: str
    LastModified: datetime
    StorageClass: NotRequired[str]
    VersionId: NotRequired[str]


class S3Names:
    """The rules for names, of objects whose slashes stand for folders.

    A file beside which its original must lie (a thumbnail, a conflict copy) is told from the objects on its own page and on the two
    pages beside it, so that memory stays small. Folders that a program marks by a file in them are not found.
    """

    def __init__(self, rules: NameRules) -> None:
        """Use these rules."""
        self._rules = rules
        self._reasons: dict[str, str | None] = {"": None}
        """Folder → reason to leave it out, of the folders on the way to the last object."""

    def judged(self, pages: Iterable[list[Entry]], cut: int, left_out: LeftOutFiles) -> Iterator[tuple[Entry, str | None]]:
        """Yield each object that lies in no left-out folder, with the reason to leave it out by its own name.

        The first `cut` letters of a key are the prefix; folders are added to `left_out` once each.
        """
        for page, sizes in _with_neighbours(pages, cut):
            for entry in page:
                path = entry["Key"][cut:]
                folder, slash, name = path.rpartition("/")
                if slash and self._of_folder(folder, left_out) is not None:
                    continue
                yield entry, self._rules.of_file(path, sizes[folder]) if name else "not_a_file"

    def _of_folder(self, folder: str, left_out: LeftOutFiles) -> str | None:
        """Reason to leave out a folder, its own or that of one above it."""
        if folder in self._reasons:
            return self._reasons[folder]
        above = folder.rpartition("/")[0]
        reason = self._of_folder(above, left_out)
        if reason is None:
            reason = self._rules.of_folder(folder)
            if reason is not None and not left_out.has_folder(folder):
                left_out.add(LeftOut(folder, reason, is_folder=True))
        # Keys come in order, so folders that the last key was not in are done with.
        self._reasons = {one: why for one, why in self._reasons.items() if not one or folder.startswith(f"{one}/")}
        self._reasons[folder] = reason
        return reason


def _with_neighbours(pages: Iterable[list[Entry]], cut: int) -> Iterator[tuple[list[Entry], _Sizes]]:
    """Each page, with the sizes of the objects on it and on the pages beside it."""
    before: list[Entry] = []
    page: list[Entry] | None = None
    for after in pages:
        if page is not None:
            yield page, _sizes((before, page, after), cut)
            before = page
        page = after
    if page is not None:
        yield page, _sizes((before, page), cut)


def _sizes(pages: Iterable[list[Entry]], cut: int) -> _Sizes:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for page in pages:
        for entry in page:
            folder, _, name = entry["Key"][cut:].rpartition("/")
            found[folder][name] = entry["Size"]
    return found
