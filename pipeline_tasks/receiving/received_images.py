"""Images as they arrive in parts, and their publication in the inbox: whole, by content, each once a device."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.decoding.file_format import file_format
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.receiving.limits import ReceiverLimits
from pipeline_tasks.receiving.refusal import RefusedRequestError
from pipeline_tasks.sent_images.image_note import ImageNote, read_note
from pipeline_tasks.sent_images.inbox import ENDINGS, RECEIVING, image_key, note_path
from pipeline_tasks.sent_images.lasting_files import make_folder, sync_folder, write_lasting

_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Progress:
    """Bytes of an image that are there; `is_complete`: it is in the inbox, and the device may forget it."""

    received_bytes: int
    is_complete: bool


class ReceivedImages:
    """Images of all devices. Calls for one device must not overlap."""

    def __init__(self, inbox: Path, limits: ReceiverLimits) -> None:
        """Receive into this folder."""
        self._inbox, self._limits = inbox, limits
        make_folder(inbox)

    def begin(self, note: ImageNote) -> Progress:
        """Keep an image's note, and tell how much of the image is there, so that its device goes on from there.

        Raises:
            RefusedRequestError: `too_many_bytes` or `inbox_full`.
        """
        if self._published(note.device, note.image_id) is not None:
            return Progress(note.size_bytes, is_complete=True)
        if note.size_bytes > self._limits.max_image_bytes:
            why = f"the image has {note.size_bytes} bytes, wanted at most {self._limits.max_image_bytes}"
            raise RefusedRequestError(413, "too_many_bytes", why)
        if shutil.disk_usage(self._inbox).free < self._limits.min_free_bytes + note.size_bytes:
            raise self._full()
        part = self._part(note.device, note.image_id)
        try:
            make_folder(part.parent)
            self._forget_leftovers(part)
            if not part.exists():
                part.touch()
            write_lasting(note_path(part), note.as_bytes())
        except OSError as error:
            raise self._failed(error) from error
        return Progress(part.stat().st_size, is_complete=False)

    def append(self, device: str, image_id: str, offset: int, content: bytes) -> Progress:
        """Append a part of an image, and publish it when it is whole.

        Raises:
            RefusedRequestError: `no_note`, `wrong_offset`, `more_bytes_came`, `wrong_digest`, `not_an_image`,
                `unsupported_format` or `inbox_full`.
        """
        published = self._published(device, image_id)
        if published is not None:
            return Progress(published.stat().st_size, is_complete=True)
        part = self._part(device, image_id)
        try:
            note = read_note(note_path(part).read_bytes())
            found = part.stat().st_size
        except (FileNotFoundError, ValueError):
            raise RefusedRequestError(409, "no_note", "the note of an image must come before its bytes") from None
        if offset != found:
            why = f"wanted the bytes from {found} on, found those from {offset} on"
            raise RefusedRequestError(409, "wrong_offset", why, more={"received_bytes": found})
        if found + len(content) > note.size_bytes:
            raise self._given_up(part, 422, "more_bytes_came", f"the note says {note.size_bytes} bytes, and more came")
        try:
            with part.open("ab") as file:
                file.write(content)
        except OSError as error:
            # What was written of this part is there; the device asks how much that is.
            raise self._failed(error) from error
        if found + len(content) < note.size_bytes:
            return Progress(found + len(content), is_complete=False)
        return self._publish(part, note)

    def _publish(self, part: Path, note: ImageNote) -> Progress:
        """Put a whole image into the inbox, behind its note."""
        content = part.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != note.image_id:
            raise self._given_up(part, 422, "wrong_digest", f"wanted bytes of sha256 {note.image_id}, found {found}")
        try:
            form = file_format(content)
        except RejectedFileError as error:
            reason = error.reason if error.reason == "unsupported_format" else "not_an_image"
            raise self._given_up(part, 422, reason, error.detail) from error
        target = self._inbox / image_key(note.device, note.image_id, form)
        try:
            make_folder(target.parent)
            write_lasting(note_path(target), note.as_bytes())
            _sync_file(part)
            # A rename on one file system: the image is there whole, or not yet.
            os.replace(part, target)
            sync_folder(target.parent)
        except OSError as error:
            raise self._failed(error) from error
        note_path(part).unlink(missing_ok=True)
        return Progress(note.size_bytes, is_complete=True)

    def _published(self, device: str, image_id: str) -> Path | None:
        paths = (self._inbox / image_key(device, image_id, form) for form in ENDINGS)
        return next((path for path in paths if path.exists()), None)

    def _part(self, device: str, image_id: str) -> Path:
        return self._inbox / RECEIVING / device / f"{image_id}.part"

    def _forget_leftovers(self, part: Path) -> None:
        """Delete the oldest unfinished images of a device, which sends one after the other."""
        others = sorted((path for path in part.parent.glob("*.part") if path != part), key=lambda path: path.stat().st_mtime_ns)
        for path in others[: max(0, len(others) + 1 - self._limits.max_unfinished)]:
            path.unlink(missing_ok=True)
            note_path(path).unlink(missing_ok=True)

    def _given_up(self, part: Path, status: int, reason: str, why: str) -> RefusedRequestError:
        """Delete an image that cannot become whole or right."""
        part.unlink(missing_ok=True)
        note_path(part).unlink(missing_ok=True)
        return RefusedRequestError(status, reason, why)

    def _failed(self, error: OSError) -> RefusedRequestError:
        if error.errno in _FULL:
            return self._full()
        return RefusedRequestError(503, "cannot_write", f"the inbox cannot be written: {error.strerror}", retry_after_s=10)

    def _full(self) -> RefusedRequestError:
        why = f"the receiver's disk has less than {self._limits.min_free_bytes} free bytes beside the image; free some"
        return RefusedRequestError(507, "inbox_full", why, retry_after_s=self._limits.full_retry_after_s)


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
