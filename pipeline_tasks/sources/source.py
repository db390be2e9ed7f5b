"""The contract of a source: it lists files, reads them, and tells what it knows of them. Nothing is ever written to one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from pipeline_tasks.registries import SOURCES
from pipeline_tasks.settings import SourceSettings
from pipeline_tasks.sources.file_stamps import FileStamp
from pipeline_tasks.sources.left_out import LeftOutFiles
from pipeline_tasks.sources.s3_connection import Connect, S3Connection
from pipeline_tasks.sources.source_key import KeyOf, no_key


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file as the listing saw it."""

    key: str
    """Names the file inside the source; text that every table can keep."""
    object_version: str
    """Changes whenever the bytes may have."""
    size_bytes: int
    modified_at: datetime | None
    """None: not known, or a time that cannot be held."""
    stamp: FileStamp | None = None
    """The parts of `object_version` where that is a file system's stamp; None for any other version, such as an ETag."""
    note: str | None = None
    """A note of what the source must know again when it reads the file, which another process does (`KeepsNotes`)."""


@dataclass(frozen=True)
class FileMetadata:
    """Metadata of a file that become columns of its sighting; None: not known."""

    device: str | None = None
    clip: str | None = None
    site: str | None = None
    day: str | None = None
    captured_at: datetime | None = None
    """Counts before the time in EXIF data; must have a zone."""
    clip_time_s: float | None = None
    """Seconds since the beginning of the clip."""
    licence: str | None = None
    author: str | None = None
    origin_url: str | None = None
    exposure_s: float | None = None
    """Counts before EXIF data, as does the position; its digits are cut as the source's settings say."""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    kept_because: str | None = None
    """Reason for which a device kept the image."""
    device_score: float | None = None
    """Score of the device's model."""
    device_model: str | None = None
    """Digest of that model."""


class Source(Protocol):
    """An open source. `read` is called from several threads at once."""

    @property
    def name(self) -> str:
        """Name of the source in every sighting."""
        ...

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the files that are there now, each once.

        Raises:
            ServiceUnavailableError: the source is away.
            ServiceRefusedError: it may not be listed, or is not there.
        """
        ...

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Return True if the file is no longer being written; other files are left for the next cycle."""
        ...

    def read(self, key: str, object_version: str) -> bytes:
        """Return a file's bytes if it is still the one that was listed.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `changed_while_reading`, `too_many_bytes` or `not_an_image`.
            ServiceError: the source is away, or refuses every file.
        """
        ...

    def metadata(self, key: str) -> FileMetadata:
        """Return what the source knows of a file."""
        ...


@runtime_checkable
class LeavesFilesOut(Protocol):
    """A source that does not list everything it finds."""

    def left_out(self) -> LeftOutFiles:
        """Files and folders that the last `list_files` left out."""
        ...


@runtime_checkable
class LooksTwice(Protocol):
    """A source that looks again at new files, because times alone do not show if a file is still being written."""

    def why_waiting(self, file: FoundFile, first_seen_at: datetime | None, now: datetime) -> str | None:
        """Reason to leave the file for a later cycle, one of `waiting_file.REASONS`; None if it is at rest.

        It is asked after `list_files`; `first_seen_at` tells when an earlier cycle found the file in this very version.
        """
        ...


@runtime_checkable
class ComparesBytes(Protocol):
    """A source whose stamps may be the same for other bytes."""

    @property
    def check_again(self) -> int:
        """Maximum number of known files a night whose bytes are compared, because their stamps prove nothing."""
        ...


@runtime_checkable
class KeepsNotes(Protocol):
    """A source whose listing tells what `read` and `metadata` need: it lies in the night's plan meanwhile."""

    def take_back(self, notes: Mapping[str, str | None]) -> None:
        """Take back the notes of the files that will be read: key → note."""
        ...


@runtime_checkable
class SkipsKnown(Protocol):
    """A source whose listing costs a lot for each file, and which therefore asks which ones are known."""

    def skip_known(self, have: Callable[[Sequence[FoundFile]], Sequence[bool]]) -> None:
        """Ask `have`, in the listings to come, which files earlier cycles have recorded in this very version."""
        ...


@runtime_checkable
class ListsPart(Protocol):
    """A source whose listing may lack files that are still there, such as the results of a search."""

    @property
    def is_whole(self) -> bool:
        """False: what the last listing lacks is not missing."""
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


@runtime_checkable
class OpensAtConnection(Protocol):
    """An entry of `SOURCES` that needs an address and keys, which no project file holds."""

    def at(self, settings: SourceSettings, connection: S3Connection) -> Source:
        """Open a source with what is known of the connection that its settings name.

        Raises:
            SettingsError: a setting that cannot be meant, or no client can be made of the connection.
        """
        ...


@runtime_checkable
class OpensWithKey(Protocol):
    """An entry of `SOURCES` that needs the key of a connection, which no project file holds."""

    def with_key(self, settings: SourceSettings, home: Path, key: str | None) -> Source:
        """Open a source with the key of the connection that its settings name; None if they name none.

        Raises:
            SettingsError: a setting that cannot be meant.
        """
        ...


def why_waiting(source: Source, file: FoundFile, first_seen_at: datetime | None, now: datetime) -> str | None:
    """Reason to leave a file for a later cycle; None if it is at rest."""
    if isinstance(source, LooksTwice):
        return source.why_waiting(file, first_seen_at, now)
    return None if source.is_at_rest(file, now) else "young"


def open_source(settings: SourceSettings, home: Path, connect: Connect = S3Connection, key_of: KeyOf = no_key) -> Source:
    """Open the source that a project file describes; `connect` and `key_of` find its connection.

    Raises:
        SettingsError: its kind cannot be imported, a setting cannot be meant, or its connection is not known.
    """
    kind = SOURCES.load(settings.kind)
    if isinstance(kind, OpensAtConnection):
        return kind.at(settings, connect(settings.connection_id()))
    if isinstance(kind, OpensWithKey):
        connection = settings.connection_id()
        return kind.with_key(settings, home, None if connection is None else key_of(connection))
    return kind(settings, home)


def is_opened_with_key(settings: SourceSettings) -> bool:
    """Return True if the source's connection holds a key for it, and not the address and keys of a bucket on S3.

    Raises:
        SettingsError: its kind cannot be imported.
    """
    return isinstance(SOURCES.load(settings.kind), OpensWithKey)


def open_sources(
    settings: Iterable[SourceSettings], home: Path, connect: Connect = S3Connection, key_of: KeyOf = no_key
) -> list[Source]:
    """Open all sources of a project."""
    return [open_source(one, home, connect, key_of) for one in settings]
