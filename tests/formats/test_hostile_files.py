"""Tests of annotation files that are damaged or made to harm: each is refused or left out with its file, line or field.

None takes more than 200 MB, and nothing outside of the folder is read. A run of one case takes at most 2 seconds of processor
without the tracing of memory.
"""

from __future__ import annotations

import json
import re
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given_formats import a_mask_image, a_text, an_image, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.labelled_folder import LabelledFolder

Write = Callable[[Path], object]
MAX_MEMORY_BYTES = 200 * 2**20
INFINITE, DIGITS = "1e999", "9" * 4000
LONG = 50_000


def coco(images: Any = None, annotations: Any = None, categories: Any = None) -> Write:
    """A COCO file of one image, with some of its parts replaced; a text stands as it is."""

    def write(folder: Path) -> None:
        parts = {
            "images": images or [{"id": 1, "file_name": "a.jpg", "width": 40, "height": 30}],
            "annotations": annotations or [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}],
            "categories": categories or [{"id": 1, "name": "nut"}],
        }
        said = (f'"{name}": {part if isinstance(part, str) else json.dumps(part)}' for name, part in parts.items())
        a_text(folder / "a.json", "{" + ", ".join(said) + "}")

    return write


def drawn(**fields: Any) -> list[dict[str, Any]]:
    """Two annotations: one with these fields, and a good one."""
    good = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}
    return [good | fields, good]


def box_text(numbers: str) -> str:
    """Two annotations as text: one with this box, and a good one."""
    return '[{"id": 1, "image_id": 1, "category_id": 1, "bbox": ' + numbers + "}, " + json.dumps(drawn()[1]) + "]"


def voc(body: str = "", head: str = "", box: tuple[str, ...] = ("2", "2", "9", "9"), size: tuple[str, str] = ("40", "30")) -> Write:
    """An XML file of one image with a box, and a good one beside it."""

    def write(folder: Path) -> None:
        sides = "".join(f"<{name}>{value}</{name}>" for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
        one = f"<object><name>nut</name><bndbox>{sides}</bndbox></object>"
        about = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
        a_text(folder / "a.xml", f"{head}<annotation><filename>a.jpg</filename>{about}{body or one}</annotation>")
        an_image(folder / "b.jpg")
        good = "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
        a_text(folder / "b.xml", f"<annotation><object><name>nut</name>{good}</object></annotation>")

    return write


def yolo(line: str = "0 0.5 0.5 0.2 0.2", names: str = "names: [nut, bolt]") -> Write:
    """A text file of one image, and the names of the classes."""

    def write(folder: Path) -> None:
        a_text(folder / "data.yaml", names)
        an_image(folder / "0.jpg")
        a_text(folder / "0.txt", "0 0.5 0.5 0.2 0.2\n")
        a_text(folder / "a.txt", f"0 0.5 0.5 0.2 0.2\n{line}\n")

    return write


def masks(names: str | bytes | None = None, name_file: str = "classes.txt", value: int = 1) -> Write:
    """A mask of one value beside an image, and the names of the values."""

    def write(folder: Path) -> None:
        values = np.zeros((30, 40), np.uint8)
        values[3:9, 3:9] = value
        a_mask_image(folder / "a_mask.png", values)
        if names is not None:
            (folder / name_file).write_bytes(names if isinstance(names, bytes) else names.encode())

    return write


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(12))
YAML_LAUGHS = "\n".join(
    [*(f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10) if at else 'ha'}]" for at in range(12)), "names: [nut, *a11]"]
)
LONG_POLYGON = np.random.default_rng(1).uniform(0, 30, 12_000).round(2).tolist()

