"""Class folders written: `<split>/<class>/<image>`, which torchvision's ImageFolder, Keras and Hugging Face's `imagefolder` read.

Every split has a folder for each class, also for one without an image there, because readers number classes by the folders that
they find. `classes.json` says the name of each folder and the class's number in the version.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_tasks.datasets.publication import folder_name
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.writing.target import ExportedImage, ExportedVersion, put_file

_LONGEST_BYTES = 255
_NAMES = "classes.json"


def open_writer(folder: Path, version: ExportedVersion) -> FolderWriter:
    """Begin class folders in a folder.

    Raises:
        SettingsError: two classes would have one folder, or a name is too long for one.
    """
    return FolderWriter(folder, version)


class FolderWriter:
    """A folder a class."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Make the folders of all classes."""
        self._folder = folder
        self._names = {name: folder_name(name) for name in version.vocabulary}
        self._check(version.vocabulary)
        for split in version.splits:
            for name in self._names.values():
                (folder / split / name).mkdir(parents=True, exist_ok=True)
        named = [{"number": number, "name": name, "folder": self._names[name]} for number, name in enumerate(version.vocabulary)]
        put_file(folder / _NAMES, json.dumps(named, ensure_ascii=False, indent=1).encode())

    def add(self, image: ExportedImage) -> None:
        """Write an image into its class's folder."""
        put_file(self._folder / image.split / self._names[image.objects[0].class_name] / image.file_name, image.content)

    def close(self) -> None:
        """Write nothing more."""

    def _check(self, class_names: tuple[str, ...]) -> None:
        """Refuse names that are one folder on systems without case, or too long for a folder."""
        seen: dict[str, str] = {}
        for name in class_names:
            folder = self._names[name]
            other = seen.setdefault(folder.casefold(), name)
            if other != name:
                found = f"{other!r} and {name!r}"
                raise SettingsError(f"format imagefolder: wanted classes that differ by more than case, found {found}")
            if len(folder.encode()) > _LONGEST_BYTES or folder in ("", ".", ".."):
                raise SettingsError(f"format imagefolder: wanted names of at most {_LONGEST_BYTES} bytes, found {name!r}")
