"""Tests of labelled folders of Open Images."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_formats import a_text, an_image, boxes_of, counts, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.listing import list_folder
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.labelled_sets.own_splits import own_splits

HEAD = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
CAR = "a1,xclick,/m/0k4j,1,0.25,0.5,0.1,0.2,0,0,0,0,0"
BOXES, LABELS = "train-annotations-bbox.csv", "train-annotations-human-imagelabels.csv"


def a_folder(folder: Path, rows: str = "", labels: str = "") -> Path:
    """Write images a1 to a3, names of classes, boxes and labels."""
    for name in ("a1", "a2"):
        an_image(folder / "train" / f"{name}.jpg")
    an_image(folder / "validation" / "a3.jpg")
    a_text(folder / "class-descriptions-boxable.csv", '/m/0k4j,Car\n/m/01g317,"Person, standing"\n')
    if rows:
        a_text(folder / BOXES, f"{HEAD}\n{rows}\n")
    if labels:
        a_text(folder / LABELS, f"ImageID,Source,LabelName,Confidence\n{labels}\n")
    return folder


def test_open_images__reads_boxes_names_and_splits(tmp_path: Path) -> None:
    person = "a3,xclick,/m/01g317,1,0.0,0.1,0.0,1.0,0,0,0,0,0"
    group, gone = CAR.replace("a1", "a2").replace("0,0,0,0,0", "0,0,1,0,0"), CAR.replace("a1", "gone")
    a_folder(tmp_path, "\n".join((CAR, CAR, person, group, gone, gone)))

    found = read(tmp_path)

    assert (found.format_name, found.label_kind, found.class_names) == ("Open Images", "box", ("Car", "Person, standing"))
    assert boxes_of(found, "a1.jpg") == [("Car", 10, 3, 10, 3)]
    assert boxes_of(found, "a3.jpg") == [("Person, standing", 0, 0, 4, 30)]
    assert boxes_of(found, "a2.jpg") == []
    assert counts(found) == {
        "image that is listed, but not in the folder": 1,
        "object that is there twice": 1,
        "crowd, which is no single thing": 1,
    }
    assert sorted(own_splits(found, list_folder(tmp_path)).values()) == ["train", "train", "val"]


def test_open_images__reads_labels_that_people_confirmed(tmp_path: Path) -> None:
    rows = ("a1,verification,/m/0k4j,1", "a1,verification,/m/01g317,0", "a2,verification,/m/0k4j,0", "a3,machine,/m/0k4j,0.9")
    a_folder(tmp_path, labels="\n".join((*rows, "a1,verification,/m/x,1", "a1,crowdsource-verification,/m/x,0")))

    found = read(tmp_path, "classes")

    assert [(one.path.name, one.objects) for one in found.images] == [("a1.jpg", (ClassObject("Car"),))]
    assert counts(found) == {
        "image of which no label is confirmed": 2,
        "label that a machine gave, with a confidence below 1": 1,
        "label that one row confirms and another denies": 1,
    }


def test_open_images__names_a_code_by_itself_and_tells_equal_names_apart(tmp_path: Path) -> None:
    rows = [CAR.replace("/m/0k4j", code) for code in ("/m/1", "/m/2", "/m/3")]
    a_folder(tmp_path, "\n".join(rows))
    a_text(tmp_path / "class-descriptions-boxable.csv", "/m/1,Turkey\n/m/2,Turkey\n")

    found = read(tmp_path)

    assert found.class_names == ("/m/3", "Turkey (/m/1)", "Turkey (/m/2)")
    assert found.notes == ("no class-descriptions CSV names /m/3, so the codes are the names",)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a1,xclick,/m/0k4j,1", "wanted 13 fields, as its first line names, found 4 fields"),
        (CAR.replace("0.25", "left"), "XMin: wanted a number, found 'left'"),
        (CAR.replace("0.25", "nan"), "XMin: wanted a number, found 'nan'"),
        (CAR.replace("0.25", "inf"), "wanted shares of the image's sides.*found inf"),
        (CAR.replace("0.25", "1e999"), "wanted shares of the image's sides.*found inf"),
        (CAR.replace("0.25", "1_0"), "XMin: wanted a number, found '1_0'"),
        (CAR.replace("0.25", "25"), "wanted shares of the image's sides, from 0 to 1; divide pixels.*found 25"),
        (CAR.replace("/m/0k4j", ""), "LabelName: wanted the code of a class, found nothing"),
        ('a1,"xclick', "that is no CSV"),
        (CAR.replace("a1", "a" * 200_000), "that is no CSV"),
    ],
)
def test_open_images__refuses_rows_with_file_and_line(tmp_path: Path, row: str, says: str) -> None:
    a_folder(tmp_path, f"{CAR}\n{row}")

    with pytest.raises(SettingsError, match=f"(?s)train-annotations-bbox.csv, line [34].*{says}"):
        read(tmp_path)


def test_open_images__refuses_bytes_that_are_no_text_and_columns_that_are_there_twice(tmp_path: Path) -> None:
    a_folder(tmp_path)
    (tmp_path / BOXES).write_bytes(f"{HEAD}\n{CAR}\n".encode() + b"a1,\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"train-annotations-bbox.csv, after line \d: wanted text in UTF-8, found bytes"):
        read(tmp_path)

    a_text(tmp_path / BOXES, f"{HEAD},XMin\n{CAR},1\n")
    with pytest.raises(SettingsError, match=r"bbox.csv, line 1: wanted each column once, found the column 'XMin' twice"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("names", "says"),
    [("/m/1,Cat\n/m/1,Dog\n", "line 2: wanted one name a code, found /m/1 as 'Cat' and 'Dog'"), ("/m/1,Cat\n/m/2\n", "line 2")],
)
def test_open_images__refuses_names_that_cannot_be_meant(tmp_path: Path, names: str, says: str) -> None:
    a_folder(tmp_path, CAR)
    a_text(tmp_path / "class-descriptions-boxable.csv", names)

    with pytest.raises(SettingsError, match=f"class-descriptions-boxable.csv, {says}"):
        read(tmp_path)


def test_open_images__leaves_out_boxes_and_images_that_cannot_be_used(tmp_path: Path) -> None:
    outside = CAR.replace("0.25,0.5", "1.25,1.5")
    a_folder(tmp_path, "\n".join((CAR, outside, CAR.replace("0.25,0.5", "0.5,0.5"), CAR.replace("a1", "torn"))))
    a_text(tmp_path / "torn.jpg", "no image")

    found = read(tmp_path)

    assert found.objects == 1
    assert counts(found) == {
        "object outside its image": 1,
        "object without a width or a height": 1,
        "image that cannot be opened": 1,
        "image without an annotation": 2,
    }
