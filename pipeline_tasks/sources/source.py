"""The contract of a source: it lists files, reads them, and tells what it knows of them. Nothing is ever written to one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pipeline_tasks.registries import SOURCES
from pipeline_tasks.settings import SourceSettings


@dataclass(frozen=True)
class FoundFile:
    """One file as the listing saw it."""

    key: str
    """Names the file inside the source; text that every table can keep."""
    object_version: str
    """Changes whenever the bytes may have."""
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class FileMetadata:
    """Metadata of a file that become columns of its sighting; None: not known."""

    device: str | None = None
    clip: str | None = None
    site: str | None = None
    day: str | None = None


class Source(Protocol):
    """An open source. `read` is called from several threads at once."""

    @property
    def name(self) -> str:
        """The name that stands in every sighting."""
        ...

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the files that are there now, sorted by key.

        Raises:
            ServiceUnavailableError: the source is away.
        """
        ...

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Tell whether nobody is still writing the file; one that is not at rest is left for the next cycle."""
        ...

    def read(self, key: str, object_version: str) -> bytes:
        """Return a file's bytes if it is still the one that was listed.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `changed_while_reading`, `too_many_bytes` or `not_an_image`.
        """
        ...

    def metadata(self, key: str) -> FileMetadata:
        """Return what the source knows of a file."""
        ...


class OpensSource(Protocol):
    """An entry of `SOURCES`: a class of this kind."""

    settings_model: type[SourceSettings]
    """Checks the source's section of a project file; subclasses `SourceSettings`."""

    def __call__(self, settings: SourceSettings, home: Path) -> Source:
        """Open a source; relative paths lie in `home`.

        Raises:
            SettingsError: a setting that cannot be meant.
        """
        ...


def open_source(settings: SourceSettings, home: Path) -> Source:
    """Open the source that a project file describes.

    Raises:
        SettingsError: its kind cannot be imported, or a setting cannot be meant.
    """
    return SOURCES.load(settings.kind)(settings, home)


def open_sources(settings: Iterable[SourceSettings], home: Path) -> list[Source]:
    """Open all sources of a project."""
    return [open_source(one, home) for one in settings]
