"""Copies of images for annotators: without EXIF, in a folder of their own, never the originals."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline_tasks.errors import StorageError


class AnnotatorFiles:
    """One project's folder below Label Studio's document root."""

    def __init__(self, for_people_folder: Path, outside_name: str, *, blur_digest: Callable[[], str] | None = None) -> None:
        """`for_people_folder` is the document root; Label Studio serves only folders below it.

        Blurred copies have the blur's digest in their names: one that was made without it, or by another, is not shown for it. The
        digest is asked for only where a copy is named, as a stage that names none needs no detector.
        """
        self.folder = for_people_folder / outside_name
        self._outside_name = outside_name
        self._blur_digest = blur_digest

    def address(self, image_id: str) -> str:
        """The address at which Label Studio shows the image to people who are logged in."""
        return f"/data/local-files/?d={self._outside_name}/{self._name(image_id)}"

    def standing_address(self, image_id: str) -> str:
        """The address of a task that was sent before: of today's copy, or if there is none, of the copy that it was sent with."""
        if not self.has(image_id) and (copies := self._copies(image_id)):
            return f"/data/local-files/?d={self._outside_name}/{image_id[:2]}/{copies[-1].name}"
        return self.address(image_id)

    def has(self, image_id: str) -> bool:
        """Return True if the copy exists; an existing copy is always complete."""
        return (self.folder / self._name(image_id)).is_file()

    def put(self, image_id: str, jpeg: bytes) -> str:
        """Store a copy, whole or not at all, and return its address; an existing copy is kept.

        Raises:
            StorageError: the disk is full or not ours to write.
        """
        path = self.folder / self._name(image_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_whole(path, jpeg)
        except OSError as error:
            raise StorageError(f"{path}: the copy for people cannot be written: {error.strerror}") from error
        return self.address(image_id)

    def read(self, image_id: str) -> bytes:
        """The copy of an image.

        Raises:
            StorageError: it is not there.
        """
        path = self.folder / self._name(image_id)
        try:
            return path.read_bytes()
        except OSError as error:
            raise StorageError(f"{path}: the copy for people cannot be read: {error.strerror}; send the round again") from error

    def remove(self, image_id: str) -> bool:
        """Delete all copies of an image for good, blurred ones too, and return True if there were any.

        Raises:
            StorageError: the folder is not ours to write.
        """
        copies = self._copies(image_id)
        for path in copies:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(f"{path}: the copy for people cannot be deleted: {error.strerror}") from error
        return bool(copies)

    def _copies(self, image_id: str) -> list[Path]:
        """All copies of an image, the last written last."""
        return sorted((self.folder / image_id[:2]).glob(f"{image_id}.*"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _name(self, image_id: str) -> str:
        ending = ".jpg" if self._blur_digest is None else f".{self._blur_digest()}.jpg"
        return f"{image_id[:2]}/{image_id}{ending}"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a temporary file and move it into place, so that no reader or second writer sees half a file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:  # Remove the temporary file after any failure; the error is raised again.
        os.unlink(temporary)
        raise