REFUSED: dict[str, tuple[Write, str, str]] = {
    "JSON that ends early": (coco(categories="["), "box", "a.json.*line 1"),
    "JSON of great depth": (coco(annotations="[" * LONG + "]" * LONG), "box", "a.json.*nested"),
    "JSON with a field twice": (coco(annotations=box_text('[1, 1, 5, 5], "bbox": [2, 2, 5, 5]')), "box", "a.json.*'bbox' twice"),
    "JSON with images twice": (coco(images='[], "images": []'), "box", "a.json.*'images' twice"),
    "JSON with a number of 5000 digits": (coco(annotations=box_text("[1, 1, 5, " + "9" * 5000 + "]")), "box", "a.json"),
    "two images of one id": (
        coco([{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}]),
        "box",
        r"a.json: images\[1\].id: wanted each id once.*found 1",
    ),
    "an image twice": (
        coco([{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "a.jpg"}]),
        "box",
        r"a.json: images\[1\].file_name: wanted each image once.*found a.jpg",
    ),
    "two categories of one id": (
        coco(categories=[{"id": 1, "name": "nut"}, {"id": 1, "name": "bolt"}]),
        "box",
        r"a.json: categories\[1\].id: wanted each id once.*found 1",
    ),
    "a category without a name": (coco(categories=[{"id": 1}]), "box", r"a.json: categories\[0\].name: .*found None"),
    "a category that is a list": (coco(categories=[{"id": 1, "name": ["nut"]}]), "box", r"categories\[0\].name"),
    "a category that is no object": (coco(categories=[7]), "box", r"a.json: categories\[0\]: .*found 7"),
    "an image without a name": (coco([{"id": 1}]), "box", r"a.json: images\[0\].file_name: .*found None"),
    "an image with a number as its name": (coco([{"id": 1, "file_name": 3}]), "box", r"images\[0\].file_name"),
    "an image without an id": (coco([{"file_name": "a.jpg"}]), "box", r"a.json: images\[0\].id"),
    "an image with true as its id": (coco([{"id": True, "file_name": "a.jpg"}]), "box", r"a.json: images\[0\].id"),
    "an annotation of no category": (coco(annotations=drawn(category_id=None)), "box", r"annotations\[0\].category_id"),
    "an annotation of another category": (coco(annotations=drawn(category_id=9)), "box", r"annotations\[0\].category_id.*found 9"),
    "an annotation of a category that is a list": (
        coco(annotations=drawn(category_id=[1])),
        "box",
        r"annotations\[0\].category_id",
    ),
    "an annotation that is a text": (coco(annotations=["x", *drawn()]), "box", r"a.json: annotations\[0\]"),
    "a class that is no number": (yolo("x 0.5 0.5 0.2 0.2"), "box", "a.txt, object 2"),
    "a class without a name": (yolo("7 0.5 0.5 0.2 0.2"), "box", "a.txt, object 2.*found class 7"),
    "a negative class": (yolo("-1 0.5 0.5 0.2 0.2"), "box", "a.txt, object 2.*found class -1"),
    "a class that is a share": (yolo("0.5 0.5 0.5 0.2 0.2"), "box", "a.txt, object 2.*found class 0.5"),
    "a class that is not finite": (yolo("nan 0.5 0.5 0.2 0.2"), "box", "a.txt, object 2"),
    "a place that is not finite": (yolo("0 nan 0.5 0.2 0.2"), "box", "a.txt, object 2.*found nan"),
    "a place that is infinite": (yolo("0 0.5 inf 0.2 0.2"), "box", "a.txt, object 2.*found inf"),
    "a place beyond all numbers": (yolo(f"0 0.5 {INFINITE} 0.2 0.2"), "box", "a.txt, object 2"),
    "a place in pixels": (yolo("0 200 100 20 20"), "box", "a.txt, object 2.*found 200"),
    "a number with an underscore": (yolo("0 0.5 0.5 0_1 0.2"), "box", "a.txt, object 2"),
    "three numbers": (yolo("0 0.5 0.5"), "box", "a.txt, object 2.*found 3 numbers"),
    "bytes of no text": (lambda at: (yolo()(at), (at / "a.txt").write_bytes(b"\x00\xff\xfe\x01 1")), "box", "a.txt|data.yaml"),
    "YAML that makes objects": (yolo(names="names: !!python/object/apply:os.system ['true']"), "box", "data.yaml"),
    "YAML of great depth": (yolo(names="names: " + "[" * LONG), "box", "data.yaml"),
    "YAML of billions of names": (yolo(names=YAML_LAUGHS), "box", "data.yaml: names.*found a list"),
    "YAML with a number twice": (yolo(names="names: {0: nut, 0: bolt}"), "box", "data.yaml.*found 0 twice"),
    "YAML with a name twice": (yolo(names="names: [nut, nut]"), "box", "data.yaml.*found 'nut' twice"),
    "YAML with yes as a number": (yolo(names="names: {yes: nut}"), "box", "data.yaml"),
    "YAML with a negative number": (yolo(names="names: {-1: nut}"), "box", "data.yaml"),
    "YAML with points that are no numbers": (yolo(names="names: [nut]\nkpt_shape: [a, 2]"), "box", "data.yaml.*kpt_shape"),
    "YAML with billions of points": (yolo(names="names: [nut]\nkpt_shape: [900000000, 3]"), "box", "0.txt, object 1"),
    "names that are no text": (masks(b"\xff\xfe\x00nut"), "mask", "classes.txt"),
    "names with one of them twice": (masks("nut\nnut\n"), "mask", "classes.txt.*found 'nut' twice"),
    "a value without a name": (masks("nut\n", value=7), "mask", "a_mask.png.*found the value 7"),
    "a colour of two numbers": (masks("nut:1,2::\n", "labelmap.txt"), "mask", "labelmap.txt.*found 1,2"),
    "a colour beyond 255": (masks("nut:256,0,0::\n", "labelmap.txt"), "mask", "labelmap.txt.*found 256,0,0"),
    "a colour twice": (masks("nut:1,1,1::\nbolt:1,1,1::\n", "labelmap.txt"), "mask", "labelmap.txt.*found 1,1,1"),
    "an object without a name": (voc("<object><bndbox/></object>"), "box", "a.xml: object 1.*found no name"),
    "a side that is a word": (voc(box=("two", "2", "9", "9")), "box", r"a.xml: object 1 \(nut\).*found two"),
    "a side with an underscore": (voc(box=("1_0", "2", "19", "9")), "box", r"a.xml: object 1 \(nut\)"),
    "a size that is infinite": (voc(size=(INFINITE, "30")), "box", "a.xml: size.*found inf"),
    "a size that is a word": (voc(size=("wide", "30")), "box", "a.xml: size.*found wide"),
}
"""Case → files, label kind, and the words that name the place."""

