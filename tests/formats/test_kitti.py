"""Tests of labelled folders of KITTI."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_formats import a_text, an_image, boxes_of, read

from pipeline_tasks.errors import SettingsError

REST = "1.5 1.6 3.9 1.8 1.5 8.4 0.01"
CAR = f"Car 0.00 0 -1.57 2.00 3.50 12.00 13.50 {REST}"


def test_kitti__reads_boxes_with_and_without_scores(tmp_path: Path) -> None:
    for name in ("000000", "000001", "empty"):
        an_image(tmp_path / "image_2" / f"{name}.png")
    a_text(tmp_path / "label_2" / "000000.txt", f"{CAR}\nPedestrian 0.1 1 0.2 20 5 25 15 {REST} 0.97\n")
    a_text(tmp_path / "label_2" / "000001.txt", f"DontCare -1 -1 -10 1 1 5 5 -1 -1 -1 -1000 -1000 -1000 -10\n{CAR}\n")
    a_text(tmp_path / "label_2" / "empty.txt", "")

    found = read(tmp_path)

    assert (found.format_name, found.class_names) == ("KITTI", ("Car", "Pedestrian"))
    assert boxes_of(found, "000000.png") == [("Car", 2, 3.5, 10, 10), ("Pedestrian", 20, 5, 5, 10)]
    assert boxes_of(found, "empty.png") == []
    assert [(one.reason, one.example) for one in found.left_out] == [
        ("region in which objects are not labelled (DontCare)", "label_2/000001.txt, line 1")
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Car 0 0 0 1 2 3 4", r"label_2/a.txt, line 2: wanted 15 words of an object, or 16 with a score, found 8 words"),
        (CAR.replace("13.50", "wide"), r"label_2/a.txt, line 2: wanted a number, found wide"),
        (CAR.replace("13.50", "1_0"), r"label_2/a.txt, line 2: wanted a number, found 1_0"),
    ],
)
def test_kitti__refuses_lines_with_file_and_line(tmp_path: Path, line: str, says: str) -> None:
    an_image(tmp_path / "a.png")
    a_text(tmp_path / "label_2" / "a.txt", f"{CAR}\n{line}\n")

    with pytest.raises(SettingsError, match=says):
        read(tmp_path)


def test_kitti__leaves_out_boxes_and_images_that_cannot_be_used(tmp_path: Path) -> None:
    an_image(tmp_path / "a.png")
    an_image(tmp_path / "unlabelled.png")
    (tmp_path / "torn.png").write_bytes(b"\x89PNG no image")
    outside, flat = CAR.replace("2.00", "100").replace("12.00", "120"), CAR.replace("12.00", "2.00")
    infinite = CAR.replace("12.00", "inf")
    a_text(tmp_path / "label_2" / "a.txt", "\n".join((CAR, outside, flat, infinite)))
    a_text(tmp_path / "label_2" / "torn.txt", CAR)
    a_text(tmp_path / "label_2" / "gone.txt", CAR)

    found = read(tmp_path)

    assert found.objects == 1
    assert {one.reason for one in found.left_out} == {
        "object outside its image",
        "object without a width or a height",
        "object with numbers that cannot be read",
        "image that cannot be opened",
        "image that is listed, but not in the folder",
        "image without an annotation",
    }
