"""Cityscapes: `leftImg8bit/<split>/<city>/…_leftImg8bit.png`, and in `gtFine` or `gtCoarse` beside it what is where.

Masks are read from `…_labelIds.png`, a class a value, or where that is missing from the outlines of `…_polygons.json`, of which a
later one lies above an earlier one. Values and names are those of the data set's own table; what it calls void is of no class. An
image of void alone, as all of the kept back test split are, says nothing and is left out (Cordts et al. 2016, The Cityscapes
Dataset; github.com/mcordts/cityscapesScripts).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import as_float, read_json
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder, Size
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.mask_values import Values, read_values, values_in
from pipeline_tasks.formats.placing import FARTHEST_PX, NotTakenError, Placing
from pipeline_tasks.geometry.polygons import rasterise
from pipeline_tasks.geometry.run_lengths import decode, encode
from pipeline_tasks.json_values import JsonObject

NAME = "Cityscapes"
ONLY_VOID = "image of void alone, as those whose annotation is kept back"
VOID = ("unlabeled", "ego vehicle", "rectification border", "out of roi", "static", "dynamic", "ground")
"""Names of the values 0 to 6, which are of no class."""
CLASSES = (
    *("road", "sidewalk", "parking", "rail track", "building", "wall", "fence", "guard rail", "bridge", "tunnel", "pole"),
    *("polegroup", "traffic light", "traffic sign", "vegetation", "terrain", "sky", "person", "rider", "car", "truck", "bus"),
    *("caravan", "trailer", "train", "motorcycle", "bicycle"),
)
"""Names of the values from 7."""
OTHERS = ("license plate",)
"""Names without a value: outlines of them are not drawn."""
GROUP = "group"
"""End of the name of an outline around several things of a class, which are not told apart."""
NOTE = f"pixels of void ({', '.join(VOID)}) are of no class"
_IMAGE, _IDS, _POLYGONS = "_leftImg8bit", "_labelIds.png", "_polygons.json"
_MARKS = ("_gtFine", "_gtCoarse")
"""Ends of an image's name in its annotations, the better ones first."""
_VALUES = {name: value for value, name in enumerate((*VOID, *CLASSES))}


@dataclass(frozen=True)
class _Outlines:
    """A file of outlines."""

    size_px: Size
    entries: tuple[tuple[str, object], ...]
    """Place of each outline, and what is there."""


def find(listing: Listing) -> Finding | None:
    """The annotation of each image, the best one where there are several; None if there are none."""
    best: dict[str, tuple[int, Path]] = {}
    for path in listing.files:
        if (known := _known(path)) is not None and known[1] < best.get(known[0], (99, path))[0]:
            best[known[0]] = (known[1], path)
    return Finding(tuple(sorted(path for _, path in best.values())), ("mask",)) if best else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read one mask a class of each image.

    Raises:
        SettingsError: a value or a name is none of the data set's, or a field is not what it must be; the message says which.
    """
    gathering = Gathering(NAME, label_kind, listing)
    for path in finding.files:
        where, subject = listing.where(path), _subject(path)
        image = listing.image_of_stem(f"{subject}{_IMAGE}", path.parent)
        said = read_values(path) if path.name.endswith(_IDS) else _outlines(path, where)
        if said is None:
            gathering.left_out.count(reasons.UNREADABLE_FILE, where)
            continue
        size_px = said.size_px if isinstance(said, _Outlines) else (said.shape[1], said.shape[0])
        placing = gathering.placing(image, size_px, where, f"{subject}{_IMAGE} of {where}")
        if image is None or placing is None:
            continue
        values = _drawn(said, placing) if isinstance(said, _Outlines) else said
        if objects := tuple(_masks(values, placing, where)):
            gathering.add(image, placing, objects, path)
        else:
            gathering.left_out.count(ONLY_VOID, where)
    return gathering.folder((NOTE,), [path for path in listing.photographs if _is_annotation(path)])


def _masks(values: Values, placing: Placing, where: str) -> Iterator[Labelled]:
    for value in values_in(values):
        if value >= len(_VALUES):
            raise refuse(where, f"the value {value}", f"values from 0 to {len(_VALUES) - 1}, as in {_IDS}; write the file again")
        if value >= len(VOID):
            with placing.counting():
                yield placing.pixel_mask(CLASSES[value - len(VOID)], encode(values == value), where)


def _outlines(path: Path, where: str) -> _Outlines:
    content = read_json(path, where)
    fields = content if isinstance(content, dict) else {}
    sides, objects = (fields.get("imgWidth"), fields.get("imgHeight")), fields.get("objects")
    width, height = (side if isinstance(side, int) and not isinstance(side, bool) else 0 for side in sides)
    if width < 1 or height < 1:
        raise refuse(f"{where}: imgWidth and imgHeight", repr(sides)[:40], "the size of the image in pixels")
    if not isinstance(objects, list):
        raise refuse(f"{where}: objects", repr(objects)[:40], "a list of outlines")
    return _Outlines((width, height), tuple((f"{where}: objects[{number}]", one) for number, one in enumerate(objects)))


def _drawn(outlines: _Outlines, placing: Placing) -> Values:
    """The value of each pixel."""
    values = np.zeros(outlines.size_px[::-1], np.int64)
    for where, one in outlines.entries:
        if not isinstance(one, dict):
            raise refuse(where, repr(one)[:40], "an object with label and polygon")
        name, points = _name(one, where), _points(one.get("polygon"), f"{where}.polygon")
        if not one.get("deleted") and name not in OTHERS:
            with placing.counting():
                values[decode(_inside(points, outlines.size_px, where), outlines.size_px)] = _VALUES[name]
    return values


def _inside(points: list[float], size_px: tuple[int, int], where: str) -> str:
    if not all(abs(one) <= FARTHEST_PX for one in points):
        raise NotTakenError(reasons.DAMAGED, where)
    if len(points) < 6:
        raise NotTakenError(reasons.NO_PIXEL, where)
    return rasterise(points, size_px)


def _name(one: JsonObject, where: str) -> str:
    said = one.get("label")
    name = said if isinstance(said, str) else ""
    if name not in _VALUES and name.endswith(GROUP):
        name = name.removesuffix(GROUP)
    if name not in _VALUES and name not in OTHERS:
        raise refuse(f"{where}.label", repr(said)[:40], f"a name of {NAME}, such as {CLASSES[0]} or {CLASSES[-1]}")
    return name


def _points(said: object, where: str) -> list[float]:
    pairs = said if isinstance(said, list) and all(isinstance(one, list) and len(one) == 2 for one in said) else None
    numbers = [as_float(one) for pair in pairs or () for one in pair]
    if pairs is None or None in numbers:
        raise refuse(where, repr(said)[:40], "a list of pairs of numbers")
    return [one for one in numbers if one is not None]


def _known(path: Path) -> tuple[str, int] | None:
    """The image's part of the name of an annotation file, and the file's rank; None for other files."""
    for rank, mark in enumerate(_MARKS):
        for worse, end in enumerate((_IDS, _POLYGONS)):
            if path.name.endswith(f"{mark}{end}"):
                return path.name.removesuffix(f"{mark}{end}"), 2 * rank + worse
    return None


def _subject(path: Path) -> str:
    known = _known(path)
    assert known is not None, "only such files are found"
    return known[0]


def _is_annotation(path: Path) -> bool:
    return any(f"{mark}_" in path.name for mark in _MARKS)