NAMED: dict[str, tuple[Write, str, str]] = {
    "a name that leads out": (coco([{"id": 1, "file_name": "../../secret.jpg"}]), "box", r"\.\./\.\./secret.jpg of a.json"),
    "an absolute name": (coco([{"id": 1, "file_name": "/etc/secret.jpg"}]), "box", "/etc/secret.jpg of a.json"),
    "a name that leads out of Windows": (coco([{"id": 1, "file_name": "..\\..\\secret.jpg"}]), "box", "secret.jpg of a.json"),
    "a name with a null byte": (coco([{"id": 1, "file_name": "a\0.jpg"}]), "box", "of a.json"),
    "a name of half a character": (coco([{"id": 1, "file_name": "\ud800.jpg"}]), "box", "of a.json"),
    "a box that is no number": (coco(annotations=box_text("[NaN, 1, 5, 5]")), "box", r"a.json: annotations\[0\]"),
    "a box that is infinite": (coco(annotations=box_text("[1, 1, Infinity, 5]")), "box", r"a.json: annotations\[0\]"),
    "a box beyond all numbers": (coco(annotations=box_text(f"[1, 1, {INFINITE}, 5]")), "box", r"a.json: annotations\[0\]"),
    "a box of 4000 digits": (coco(annotations=box_text(f"[1, 1, {DIGITS}, 5]")), "box", r"a.json: annotations\[0\]"),
    "a box outside": (coco(annotations=drawn(bbox=[50, 1, 5, 5])), "box", r"a.json: annotations\[0\]"),
    "a box before the image": (coco(annotations=drawn(bbox=[-9, -9, 5, 5])), "box", r"a.json: annotations\[0\]"),
    "a box without a width": (coco(annotations=drawn(bbox=[1, 1, 0, 5])), "box", r"a.json: annotations\[0\]"),
    "a box of negative width": (coco(annotations=drawn(bbox=[9, 9, -5, 5])), "box", r"a.json: annotations\[0\]"),
    "a box of three numbers": (coco(annotations=drawn(bbox=[1, 1, 5])), "box", r"a.json: annotations\[0\]"),
    "a box of words": (coco(annotations=drawn(bbox=["1", "1", "5", "5"])), "box", r"a.json: annotations\[0\]"),
    "a box of an image that is not there": (coco(annotations=drawn(image_id=7)), "box", r"a.json: annotations\[0\]"),
    "run lengths of another image": (coco(annotations=drawn(segmentation={"counts": [4, 4]})), "mask", r"a.json: annotations\[0\]"),
    "run lengths beyond all numbers": (
        coco(annotations=drawn(segmentation={"counts": [10**30]})),
        "mask",
        r"a.json: annotations\[0\]",
    ),
    "run lengths that are negative": (coco(annotations=drawn(segmentation={"counts": [-5, 9]})), "mask", r"annotations\[0\]"),
    "run lengths of no text": (coco(annotations=drawn(segmentation={"counts": "\ud800é"})), "mask", r"annotations\[0\]"),
    "run lengths that never end": (coco(annotations=drawn(segmentation={"counts": "o" * LONG})), "mask", r"annotations\[0\]"),
    "a polygon of an odd count": (coco(annotations=drawn(segmentation=[[1, 1, 5, 5, 9, 1, 3]])), "mask", r"annotations\[0\]"),
    "a polygon of two points": (coco(annotations=drawn(segmentation=[[1, 1, 5, 5]])), "mask", r"annotations\[0\]"),
    "a polygon that is far away": (
        coco(annotations=drawn(segmentation=[[1, 1, 1e300, 5, -1e300, 9]])),
        "mask",
        r"annotations\[0\]",
    ),
    "a polygon that is no number": (
        coco(annotations='[{"image_id": 1, "category_id": 1, "segmentation": [[NaN, 1, 5, 5, 9, 1]]}]'),
        "mask",
        r"annotations\[0\]",
    ),
    "a polygon that is a word": (coco(annotations=drawn(segmentation="here")), "mask", r"annotations\[0\]"),
    "a polygon of 6,000 points": (coco(annotations=drawn(segmentation=[LONG_POLYGON])), "mask", r"a.json: annotations\[0\]"),
    "XML of billions of letters": (voc(head=LAUGHS + "]>", body="<object><name>&m;</name></object>"), "box", "a.xml: .*DOCTYPE"),
    "XML that reads another file": (
        voc(head='<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', body="<object><name>&x;</name></object>"),
        "box",
        "a.xml: .*DOCTYPE",
    ),
    "XML that asks for another grammar": (voc(head='<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">'), "box", "a.xml: .*DOCTYPE"),
    "XML that ends early": (lambda at: (voc()(at), a_text(at / "a.xml", "<annotation><object>")), "box", "a.xml: .*line 1"),
    "XML of another encoding": (voc(head='<?xml version="1.0" encoding="shift_jis"?>'), "box", "a.xml: .*encoding"),
    "XML of no encoding": (voc(head='<?xml version="1.0" encoding="x-none"?>'), "box", "a.xml: .*encoding"),
    "XML sides that are no numbers": (voc(box=("nan", "2", "9", "9")), "box", r"a.xml: object 1 \(nut\)"),
    "XML sides that are infinite": (voc(box=("-inf", "2", "9", "9")), "box", r"a.xml: object 1 \(nut\)"),
    "XML sides outside": (voc(box=("90", "2", "99", "9")), "box", r"a.xml: object 1 \(nut\)"),
    "XML sides that are turned around": (voc(box=("9", "2", "2", "9")), "box", r"a.xml: object 1 \(nut\)"),
    "XML size of another image": (voc(size=("400", "300")), "box", "a.xml: it says 400 x 300"),
}
"""Case → files of which something is left out or changed, label kind, and the words that name it."""


