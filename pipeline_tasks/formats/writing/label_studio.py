"""Label Studio's JSON written: `tasks.json` to import with its annotations, `label_config.xml`, and images in `images/<split>/`.

The addresses of the images are those of Label Studio's local files, below the folder in which the export lies: set
LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT to that. An image in which nothing is there has an annotation without a result.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO
from urllib.parse import quote

from pipeline_tasks.formats.writing.target import IMAGES, ExportedImage, ExportedVersion, put_file

_FIELD = "picture"
"""Field of a task that the form shows."""


def open_writer(folder: Path, version: ExportedVersion) -> TaskWriter:
    """Begin an export for Label Studio in a folder."""
    return TaskWriter(folder, version)


class TaskWriter:
    """A list of tasks, written as they come."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Write the form, and open the list."""
        self._folder, self._version = folder, version
        put_file(folder / "label_config.xml", version.form_xml.encode())
        self._file: IO[str] = (folder / "tasks.json").open("w", encoding="utf-8")
        self._between = "[\n"

    def add(self, image: ExportedImage) -> None:
        """Write an image and its task."""
        place = f"{IMAGES}/{image.split}/{image.file_name}"
        put_file(self._folder / place, image.content)
        task = {
            "id": image.number,
            "data": {_FIELD: self._address(place), "split": image.split, "sha256_of_original": image.image_id},
            "meta": {"dataset_id": self._version.dataset_id, "licence": self._version.licence or "not stated"},
            "annotations": [{"result": self._version.labeling.write(image.objects, image.size_px), "was_cancelled": False}],
        }
        self._file.write(self._between + json.dumps(task, ensure_ascii=False, allow_nan=False))
        self._between = ",\n"

    def close(self) -> None:
        """End the list."""
        self._file.write("\n]\n" if self._between.startswith(",") else "[]\n")
        self._file.close()

    def _address(self, place: str) -> str:
        return f"/data/local-files/?d={quote(f'{self._version.folder_name}/{place}')}"
