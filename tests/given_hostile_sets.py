"""Hostile annotation files of every format, and a child process that reads them and measures itself."""

from __future__ import annotations

import io
import json
import re
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from given_formats import a_text, an_image
from PIL import Image

DEEP = 50_000
OPEN = '{"a":'
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(12)) + "]>"
)
OTHER_FILE = '<!DOCTYPE x [<!ENTITY m SYSTEM "file:///etc/passwd">]>'
REST = "1.5 1.6 3.9 1.8 1.5 8.4 0.01"


@dataclass(frozen=True)
class TextFormat:
    """A format whose annotations are text: one good file, with places for what is hostile."""

    key: str
    label_kind: str
    path: str
    text: str
    """With `@number@`, `@image@`, `@class@` and, in JSON, `@key@`; each stands for what is there in a good file."""
    good: tuple[str, str, str]
    """A good number, image and class."""

    def filled(self, number: str | None = None, image: str | None = None, class_name: str | None = None, key: str = "") -> str:
        """The file with some of its places replaced."""
        said = [mine if mine is not None else theirs for mine, theirs in zip((number, image, class_name), self.good, strict=True)]
        text = self.text.replace("@key@", key)
        return text.replace("@number@", said[0]).replace("@image@", said[1]).replace("@class@", said[2])


