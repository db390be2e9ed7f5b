"""Tests of Pascal VOC folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_formats import a_text, an_image, boxes_of, counts, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.reading import read_folder


def an_xml(path: Path, *objects: tuple[str, str], size_px: tuple[int, int] = (40, 30), file_name: str = "") -> Path:
    """Write a file with objects: each has a name, and its sides separated by blanks."""
    told = ""
    for name, sides in objects:
        tags = zip(("xmin", "ymin", "xmax", "ymax"), sides.split(), strict=False)
        told += f"<object><name>{name}</name><bndbox>{''.join(f'<{tag}>{side}</{tag}>' for tag, side in tags)}</bndbox></object>"
    size = f"<size><width>{size_px[0]}</width><height>{size_px[1]}</height></size>"
    return a_text(path, f"<annotation><filename>{file_name or path.stem + '.jpg'}</filename>{size}{told}</annotation>")


def test_boxes__are_counted_from_1_with_the_last_pixel_inside(tmp_path: Path) -> None:
    an_image(tmp_path / "JPEGImages" / "a.jpg")
    an_image(tmp_path / "JPEGImages" / "b.jpg")
    an_image(tmp_path / "JPEGImages" / "c.jpg")
    an_image(tmp_path / "SegmentationClass" / "a.png")
    an_xml(tmp_path / "Annotations" / "a.xml", ("nut", "1 1 40 30"), ("bolt", "3 4 3 4"), ("bolt", "2 3 11.5 7"))
    an_xml(tmp_path / "Annotations" / "b.xml")

    found = read(tmp_path)

    assert (found.format_name, found.class_names) == ("Pascal VOC", ("bolt", "nut"))
    assert boxes_of(found, "a.jpg") == [("nut", 0, 0, 40, 30), ("bolt", 1, 2, 10.5, 5)]
    assert boxes_of(found, "b.jpg") == []
    assert counts(found) == {reasons.NO_SIZE: 1, reasons.NOT_LISTED: 1}
    assert not found.notes


def test_boxes__of_a_folder_that_counts_from_0_are_edges(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    an_image(tmp_path / "b.jpg")
    an_xml(tmp_path / "a.xml", ("nut", "0 5 10 15"))
    an_xml(tmp_path / "b.xml", ("nut", "2 5 10 15"))

    found = read(tmp_path)

    assert [boxes_of(found, name)[0][1:] for name in ("a.jpg", "b.jpg")] == [(0, 5, 10, 10), (2, 5, 8, 10)]
    assert "a.xml has a box that begins at 0" in found.notes[0]


def test_boxes__of_stored_pixels_are_turned_with_their_image(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg", (40, 30), orientation=6)
    an_xml(tmp_path / "a.xml", ("nut", "1 1 10 4"), size_px=(40, 30))

    found = read(tmp_path)

    assert boxes_of(found, "a.jpg") == [("nut", 26, 0, 4, 10)]
    assert [one.reason for one in found.changed] == [reasons.TURNED]


def test_files__find_their_image_by_their_own_name_first(tmp_path: Path) -> None:
    for name in ("train/a.jpg", "val/a.jpg"):
        an_image(tmp_path / name)
        an_xml((tmp_path / name).with_suffix(".xml"), ("nut", "1 1 4 4"), file_name="00000.jpg")

    assert [len(one.objects) for one in read(tmp_path).images] == [1, 1]


def test_files__that_are_damaged_or_without_an_image_are_counted(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    an_xml(tmp_path / "a.xml", ("nut", "1 1 4 4"), ("nut", ""), ("nut", "60 60 70 70"))
    a_text(tmp_path / "b.xml", "<annotation><object>")
    an_xml(tmp_path / "c.xml", ("nut", "1 1 4 4"))
    a_text(tmp_path / "d.jpg", "no image")
    an_xml(tmp_path / "d.xml", ("nut", "1 1 4 4"))

    assert counts(read(tmp_path)) == {
        reasons.UNREADABLE_FILE: 1,
        reasons.NO_BOX: 1,
        reasons.OUTSIDE: 1,
        reasons.NO_FILE: 1,
        reasons.UNREADABLE_IMAGE: 1,
    }


@pytest.mark.parametrize(
    ("name", "sides", "says"),
    [("", "1 1 4 4", "object 1: wanted the name"), ("nut", "1 1 4 x", "wanted numbers, found 1, 1, 4, x")],
)
def test_wrong_objects__are_refused_with_file_and_value(name: str, sides: str, says: str, tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    an_xml(tmp_path / "a.xml", (name, sides))

    with pytest.raises(SettingsError, match=f"a.xml: .*{says}"):
        read_folder(tmp_path)
