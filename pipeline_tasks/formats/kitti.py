"""KITTI: a text file an image, a line an object: class, three numbers, left, top, right, bottom, then seven numbers in 3D.

Positions are pixels counted from 0, taken as edges. A line may end with a score, which is not read. `DontCare` marks a region in
which objects are not labelled; it is left out. An empty file says that nothing is there (Geiger et al. 2012, Are we ready for
Autonomous Driving?).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline_tasks.formats.annotation_text import number_of, read_text
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing

NAME = "KITTI"
FIELDS = (15, 16)
"""Words of a line, without and with a score."""
DONT_CARE = "DontCare"
NOT_LABELLED = "region in which objects are not labelled (DontCare)"
_HEAD_BYTES = 4096


def find(listing: Listing) -> Finding | None:
    """The text files whose first line is one of KITTI, with those of other images beside them; None if there are none."""
    texts = list(listing.ending_in(".txt"))
    folders = {path.parent for path in texts if _is_label_file(path)}
    found = tuple(path for path in texts if path.parent in folders and (_is_label_file(path) or _is_of_image(path, listing)))
    return Finding(found, ("box",)) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the boxes of all these files.

    Raises:
        SettingsError: a line has another number of words, or a word that is no number; the message names file and line.
    """
    gathering = Gathering(NAME, label_kind, listing)
    for path in finding.files:
        where = listing.where(path)
        image = listing.image_of_stem(path.stem, path.parent)
        placing = gathering.placing(image, None, where, where)
        if image is not None and placing is not None:
            gathering.add(image, placing, tuple(_objects(path, listing, placing)), path)
    return gathering.folder()


def _objects(path: Path, listing: Listing, placing: Placing) -> Iterator[Labelled]:
    for number, line in enumerate(read_text(path, listing.where(path)).splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        where = f"{listing.where(path)}, line {number}"
        if len(words) not in FIELDS:
            raise refuse(where, f"{len(words)} words", f"{FIELDS[0]} words of an object, or {FIELDS[1]} with a score")
        numbers = [number_of(word) for word in words[1:]]
        if None in numbers:
            raise refuse(where, words[1 + numbers.index(None)][:40], "a number")
        with placing.counting():
            if words[0] == DONT_CARE:
                raise NotTakenError(NOT_LABELLED, where)
            yield placing.box(words[0], [one for one in numbers[3:7] if one is not None], where)


def _is_of_image(path: Path, listing: Listing) -> bool:
    return path.stat().st_size == 0 or listing.image_of_stem(path.stem, path.parent) is not None


def _is_label_file(path: Path) -> bool:
    """Return True if the first line has a name and as many numbers as an object of KITTI."""
    with path.open("rb") as file:
        words = file.read(_HEAD_BYTES).partition(b"\n")[0].decode("utf-8", errors="replace").split()
    is_named = len(words) in FIELDS and number_of(words[0]) is None
    return is_named and all(number_of(word) is not None for word in words[1:])
