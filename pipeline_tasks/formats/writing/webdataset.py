"""WebDataset written: shards `<split>-000000.tar` with a file and a JSON file for each image, of one name.

The JSON says image, split, size and objects, by the columns of `dataset_objects` that are not empty. Labels of one class an image
also have `<name>.cls`, the class's number from 0. The same version gives the same bytes (github.com/webdataset/webdataset).
"""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import asdict
from pathlib import Path

from pipeline_tasks.formats.writing.target import ExportedImage, ExportedVersion, put_file
from pipeline_tasks.json_values import Json

SHARD_IMAGES, SHARD_BYTES = 1000, 256 * 2**20
"""A shard ends with the image that reaches one of these."""
_ONE_CLASS = "class"


def open_writer(folder: Path, version: ExportedVersion) -> ShardWriter:
    """Begin shards in a folder."""
    return ShardWriter(folder, version)


class ShardWriter:
    """One open shard a split."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Write the names of the classes."""
        self._folder, self._version = folder, version
        self._shards: dict[str, _Shard] = {}
        self._counts = dict.fromkeys(version.splits, 0)
        put_file(folder / "classes.json", json.dumps(list(version.vocabulary), ensure_ascii=False, indent=1).encode())

    def add(self, image: ExportedImage) -> None:
        """Append an image to its split's shard."""
        shard = self._shards.get(image.split) or self._open(image.split)
        stem = image.stem.replace(".", "%2E")  # A dot would end the name that the files of an image share.
        shard.add(f"{stem}.{image.file_name.rpartition('.')[2]}", image.content)
        shard.add(f"{stem}.json", json.dumps(self._fields(image), ensure_ascii=False, allow_nan=False).encode())
        if self._version.label_kind == _ONE_CLASS:
            shard.add(f"{stem}.cls", str(self._version.vocabulary.index(image.objects[0].class_name)).encode())
        shard.images += 1
        if shard.images >= SHARD_IMAGES or shard.size_bytes >= SHARD_BYTES:
            shard.close()
            del self._shards[image.split]

    def close(self) -> None:
        """End the open shards."""
        for shard in self._shards.values():
            shard.close()

    def _open(self, split: str) -> _Shard:
        path = self._folder / f"{split}-{self._counts[split]:06d}.tar"
        self._counts[split] += 1
        self._shards[split] = _Shard(path)
        return self._shards[split]

    def _fields(self, image: ExportedImage) -> dict[str, Json]:
        rows = (asdict(self._version.labeling.as_columns(one)) for one in image.objects)
        objects: list[Json] = [{name: value for name, value in row.items() if value is not None} for row in rows]
        about: dict[str, Json] = {"dataset_id": self._version.dataset_id, "licence": self._version.licence or "not stated"}
        width, height = image.size_px
        about |= {"sha256_of_original": image.image_id, "split": image.split, "width_px": width, "height_px": height}
        return about | {"label_kind": self._version.label_kind, "objects": objects}


class _Shard:
    """One tar file."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.TarFile(path, "w", format=tarfile.PAX_FORMAT)
        self.images, self.size_bytes = 0, 0

    def add(self, name: str, content: bytes) -> None:
        """Append a file without a time or an owner."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), 0o644
        self._tar.addfile(member, io.BytesIO(content))
        self.size_bytes += len(content)

    def close(self) -> None:
        """End the file."""
        self._tar.close()
