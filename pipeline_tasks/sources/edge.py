"""The inbox of a receiver as a source: images that edge agents sent, each with the note of its device."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError
from pipeline_tasks.sent_images.image_note import MAX_NOTE_BYTES, ImageNote, read_note
from pipeline_tasks.sent_images.inbox import KEY, note_path
from pipeline_tasks.settings import SourceSettings
from pipeline_tasks.sources.file_keys import key_of_path
from pipeline_tasks.sources.file_stamps import moment_of
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.source import FileMetadata, FoundFile

MAX_BYTES = 160_000_000
"""A larger file is refused without being read into memory."""
_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(/[0-9a-f]{2})?")


class EdgeSettings(SourceSettings):
    """Settings of a source of kind `edge`."""

    kind: Literal["edge"]
    inbox: str = Field(description="The folder of `python -m pipeline_tasks receive`; a relative one lies in NIGHTLENS_HOME.")

    def metadata_keys(self) -> frozenset[str]:
        """Device, day and, of videos, clip."""
        return frozenset({"device", "day", "clip"})


class EdgeSource:
    """The images of an inbox. A key is the path inside it, which names device and content, so a version is the content's digest.

    An inbox may be moved or cleared: what was taken in is not read again, and what is gone is not missing.
    """

    settings_model = EdgeSettings
    is_whole = False
    """Images that were taken in may be deleted from an inbox."""

    def __init__(self, settings: EdgeSettings, home: Path) -> None:
        """Read the inbox; a relative one lies in `home`."""
        self.name, self._inbox = settings.name, home / settings.inbox
        self._left_out: list[LeftOut] = []

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the images, device by device.

        Raises:
            ServiceUnavailableError: the inbox is not there or cannot be listed.
        """
        self._left_out = []
        try:
            if not self._inbox.is_dir():
                raise ServiceUnavailableError(f"source {self.name}: inbox: wanted a folder, found {self._inbox}")
            yield from self._walk()
        except OSError as error:
            raise ServiceUnavailableError(f"source {self.name}: the inbox {self._inbox} cannot be listed: {error}") from error

    def left_out(self) -> LeftOutFiles:
        """Files and folders that no receiver wrote."""
        return LeftOutFiles(sorted(self._left_out, key=lambda one: one.key))

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Return True: a receiver publishes whole images only."""
        return True

    def read(self, key: str, object_version: str) -> bytes:
        """Return an image's bytes, which its name digests.

        Raises:
            RejectedFileError: `vanished`, `unreadable`, `too_many_bytes`, or `corrupt` for bytes that have changed.
        """
        try:
            with (self._inbox / key).open("rb") as file:
                size_bytes = os.fstat(file.fileno()).st_size
                if size_bytes > MAX_BYTES:
                    raise RejectedFileError("too_many_bytes", f"{key}: found {size_bytes} bytes, wanted at most {MAX_BYTES}")
                content = file.read()
        except FileNotFoundError as error:
            raise RejectedFileError("vanished", f"{key}: was deleted after it was listed") from error
        except OSError as error:
            raise RejectedFileError("unreadable", f"{key}: {error.strerror}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != object_version:
            raise RejectedFileError("corrupt", f"{key}: wanted bytes of sha256 {object_version}, found {found}")
        return content

    def metadata(self, key: str) -> FileMetadata:
        """Metadata by the note beside the image; only the device where the note cannot be read."""
        note = self._note(key)
        if note is None:
            return FileMetadata(device=key.partition("/")[0])
        return FileMetadata(
            device=note.device,
            clip=None if note.clip is None else f"{note.device}/{note.clip}",
            day=None if note.captured_at is None else note.captured_at.date().isoformat(),
            captured_at=note.captured_at,
            clip_time_s=note.clip_time_s,
            exposure_s=note.exposure_s,
            latitude_deg=note.latitude_deg,
            longitude_deg=note.longitude_deg,
            kept_because=note.kept_because,
            device_score=note.score,
            device_model=note.model_digest,
        )

    def _note(self, key: str) -> ImageNote | None:
        try:
            with note_path(self._inbox / key).open("rb") as file:
                note = read_note(file.read(MAX_NOTE_BYTES + 1))
        except (OSError, ValueError):
            return None
        return note if note.device == key.partition("/")[0] else None

    def _walk(self) -> Iterator[FoundFile]:
        for folder, folders, names in os.walk(self._inbox):
            inside = os.path.relpath(folder, self._inbox)
            above = "" if inside == "." else f"{inside}/"
            for name in sorted(folders):
                if not _FOLDER.fullmatch(above + name) or os.path.islink(os.path.join(folder, name)):
                    folders.remove(name)
                    self._leave_out(above + name, is_folder=True)
            folders.sort()
            for name in sorted(names):
                found = self._found(above + name)
                if found is not None:
                    yield found

    def _found(self, key: str) -> FoundFile | None:
        match = KEY.fullmatch(key)
        if match is None:
            if not key.endswith(".json"):
                self._leave_out(key)
            return None
        try:
            status = os.stat(self._inbox / key, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return FoundFile(key, match["image_id"], status.st_size, moment_of(status.st_mtime_ns))

    def _leave_out(self, path: str, *, is_folder: bool = False) -> None:
        """Say what the receiver did not write; its own folder and files begin with a dot."""
        if not os.path.basename(path).startswith("."):
            self._left_out.append(LeftOut(key_of_path(path), "not_received", is_folder))
