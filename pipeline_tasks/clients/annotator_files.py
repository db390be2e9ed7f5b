"""Copies of images for annotators: without EXIF, in a folder of their own, never the originals."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline_tasks.errors import StorageError


class AnnotatorFiles:
    """One project's folder below Label Studio's document root."""

    def __init__(self, for_people_folder: Path, outside_name: str) -> None:
        """`for_people_folder` is the document root; Label Studio serves only folders below it."""
        self.folder = for_people_folder / outside_name
        self._outside_name = outside_name

    def address(self, image_id: str) -> str:
        """The address at which Label Studio shows the image to people who are logged in."""
        return f"/data/local-files/?d={self._outside_name}/{_name(image_id)}"

    def has(self, image_id: str) -> bool:
        """Return True if the copy exists; an existing copy is always complete."""
        return (self.folder / _name(image_id)).is_file()

    def put(self, image_id: str, jpeg: bytes) -> str:
        """Store a copy, whole or not at all, and return its address; an existing copy is kept.

        Raises:
            StorageError: the disk is full or not ours to write.
        """
        path = self.folder / _name(image_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_whole(path, jpeg)
        except OSError as error:
            raise StorageError(f"{path}: the copy for people cannot be written: {error.strerror}") from error
        return self.address(image_id)

    def remove(self, image_id: str) -> bool:
        """Delete a copy for good and return True if it existed.

        Raises:
            StorageError: the folder is not ours to write.
        """
        path = self.folder / _name(image_id)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{path}: the copy for people cannot be deleted: {error.strerror}") from error
        return True


def _name(image_id: str) -> str:
    return f"{image_id[:2]}/{image_id}.jpg"


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
