"""Some files of a folder as a source: those that a labelled set says something about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline_tasks.sources.folder import FolderSettings, FolderSource
from pipeline_tasks.sources.left_out import LeftOutFiles
from pipeline_tasks.sources.source import FoundFile


class ChosenFiles(FolderSource):
    """A folder of which only the files with these keys are listed; all else is as in a folder."""

    def __init__(self, settings: FolderSettings, home: Path, keys: Collection[str]) -> None:
        """List these keys below `settings.path`.

        Raises:
            SettingsError: as for a folder.
        """
        super().__init__(settings, home)
        self._keys = frozenset(keys)
        self._folders = frozenset(folder for key in self._keys for folder in _folders_of(key))

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the chosen files that are there and that no rule on names leaves out, sorted by key.

        Raises:
            ServiceUnavailableError: the folder is not there or cannot be listed.
        """
        return (file for file in super().list_files() if file.key in self._keys)

    def left_out(self) -> LeftOutFiles:
        """Chosen files that the last listing left out, and folders that hold some."""
        wanted = (one for one in self._left_out if one.key in (self._folders if one.is_folder else self._keys))
        return LeftOutFiles(sorted(wanted, key=lambda one: one.key))


def _folders_of(key: str) -> Iterator[str]:
    parts = key.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))
