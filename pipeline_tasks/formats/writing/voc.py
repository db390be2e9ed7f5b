"""Pascal VOC written: images in `JPEGImages/`, an XML file an image in `Annotations/`, or for masks an image of class numbers.

Pixels are counted from 1 and the last one belongs to the box, so a box from x_min to x_max is written as x_min + 1 to x_max; parts
of pixels are kept. Masks are `SegmentationClass/<name>.png`: 0 is of no class, and 1 is the first one of `classes.txt` behind
`background`.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.mask_values import BACKGROUNDS, IGNORED, VOID
from pipeline_tasks.formats.writing.lost_parts import POLYGON, count_rotation
from pipeline_tasks.formats.writing.target import ExportedImage, ExportedVersion, put_file
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.masks.mask import Mask

_IMAGES = "JPEGImages"
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
THIN = "box of at most one pixel, which readers of Pascal VOC take for a click, left out"


def open_writer(folder: Path, version: ExportedVersion) -> BoxWriter | MaskWriter:
    """Begin an export of Pascal VOC in a folder.

    Raises:
        SettingsError: the format cannot hold the masks, or the name of a class.
    """
    return MaskWriter(folder, version) if version.label_kind == "mask" else BoxWriter(folder, version)


class BoxWriter:
    """An XML file an image."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Check the names of the classes."""
        _check_names(version.vocabulary)
        self._folder, self._version = folder, version
        self._sets = _Sets(folder / "ImageSets" / "Main", version)

    def add(self, image: ExportedImage) -> None:
        """Write an image and its file; an image without objects has a file, too."""
        put_file(self._folder / _IMAGES / image.file_name, image.content)
        text = "".join([*self._head(image), *(self._object(one, image) for one in image.objects), "</annotation>\n"])
        put_file(self._folder / "Annotations" / f"{image.stem}.xml", text.encode())
        self._sets.add(image)

    def close(self) -> None:
        """End the lists of the splits."""
        self._sets.close()

    def _head(self, image: ExportedImage) -> list[str]:
        width, height = image.size_px
        source = f"<database>{escape(self._version.says())}</database><annotation>{escape(self._version.licence)}</annotation>"
        return [
            f"<annotation>\n  <folder>{_IMAGES}</folder>\n  <filename>{escape(image.file_name)}</filename>\n",
            f"  <source>{source}</source>\n",
            f"  <size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n  <segmented>0</segmented>\n",
        ]

    def _object(self, one: Box, image: ExportedImage) -> str:
        where = f"{image.file_name}: {one.class_name}"
        if min(one.width_px, one.height_px) <= 1:
            self._version.lost.count(THIN, where)
            return ""
        count_rotation(one, image.file_name, self._version.lost)
        sides = {
            "xmin": one.x_min_px + 1,
            "ymin": one.y_min_px + 1,
            "xmax": one.x_min_px + one.width_px,
            "ymax": one.y_min_px + one.height_px,
        }
        box = "".join(f"<{name}>{_number(value)}</{name}>" for name, value in sides.items())
        flags = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
        return f"  <object><name>{escape(one.class_name)}</name>{flags}<bndbox>{box}</bndbox></object>\n"


class MaskWriter:
    """An image of class numbers for each image."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        """Check that class numbers can hold the masks, and name them."""
        if version.options.get("regions") == "instance":
            raise SettingsError(
                "format voc: wanted regions of classes (labels.regions: semantic), found masks of single objects, which images of "
                "class numbers cannot tell apart; export them to coco"
            )
        _check_names(version.vocabulary)
        if refused := [name for name in version.vocabulary if _is_no_class(name)]:
            raise SettingsError(f"format voc: wanted names that classes.txt can hold, found {refused[0]!r}; export to coco")
        if len(version.vocabulary) >= VOID:
            raise SettingsError(f"format voc: wanted at most {VOID - 1} classes, found {len(version.vocabulary)}; export to coco")
        self._folder, self._version = folder, version
        self._numbers = {name: number for number, name in enumerate(version.vocabulary, start=1)}
        self._sets = _Sets(folder / "ImageSets" / "Segmentation", version)
        put_file(folder / "classes.txt", "\n".join(["background", *version.vocabulary, ""]).encode())

    def add(self, image: ExportedImage) -> None:
        """Write an image and its mask; that of an image without objects is 0 everywhere.

        Raises:
            SettingsError: masks of two classes share pixels.
        """
        put_file(self._folder / _IMAGES / image.file_name, image.content)
        put_file(self._folder / "SegmentationClass" / f"{image.stem}.png", _mask_file(self._values(image)))
        self._sets.add(image)

    def close(self) -> None:
        """End the lists of the splits."""
        self._sets.close()

    def _values(self, image: ExportedImage) -> npt.NDArray[np.uint8]:
        values = np.zeros(image.size_px[::-1], np.uint8)
        for one in image.objects:
            assert isinstance(one, Mask)
            inside, number = decode(one.rle, one.size_px), self._numbers[one.class_name]
            others = np.unique(values[inside & (values != number)])
            if others.any():
                other = self._version.vocabulary[int(others.max()) - 1]
                shared = f"{image.file_name}: {one.class_name} and {other} share pixels"
                raise SettingsError(f"format voc: wanted each pixel in one class, found {shared}; export to coco")
            values[inside] = number
            if one.polygon_px:
                self._version.lost.count(POLYGON, f"{image.file_name}: {one.class_name}")
        return values


class _Sets:
    """Lists of the images of each split."""

    def __init__(self, folder: Path, version: ExportedVersion) -> None:
        folder.mkdir(parents=True)
        self._files = {split: (folder / f"{split}.txt").open("w", encoding="utf-8") for split in version.splits}

    def add(self, image: ExportedImage) -> None:
        """Append an image."""
        self._files[image.split].write(f"{image.stem}\n")

    def close(self) -> None:
        """End the lists."""
        for file in self._files.values():
            file.close()


def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if name != name.strip() or not name or _CONTROLS.search(name):
            raise SettingsError(
                f"format voc: wanted names of classes without control characters and without space around them, found {name!r}; "
                "rename the class (renamed_classes), or export to coco"
            )


def _is_no_class(name: str) -> bool:
    """Return True for a name that readers of `classes.txt` take for a remark or for what is no class."""
    return name.startswith("#") or name == IGNORED or name.lower() in BACKGROUNDS


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else repr(round(value, 9))


def _mask_file(values: npt.NDArray[np.uint8]) -> bytes:
    buffer, image = io.BytesIO(), Image.fromarray(values).convert("P")
    image.putpalette(_palette())
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _palette() -> list[int]:
    """Colours of Pascal VOC's numbers: bits 0, 3 and 6 of a number are the highest ones of red, 1, 4 and 7 of green, and so on."""
    colours = []
    for number in range(256):
        for channel in range(3):
            colours.append(sum(((number >> (3 * place + channel)) & 1) << (7 - place) for place in range(3)))
    return colours