def bounded(folder: Path, label_kind: str) -> LabelledFolder:
    """Read a folder within the limits."""
    tracemalloc.start()
    try:
        return read(folder, label_kind)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MAX_MEMORY_BYTES


def folder_of(write: Write, tmp_path: Path) -> Path:
    """A folder with an image, and outside of it one that nothing may read."""
    an_image(tmp_path / "secret.jpg")
    folder = tmp_path / "deep" / "folder"
    an_image(folder / "a.jpg")
    write(folder)
    return folder


@pytest.mark.parametrize("case", list(REFUSED))
def test_hostile_file__is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    write, label_kind, says = REFUSED[case]
    folder = folder_of(write, tmp_path)

    with pytest.raises(SettingsError, match=f"(?s){says}") as refused:
        bounded(folder, label_kind)
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize("case", list(NAMED))
def test_hostile_file__is_named_with_its_place_and_the_rest_is_read(case: str, tmp_path: Path) -> None:
    write, label_kind, says = NAMED[case]
    folder = folder_of(write, tmp_path)

    found, lines = None, ""
    try:
        found = bounded(folder, label_kind)
        lines = "\n".join(f"{one.reason}: {one.example}" for one in (*found.left_out, *found.changed))
    except SettingsError as nothing_left:
        lines = str(nothing_left)

    assert re.search(says, lines), lines
    if found is None:
        assert "wanted at least one image with its annotation, found none" in lines
    else:
        assert all(image.path.is_relative_to(folder) for image in found.images)


