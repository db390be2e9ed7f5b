"""Masks beside images: an image file a photograph, in which a pixel's value or colour says its class.

Masks lie in a folder beside that of the images, under the same path, or beside each image with an addition to its name. A pixel of
value 0, or black, is of no class. Of an image without a mask nothing is known, and it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.finding import Finding
from pipeline_tasks.formats.folder_names import are_masks, subject
from pipeline_tasks.formats.image_header import read_header
from pipeline_tasks.formats.labelled_folder import LabelledFolder, LabelledImage, Tally
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.mask_values import LOSSY, MaskValues, read_values, understand
from pipeline_tasks.formats.placing import Placing, placing_in
from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.masks.mask import Mask

NAME = "masks beside images"
ADDITIONS = ("_mask", "-mask", ".mask", "_seg", "_gt", "_label", "_labels", "_segmentation", "_L")
"""Additions to an image's name that make its mask's."""
_ENDINGS = (".png", ".bmp", ".tif", ".tiff", ".gif", *LOSSY)
_SECOND_FOLDER = "segmentationobject"
"""Masks of single objects in Pascal VOC, beside those of classes."""


@dataclass(frozen=True)
class _Pair:
    """An image with its masks."""

    image: Path
    masks: tuple[Path, ...]


def find(listing: Listing) -> Finding | None:
    """The masks of the images; None if there are none."""
    masks = tuple(mask for pair in _pairs(listing) for mask in pair.masks)
    return Finding(masks, ("mask",)) if masks else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the regions of all classes in these masks.

    Raises:
        SettingsError: the values or colours cannot be told apart, or one has no name; the message says which.
    """
    left_out, changed, pairs = Tally(), Tally(), _pairs(listing)
    values = understand(listing, finding.files)
    images, taken = [], set[Path]()
    for pair in pairs:
        taken |= {pair.image, *pair.masks}
        if (image := _image(pair, listing, values, left_out, changed)) is not None:
            images.append(image)
    for path in listing.images:
        if path not in taken and not _is_object_mask(path, listing):
            left_out.count("image without a mask, or a mask without an image", listing.where(path))
    order = sorted(images, key=lambda image: image.path)
    return LabelledFolder(NAME, label_kind, values.class_names, tuple(order), left_out.all(), changed.all(), values.notes)


def _image(pair: _Pair, listing: Listing, values: MaskValues, left_out: Tally, changed: Tally) -> LabelledImage | None:
    """An image with its regions; None if one of its files cannot be used."""
    if (header := read_header(pair.image)) is None:
        left_out.count(reasons.UNREADABLE_IMAGE, listing.where(pair.image))
        return None
    inside: dict[str, list[tuple[npt.NDArray[np.bool_], Placing]]] = defaultdict(list)
    for path in pair.masks:
        if (found := read_values(path)) is None:
            left_out.count(reasons.UNREADABLE_FILE, listing.where(path))
            return None
        size_px = (found.shape[1], found.shape[0])
        placing = placing_in(header, size_px, listing.where(path), left_out, changed)
        if placing is None:
            return None
        for name, region in values.regions(found, path):
            inside[name].append((region, placing))
    regions: list[Mask] = []
    for name, parts in sorted(inside.items()):
        placing = parts[0][1]
        with placing.counting():
            rle = encode(np.logical_or.reduce([region for region, _ in parts]))
            regions.append(placing.pixel_mask(name, rle, listing.where(pair.image)))
    return LabelledImage(pair.image, header.upright_px, tuple(regions), pair.masks[0])


def _pairs(listing: Listing) -> list[_Pair]:
    """Each image that has masks; the folders of masks are looked into first."""
    return [_Pair(image, tuple(masks)) for image, masks in sorted((_in_folders(listing) or _beside(listing)).items())]


def _in_folders(listing: Listing) -> Mapping[Path, list[Path]]:
    """Image → masks in folders of masks: of the same path, or else of the same name where no other image has it."""
    by_path = {(subject(listing.folders(path)), path.stem): path for path in listing.photographs}
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in listing.photographs:
        by_name[path.stem].append(path)
    found: dict[Path, list[Path]] = defaultdict(list)
    for mask in _mask_files(listing):
        stems = [mask.stem, *(mask.stem.removesuffix(end) for end in ADDITIONS if mask.stem.endswith(end))]
        of_path = [by_path[key] for stem in stems if (key := (subject(listing.folders(mask)), stem)) in by_path]
        of_name = [by_name[stem][0] for stem in stems if len(by_name.get(stem, ())) == 1]
        for image in (of_path or of_name)[:1]:
            found[image].append(mask)
    return found


def _mask_files(listing: Listing) -> Iterator[Path]:
    for path in listing.ending_in(*_ENDINGS):
        if are_masks(listing.folders(path)) and not _is_object_mask(path, listing):
            yield path


def _is_object_mask(path: Path, listing: Listing) -> bool:
    return _SECOND_FOLDER in {part.lower() for part in path.relative_to(listing.root).parts}


def _beside(listing: Listing) -> Mapping[Path, list[Path]]:
    """Image → masks with an addition to its name; without any, a PNG of values and of the same name and size beside a JPEG."""
    by_place = {(path.parent, path.stem): path for path in listing.images}
    found: dict[Path, list[Path]] = defaultdict(list)
    for mask in listing.ending_in(*_ENDINGS):
        for end in ADDITIONS:
            image = by_place.get((mask.parent, mask.stem.removesuffix(end))) if mask.stem.endswith(end) else None
            if image is not None and image != mask:
                found[image].append(mask)
    if not found:
        jpegs = {(path.parent, path.stem): path for path in listing.ending_in(".jpg", ".jpeg")}
        for mask in listing.ending_in(".png"):
            if (image := jpegs.get((mask.parent, mask.stem))) is not None and _is_of_values(mask, image):
                found[image].append(mask)
    return found


def _is_of_values(mask: Path, image: Path) -> bool:
    """Return True for an image of values, not colours, as large as the other: class folders may hold any two of one name."""
    mine, other = read_header(mask), read_header(image)
    return mine is not None and other is not None and mine.has_values and mine.stored_px == other.stored_px