COCO = (
    '{"images": [{"id": 1, "file_name": "@image@", "width": 40, "height": 30}], "annotations": [{"id": 1, "image_id": 1, '
    '"category_id": 1, @key@ "bbox": [@number@, 2, 5, 5]}], "categories": [{"id": 1, "name": "@class@"}]}'
)
LABEL_STUDIO = (
    '[{"data": {"image": "@image@"}, "annotations": [{"result": [{"type": "rectanglelabels", "original_width": 40, @key@ '
    '"original_height": 30, "value": {"x": @number@, "y": 1, "width": 5, "height": 5, "rectanglelabels": ["@class@"]}}]}]}]'
)
LABELME = (
    '{"imagePath": "@image@", "imageWidth": 40, "imageHeight": 30, "shapes": [{"label": "@class@", @key@ '
    '"points": [[@number@, 1], [9, 9]], "shape_type": "rectangle"}]}'
)
CITYSCAPES = (
    '{"imgWidth": 40, "imgHeight": 30, "objects": [{"label": "@class@", @key@ "polygon": [[@number@, 1], [9, 1], [9, 9]]}]}'
)
VOC = (
    "<annotation><filename>@image@</filename><object><name>@class@</name><bndbox><xmin>@number@</xmin><ymin>2</ymin>"
    "<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)
CVAT = (
    '<annotations><image name="@image@" width="40" height="30"><box label="@class@" xtl="@number@" ytl="1" xbr="9" ybr="9"/>'
    "</image></annotations>"
)
OPEN_IMAGES = "ImageID,LabelName,XMin,XMax,YMin,YMax\n@image@,@class@,@number@,0.5,0.1,0.2\n"

JSON_FORMATS = (
    TextFormat("coco", "box", "a.json", COCO, ("1", "a.jpg", "nut")),
    TextFormat("label-studio", "box", "a.json", LABEL_STUDIO, ("1", "a.jpg", "nut")),
    TextFormat("labelme", "box", "a.json", LABELME, ("1", "a.jpg", "nut")),
    TextFormat("cityscapes", "mask", "a_gtFine_polygons.json", CITYSCAPES, ("1", "a", "car")),
)
XML_FORMATS = (
    TextFormat("voc", "box", "a.xml", VOC, ("1", "a.jpg", "nut")),
    TextFormat("cvat", "box", "a.xml", CVAT, ("1", "a.jpg", "nut")),
)
LINE_FORMATS = (
    TextFormat("kitti", "box", "label_2/a.txt", f"@class@ 0 0 0 @number@ 3 12 13 {REST}\n", ("1", "a.jpg", "Car")),
    TextFormat("yolo", "box", "a.txt", "0 @number@ 0.5 0.2 0.2\n", ("0.5", "a.jpg", "0")),
    TextFormat("open-images", "box", "boxes.csv", OPEN_IMAGES, ("0.1", "a", "/m/1")),
)
TEXT_FORMATS = (*JSON_FORMATS, *XML_FORMATS, *LINE_FORMATS)
LISTS_IMAGES = ("coco", "label-studio", "cvat", "open-images")
"""Formats whose files name their images; of the others the file's own name says the image."""

NUMBERS = {
    "NaN": "NaN",
    "infinite": "1e999",
    "minus infinite": "-1e999",
    "far": "1e300",
    "of 4000 digits": "9" * 4000,
    "a word": '"x"',
}
NAMES = {
    "leads out": "../../secret.jpg",
    "absolute": "/etc/secret.jpg",
    "of Windows": "..\\\\..\\\\secret.jpg",
    "with an escape": "\\u001b[2J.jpg",
    "very long": "x" * 100_000 + ".jpg",
}


def cases() -> dict[str, tuple[TextFormat, bytes]]:
    """Name of a case → its format and the bytes of the annotation file."""
    return {name: (form, content) for name, form, content in _cases()}


def _cases() -> Iterator[tuple[str, TextFormat, bytes]]:
    for form in TEXT_FORMATS:
        whole = form.filled()
        for name, number in NUMBERS.items():
            is_json = form in JSON_FORMATS
            said = number if is_json and number not in ("1e999", "-1e999") else number.strip('"')
            yield f"{form.key}: number {name}", form, form.filled(number=said).encode()
        yield f"{form.key}: bytes that are no text", form, whole.encode()[:-8] + b"\xff\xfe\x00" + whole.encode()[-8:]
        if form.key in LISTS_IMAGES:
            for name, image in NAMES.items():
                said = image if form in JSON_FORMATS else image.replace("\\u001b", "").replace("\\\\", "\\")
                yield f"{form.key}: name {name}", form, form.filled(image=said).encode()
    for form in JSON_FORMATS:
        whole = form.filled()
        yield f"{form.key}: deep lists", form, form.filled(key=f'"more": {"[" * DEEP}{"]" * DEEP},').encode()
        yield f"{form.key}: deep objects", form, form.filled(key=f'"more": {OPEN * DEEP}1{"}" * DEEP},').encode()
        yield f"{form.key}: a key twice", form, form.filled(key='"again": 1, "again": 2,').encode()
        yield f"{form.key}: cut", form, whole.encode()[:-3]
        yield f"{form.key}: two values", form, (whole + "[]").encode()
        yield f"{form.key}: a comment", form, (whole.replace(":", ": /* x */", 1)).encode()
    for form in XML_FORMATS:
        whole = form.filled()
        yield f"{form.key}: billions of letters", form, (LAUGHS + form.filled(class_name="&m;")).encode()
        yield f"{form.key}: another file", form, (OTHER_FILE + form.filled(class_name="&m;")).encode()
        yield f"{form.key}: another grammar", form, ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">' + whole).encode()
        yield f"{form.key}: cut", form, whole.encode()[:-9]
        yield f"{form.key}: no encoding", form, ('<?xml version="1.0" encoding="x-none"?>' + whole).encode()
        yield f"{form.key}: no class", form, form.filled(class_name="").encode()


def write_case(form: TextFormat, content: bytes, folder: Path) -> Path:
    """Write a set of one image and its hostile annotation, and outside of it an image that nothing may read."""
    an_image(folder / "secret.jpg")
    root = folder / "deep" / "set"
    an_image(root / ("a_leftImg8bit.png" if form.key == "cityscapes" else "a.jpg"))
    a_text(root / "readme.md", "a set")
    if form.key == "yolo":
        a_text(root / "data.yaml", "names: [nut]")
    if form in LINE_FORMATS[:2]:
        an_image(root / "b.jpg")
        a_text(root / form.path.replace("a.txt", "b.txt"), form.filled())
    path = root / form.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return root


def write_large(folder: Path) -> dict[str, tuple[str, str, Path]]:
    """Hostile files that are large once they are read: case → format, label kind and set."""
    found = {}
    for name, key, kind, write in (
        ("a mask of 60000 x 60000", "masks", "mask", _a_large_mask),
        ("a mask of 7000 x 7000", "masks", "mask", lambda at: _a_whole_mask(at, "a.jpg", "a_mask.png")),
        ("values of 7000 x 7000", "cityscapes", "mask", lambda at: _a_whole_mask(at, "a_leftImg8bit.png", "a_gtFine_labelIds.png")),
        ("values of 60000 x 60000", "cityscapes", "mask", _large_values),
        ("outlines on 60000 x 60000", "cityscapes", "mask", _large_outlines),
        ("a CVAT mask of 60000 x 60000", "cvat", "mask", _large_runs),
        ("a line of 20 MB", "yolo", "box", lambda at: _yolo(at, "0 " + "0.5 " * 5_000_000)),
        (
            "a name of 20 MB",
            "open-images",
            "box",
            lambda at: a_text(at / "b.csv", OPEN_IMAGES.replace("@image@", "x" * 20_000_000)),
        ),
    ):
        root = folder / re.sub(r"\W", "_", name) / "set"
        an_image(root / "a.jpg")
        write(root)
        found[name] = (key, kind, root)
    return found


def _png(side: int) -> bytes:
    """A PNG whose header says this side, with few bytes behind it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def _a_large_mask(root: Path) -> None:
    (root / "a_mask.png").write_bytes(_png(60_000))


def _a_whole_mask(root: Path, image: str, mask: str) -> None:
    an_image(root / image)
    Image.new("L", (7000, 7000), 26).save(root / mask)


def _large_values(root: Path) -> None:
    an_image(root / "a_leftImg8bit.png")
    (root / "a_gtFine_labelIds.png").write_bytes(_png(60_000))


def _large_outlines(root: Path) -> None:
    an_image(root / "a_leftImg8bit.png")
    a_text(root / "a_gtFine_polygons.json", CITYSCAPES.replace("40", "60000").replace("30", "60000").replace("@key@", ""))


def _large_runs(root: Path) -> None:
    mask = '<mask label="nut" left="0" top="0" width="60000" height="60000" rle="0, 3600000000"/>'
    a_text(root / "a.xml", f'<annotations><image name="a.jpg" width="60000" height="60000">{mask}</image></annotations>')


def _yolo(root: Path, line: str) -> None:
    a_text(root / "data.yaml", "names: [nut]")
    a_text(root / "a.txt", line)


def main() -> None:
    """Read each set whose format, label kind and place stand in a line of the input; tell what came of it and what it cost."""
    from pipeline_tasks.errors import SettingsError
    from pipeline_tasks.formats.labelled_folder import LabelledFolder
    from pipeline_tasks.formats.reading import read_only_format

    read: Callable[[Path, str, str], LabelledFolder] = read_only_format
    opened: list[str] = []
    Image.init()
    np.asarray(Image.open(io.BytesIO(_small_image())))
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line in sys.stdin:
        key, kind, place = json.loads(line)
        opened.clear()
        began = time.process_time()
        try:
            found = read(Path(place), kind, key)
            told = "\n".join(f"{one.reason}: {one.example}" for one in (*found.left_out, *found.changed))
        except SettingsError as error:
            told = str(error)
        cost = time.process_time() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        outside = [name for name in opened if "secret" in name or name.startswith("/etc/")]
        sys.stdout.write(json.dumps({"told": told, "seconds": cost[0], "megabytes": cost[1], "outside": outside}) + "\n")


def _small_image() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    return buffer.getvalue()


if __name__ == "__main__":
    main()