def test_deep_xml__is_read_within_the_limits(tmp_path: Path) -> None:
    folder = folder_of(voc(body="<a>" * LONG + "</a>" * LONG), tmp_path)

    assert [image.path.name for image in bounded(folder, "box").images] == ["a.jpg", "b.jpg"]


def test_keypoints_beyond_all_numbers__are_left_out_and_named(tmp_path: Path) -> None:
    points = [{"id": 1, "name": "arm", "keypoints": ["tip"]}]
    good = {"id": 1, "image_id": 1, "category_id": 1, "keypoints": [1, 1, 2]}
    far = [good | {"keypoints": [10**400, 1, 2]}, good | {"keypoints": [1, 1e999, 2]}, good]
    folder = folder_of(coco(annotations=json.dumps(far), categories=points), tmp_path)

    found = bounded(folder, "keypoints")

    assert [one.count for one in found.left_out] == [2]
    assert "annotations[0]" in found.left_out[0].example


def test_links__that_lead_out_of_the_folder_are_left_out_and_named(tmp_path: Path) -> None:
    named = [{"id": at, "file_name": name} for at, name in enumerate(("a.jpg", "out.jpg", "in.jpg"), start=1)]
    folder = folder_of(coco(named), tmp_path)
    (folder / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "in.jpg").symlink_to(folder / "a.jpg")
    (folder / "around").symlink_to(folder)
    (folder / "more.json").symlink_to(tmp_path / "secret.jpg")

    found = read(folder, "box")

    assert [image.path.name for image in found.images] == ["a.jpg", "in.jpg"]
    assert {(one.reason, one.count, one.example) for one in found.left_out} == {
        (reasons.LINK, 3, "around"),
        ("image that is listed, but not in the folder", 1, "out.jpg of a.json"),
    }


def test_image_of_too_many_pixels__is_left_out(tmp_path: Path) -> None:
    folder = folder_of(coco([{"id": 1, "file_name": "big.png"}, {"id": 2, "file_name": "a.jpg"}]), tmp_path)
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    (folder / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)))

    found = bounded(folder, "box")

    assert next((one.reason, one.example) for one in found.left_out) == ("image that cannot be opened", "big.png")
