"""Files and folders that a source leaves out by their names: those of known systems and programs, and the user's patterns."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Mapping, Sequence

from pathspec import GitIgnoreSpec

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.known_names import CONFLICT_COPIES, FILES, FOLDERS, MARKED_FOLDERS

IGNORED = "ignored"
"""Reason of everything that the user's own patterns leave out."""
_CONFLICT_COPY = re.compile(rf"^(?P<stem>.+)(?:{'|'.join(CONFLICT_COPIES)})(?P<ending>\.[^.]+)?$")
_THUMBNAIL = re.compile(r"^(?P<stem>.+)_thumb(?P<ending>\.[^.]+)$", re.IGNORECASE)
_LARGEST_THUMBNAIL = 0.25
"""A file `a_thumb.jpg` beside `a.jpg` is its thumbnail if it has at most this share of its bytes."""


class NameRules:
    """Reasons to leave files and folders out; the user's patterns have the last word.

    The patterns are those of `.gitignore`: the last one that matches counts, `!` takes in what is left out otherwise, and nothing
    in a folder that is left out is looked at. A leading `#` is part of a name.
    """

    def __init__(self, patterns: Sequence[str], where: str) -> None:
        """Read the user's patterns; `where` names their setting in messages.

        Raises:
            SettingsError: a pattern can match nothing.
        """
        self._users = GitIgnoreSpec.from_lines([_checked(pattern, where) for pattern in patterns])
        self._has_patterns = bool(patterns)

    def of_folder(self, path: str) -> str | None:
        """Reason to leave out a folder, by its path inside the source; None to look into it."""
        verdict = self._verdict(f"{path}/")
        return _reason(_KNOWN_FOLDERS, path) if verdict is None else _users_reason(verdict)

    def of_marked_folder(self, path: str, names: Collection[str]) -> str | None:
        """Reason to leave out a folder that holds a program's own mark among these names."""
        if self._verdict(f"{path}/") is not None:
            return None
        folder = path.rpartition("/")[2].lower()
        found = (reason for pattern, mark, reason in MARKED_FOLDERS if mark in names and fnmatch.fnmatchcase(folder, pattern))
        return next(found, None)

    def of_file(self, path: str, sizes: Mapping[str, int]) -> str | None:
        """Reason to leave out a file; `sizes` tells name and bytes of all files in its folder."""
        verdict = self._verdict(path)
        if verdict is not None:
            return _users_reason(verdict)
        name = path.rpartition("/")[2]
        # The pattern begins at a name's first letter, so that a long name is not looked through.
        match = _KNOWN_FILES.match(name)
        return match.lastgroup if match else _reason_beside(name, sizes)

    def _verdict(self, path: str) -> bool | None:
        """Answer of the user's patterns; None if none matches."""
        return self._users.check_file(path).include if self._has_patterns else None


def _checked(pattern: str, where: str) -> str:
    """The pattern as `.gitignore` would spell it; a `#` that begins a name (`#recycle`) is no comment here."""
    spelled = f"\\{pattern}" if pattern.startswith("#") else pattern
    try:
        patterns = GitIgnoreSpec.from_lines([spelled]).patterns
    except ValueError:
        patterns = []
    if not any(one.include is not None for one in patterns):
        raise SettingsError(f"{where}: wanted patterns as in .gitignore, such as `drafts/` or `*_preview.jpg`; found {pattern!r}")
    return spelled


def _users_reason(is_ignored: bool) -> str | None:
    return IGNORED if is_ignored else None


def _one_pattern(names: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    """One expression over a path's end; the group that matches is named by the reason, and the first reason counts."""
    by_reason = (f"(?P<{reason}>{'|'.join(map(_expression, patterns))})" for reason, patterns in names.items())
    return re.compile(rf"(?:^|/)(?:{'|'.join(by_reason)})\Z", re.IGNORECASE | re.DOTALL)


def _expression(pattern: str) -> str:
    """A shell pattern as an expression; `*` and `?` stay within one name."""
    return re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


_KNOWN_FOLDERS = _one_pattern(FOLDERS)
_KNOWN_FILES = _one_pattern(FILES)


def _reason(known: re.Pattern[str], path: str) -> str | None:
    match = known.search(path)
    return match.lastgroup if match else None


def _reason_beside(name: str, sizes: Mapping[str, int]) -> str | None:
    """Reason to leave out a file because its original is in the same folder."""
    copied = _CONFLICT_COPY.match(name)
    if copied and copied["stem"] + (copied["ending"] or "") in sizes:
        return "conflict_copy"
    small = _THUMBNAIL.match(name)
    original = 0 if small is None else sizes.get(small["stem"] + small["ending"], 0)
    return "thumbnail" if sizes.get(name, 0) < original * _LARGEST_THUMBNAIL else None
