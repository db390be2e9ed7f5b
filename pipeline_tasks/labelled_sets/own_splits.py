"""The split that a labelled set states for its images: by a list of names, or by the names of folders and annotation files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from pipeline_tasks.formats.labelled_folder import LabelledFolder, LabelledImage
from pipeline_tasks.formats.listing import Listing, is_image

_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_LIST_BYTES = 100_000_000
"""A longer file is no list of names."""


def own_splits(read: LabelledFolder, listing: Listing) -> Mapping[Path, str]:
    """Image → the split that the set states.

    Lists are `train.txt`, `val.txt`, `test.txt` with a name or a path a line, as in VOC's `ImageSets` and beside YOLO's names.
    An image that is in lists of two splits has none.
    """
    listed = _listed(listing)
    found: dict[Path, str] = {}
    for image in read.images:
        split = _of_lists(image.path, listing, listed) if listed else _of_names(image, listing)
        if split is not None:
            found[image.path] = split
    return found


def _of_names(image: LabelledImage, listing: Listing) -> str | None:
    """By the nearest folder that says one, or by the annotation file: `images/val2017`, `instances_val2017.json`."""
    folders = reversed(listing.folders(image.path))
    said = [split for folder in folders if (split := _split_in(folder))]
    if not said and image.said_in is not None and image.said_in.stem != image.path.stem:
        said = [split for name in (image.said_in.stem, *reversed(listing.folders(image.said_in))) if (split := _split_in(name))]
    return said[0] if said else None


def _split_in(name: str) -> str | None:
    """The split that a name says with one of its words; None if it says none, or two."""
    words = re.split(r"[^a-z]+", name.lower())
    found = {_WORDS[word] for word in words if word in _WORDS}
    return found.pop() if len(found) == 1 else None


def _listed(listing: Listing) -> dict[str, set[str]]:
    """Name or stem of an image, without folders, and its path → the splits whose lists hold it."""
    found: dict[str, set[str]] = {}
    for path in listing.ending_in(".txt"):
        split = _WORDS.get(path.stem.lower())
        if split is not None and path.stat().st_size <= _LIST_BYTES:
            for name in _names(path):
                found.setdefault(name, set()).add(split)
    return found


def _names(path: Path) -> Iterable[str]:
    """The names of a list, with and without folders; `2008_000001 1` is a name with a flag."""
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        words = line.split()
        if not words:
            continue
        name = line.strip() if is_image(Path(line.strip())) else words[0]
        said = PurePosixPath(name.replace("\\", "/"))
        yield str(said).lower().removeprefix("./")
        yield said.name.lower()


def _of_lists(path: Path, listing: Listing, listed: Mapping[str, set[str]]) -> str | None:
    """The split of the only list that holds the image, by its path before its name."""
    place = PurePosixPath(listing.where(path).lower())
    for name in (str(place), str(place.with_suffix("")), place.name, place.stem):
        if name in listed:
            return next(iter(listed[name])) if len(listed[name]) == 1 else None
    return None
