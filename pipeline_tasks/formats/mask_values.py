"""Meaning of the values and colours of masks, decided once for all masks of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from pipeline_tasks.formats.annotation_text import read_text
from pipeline_tasks.formats.finding import refuse
from pipeline_tasks.formats.folder_names import are_masks
from pipeline_tasks.formats.listing import Listing

Values = npt.NDArray[np.integer[Any]]
"""Height x width: a number of 24 bits, the value or the colour of each pixel."""
NAME_FILES = ("classes.txt", "labels.txt", "class_names.txt", "labelmap.txt")
BACKGROUNDS = frozenset(("background", "_background_", "__background__", "none", "void", "unlabeled", "nothing"))
"""Names of what is no class."""
IGNORED = "__ignore__"
VOID = 255
"""Value of the border between objects in Pascal VOC; it is of no class."""
HALF = 128
MOST_VALUES = 32
"""More different values than these are shades at the edges of a mask of one class."""
MOST_COLOURS = 64
MOST_PIXELS = 50_000_000
"""A mask of more pixels is not read: no image is taken in that is as large."""
LOSSY = (".jpg", ".jpeg")
"""Formats that do not keep a value as it was written: such masks can only be of one class."""
VOC_NAMES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""Classes of Pascal VOC in the order of their values, from 1."""
_GREY = 0x010101
_BAND = 64


@dataclass(frozen=True)
class MaskValues:
    """Classes of the values of masks."""

    names: Mapping[int, str]
    """Value → class; other values are of no class."""
    limit: int | None = None
    """Masks of one class: pixels of at least this value are of it."""
    by_folder: bool = False
    """True if the name of a mask's folder is its class."""
    notes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """All classes."""
        return self.folders if self.by_folder else tuple(dict.fromkeys(self.names.values()))

    def regions(self, values: Values, path: Path) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        """Pixels of each class in one mask."""
        if self.limit is not None:
            name = path.parent.name if self.by_folder else next(iter(self.names.values()))
            if (values >= self.limit).any():
                yield name, values >= self.limit
            return
        for value in values_in(values):
            if value in self.names:
                yield self.names[value], values == value


