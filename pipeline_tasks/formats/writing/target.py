"""Contents of an export, and the protocol of a format that takes them in one image at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipeline_tasks.formats.labelled_folder import Size, Tally
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.labeling import Labeling

IMAGES = "images"
"""Folder of the images, with a folder a split, in formats that do not name another one."""
SPLITS = ("train", "val", "test")
ANY_KIND = ()


@dataclass(frozen=True)
class ExportedVersion:
    """A dataset version that is written."""

    dataset_id: str
    project: str
    cycle_id: str
    frozen_at: str
    """Start of the cycle that froze it; the export's bytes have no other time."""
    label_kind: str
    vocabulary: tuple[str, ...]
    """All names of its vocabulary, in order; a class keeps its number even where no image shows it."""
    labeling: Labeling[Any]
    options: Mapping[str, Json]
    """Settings of the label kind's own."""
    form_xml: str
    """Label Studio's form of the project."""
    licence: str
    """Of the images; empty if it is not stated."""
    folder_name: str
    """Name of the folder that the export will have."""
    splits: tuple[str, ...]
    """Splits that have images."""
    lost: Tally = field(default_factory=Tally)
    """Parts of labels for which the format has no place."""

    def says(self) -> str:
        """The version in a sentence, for a format's description."""
        return f"Nightlens project {self.project}, dataset version {self.dataset_id}"


@dataclass(frozen=True)
class ExportedImage:
    """One image of a version."""

    number: int
    """From 1, in the order of the version's image_ids."""
    image_id: str
    split: str
    file_name: str
    """Name with its ending, unique in the whole export, also without the ending."""
    size_px: Size
    """Width and height of the canonical image, and of the file."""
    objects: tuple[Any, ...]
    """Of the kind's own dataclass; none if nothing is there."""
    content: bytes
    """The file."""

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.file_name.rpartition(".")[0]


class Writer(Protocol):
    """One export while it is written."""

    def add(self, image: ExportedImage) -> None:
        """Write an image with its labels.

        Raises:
            SettingsError: the format cannot hold them; the message says which image and why.
        """
        ...

    def close(self) -> None:
        """Write what comes after the last image."""
        ...


@dataclass(frozen=True)
class Target:
    """A format that exports may have."""

    name: str
    """As the command line calls it."""
    label_kinds: tuple[str, ...]
    """Label kinds that it can hold; `ANY_KIND` if it holds those of one's own, too."""
    open: Callable[[Path, ExportedVersion], Writer]

    def holds(self, label_kind: str) -> bool:
        """Return True if the format has a place for labels of this kind."""
        return self.label_kinds == ANY_KIND or label_kind in self.label_kinds


def put_file(path: Path, content: bytes) -> None:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
