"""Labelled sets that lie in an archive or in IDX files, unpacked into a folder of their own; the originals are only read."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.listing import list_folder
from pipeline_tasks.labelled_sets.archives import is_archive, unpack
from pipeline_tasks.labelled_sets.idx_images import idx_pairs, write_images
from pipeline_tasks.records.labelled_set import LabelledSet

_UNFINISHED, _WHOLE, _IMAGES = "unfinished", "set", "images"


def unpacked(wanted: LabelledSet, space: Path) -> Path:
    """The place of a set, or the folder below `space` into which it was unpacked, now or by an earlier call.

    Raises:
        SettingsError: the archive, or an IDX file, is refused; nothing is left below `space`.
    """
    place, whole = Path(wanted.place), space / _WHOLE
    if whole.is_dir():
        return whole
    shutil.rmtree(space / _UNFINISHED, ignore_errors=True)
    try:
        found = _unpacked(place, space / _UNFINISHED)
    except SettingsError:
        shutil.rmtree(space / _UNFINISHED, ignore_errors=True)
        raise
    if found is None:
        return place
    found.rename(whole)
    shutil.rmtree(space / _UNFINISHED, ignore_errors=True)
    return whole


def forget_unpacked(space: Path) -> None:
    """Remove what was unpacked below `space`."""
    for name in (_UNFINISHED, _WHOLE):
        shutil.rmtree(space / name, ignore_errors=True)


def is_unpacked(folder: Path, space: Path) -> bool:
    """Return True for the folder of an unpacked set."""
    return folder == space / _WHOLE


def _unpacked(place: Path, unfinished: Path) -> Path | None:
    """The folder to read instead of the place; None for the place itself."""
    folder = None
    if place.is_file() and is_archive(place):
        folder = unfinished / _WHOLE
        unpack(place, folder)
    inside = folder or place
    if not inside.is_dir():
        return None
    listing = list_folder(inside)
    if listing.photographs or not (pairs := idx_pairs(listing)):
        return folder
    for pair in pairs:
        write_images(pair, str(place), unfinished / _IMAGES)
    return unfinished / _IMAGES