def read_values(path: Path) -> Values | None:
    """Values of a mask's pixels; colours as 0xRRGGBB, grey ones as one value; None if the file is no image."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            if image.mode in ("P", "1", "L", "I", "I;16", "I;16B", "LA"):
                plane = image.getchannel(0) if image.mode == "LA" else image
                values = np.asarray(plane)
                return values.astype(np.uint8) * 255 if image.mode == "1" else values
            colours = np.asarray(image.convert("RGB")).astype(np.int32)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    packed: Values = (colours[..., 0] << 16) | (colours[..., 1] << 8) | colours[..., 2]
    is_grey = (packed % _GREY == 0).all()
    return packed // _GREY if is_grey else packed


def values_in(values: Values) -> list[int]:
    """The different values of a mask, sorted."""
    if values.dtype != np.uint8:
        return [int(value) for value in np.unique(values)]
    # Counted by bands of rows: sorting 50 million pixels takes seconds, and counting them at once 400 MB.
    found = np.zeros(256, np.bool_)
    for top in range(0, len(values), _BAND):
        found |= np.bincount(values[top : top + _BAND].ravel(), minlength=256) > 0
    return [int(value) for value in np.flatnonzero(found)]


def understand(listing: Listing, masks: Sequence[Path]) -> MaskValues:
    """Decide what the values of these masks mean.

    Raises:
        SettingsError: a value has no name in the folder's list of names, or there are too many colours.
    """
    first_with = dict[int, Path]()
    for path in masks:
        values = read_values(path)
        for value in [] if values is None else values_in(values):
            first_with.setdefault(value, path)
    named = _names_of_folder(listing)
    if named is not None:
        return _by_names(named[0], named[1], first_with, listing)
    shown = sorted(set(first_with) - {0})
    if any(value > VOID * VOID for value in shown):
        return _by_colours(shown, first_with, listing)
    if len(shown) <= 1 or len(shown) > MOST_VALUES or any(path.suffix.lower() in LOSSY for path in masks):
        return _of_one_class(shown, masks, listing)
    shown = [value for value in shown if value != VOID]
    if "segmentationclass" in {path.parent.name.lower() for path in masks} and max(shown) <= len(VOC_NAMES):
        return MaskValues(
            {value: VOC_NAMES[value - 1] for value in shown}, notes=("values have the names of Pascal VOC's classes",)
        )
    note = f"no {NAME_FILES[0]} names the values of the masks, so they are called class_1, class_2, …"
    return MaskValues({value: f"class_{value}" for value in shown}, notes=(note,))


def _of_one_class(shown: Sequence[int], masks: Sequence[Path], listing: Listing) -> MaskValues:
    """Masks that only say whether a pixel is of the class; shades between are decided at the half."""
    limit = shown[0] if len(shown) == 1 else HALF
    notes = () if len(shown) <= 1 else (f"the masks have {len(shown)} shades: pixels of at least {HALF} are of the class",)
    folders = {path.parent.name for path in masks}
    by_folder = len(folders) > 1 and not are_masks(folders) and listing.root.name not in folders
    if by_folder:
        return MaskValues({}, limit, True, notes, tuple(sorted(folders)))
    return MaskValues({limit: "object"}, limit, notes=notes)


def _by_colours(shown: Sequence[int], first_with: Mapping[int, Path], listing: Listing) -> MaskValues:
    if len(shown) > MOST_COLOURS:
        where = listing.where(first_with[shown[-1]])
        raise refuse(
            f"masks ({where})", f"{len(shown)} colours", f"at most {MOST_COLOURS}, saved without loss (PNG, not from JPEG)"
        )
    note = f"no labelmap.txt names the colours of the masks, so they are called colour_{shown[0]:06x} and so on"
    return MaskValues({value: f"colour_{value:06x}" for value in shown}, notes=(note,))


def _by_names(path: Path, names: Mapping[int, str], first_with: Mapping[int, Path], listing: Listing) -> MaskValues:
    """Values by the folder's list of names; 255 and 0 need none."""
    where, classes = listing.where(path), {value: name for value, name in names.items() if not _is_background(name)}
    shown = sorted(set(first_with) - {0})
    if len(classes) == 1 and (len(shown) > MOST_VALUES or shown == [VOID]):
        return MaskValues(classes, HALF, notes=(f"the masks are of the one class that {where} names",))
    unknown = [value for value in shown if value not in names and value != VOID]
    if unknown:
        said = f"the value {unknown[0]}" if unknown[0] <= VOID else f"the colour {unknown[0]:06x}"
        wanted = f"one of the values that {where} names ({', '.join(str(value) for value in sorted(names)[:8])}); add it there"
        raise refuse(listing.where(first_with[unknown[0]]), said, wanted)
    return MaskValues(classes)


def _names_of_folder(listing: Listing) -> tuple[Path, dict[int, str]] | None:
    """The file that names values or colours, with the names; None without one."""
    for path in listing.named(*NAME_FILES):
        lines = [line.strip() for line in read_text(path, listing.where(path)).splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        if path.name.lower() == "labelmap.txt":
            return path, _names_of_colours([line for line in lines if ":" in line], path, listing)
        lines = [line for line in lines if line != IGNORED]
        if twice := [line for at, line in enumerate(lines) if line in lines[:at]]:
            raise refuse(listing.where(path), f"{twice[0]!r} twice", "each class once")
        first = 0 if lines and _is_background(lines[0]) else 1
        return path, dict(enumerate(lines, start=first))
    return None


def _names_of_colours(lines: Sequence[str], path: Path, listing: Listing) -> dict[int, str]:
    """Colour → class, of the lines of CVAT's labelmap."""
    found: dict[int, str] = {}
    for line in lines:
        name, text = line.split(":")[:2]
        colour = _colour(text, path, listing)
        if found.setdefault(colour, name) != name:
            raise refuse(listing.where(path), f"{text} for {found[colour]!r} and {name!r}", "a colour of its own for each class")
    return found


def _colour(text: str, path: Path, listing: Listing) -> int:
    """A colour of CVAT's labelmap: red, green and blue by commas."""
    try:
        red, green, blue = (int(one) for one in text.split(","))
        if not all(0 <= one <= VOID for one in (red, green, blue)):
            raise ValueError("no colour")
    except ValueError:
        raise refuse(listing.where(path), text, "name:red,green,blue:: in each line") from None
    return red if red == green == blue else (red << 16) | (green << 8) | blue


def _is_background(name: str) -> bool:
    return name.lower() in BACKGROUNDS
