"""Tests of reading keypoints of COCO, from files that can be checked by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from given import a_project
from given_formats import a_text, an_image, counts, read

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.coco_keypoints import COUNTED_OTHERWISE, NO_POINT, NO_POINTS, POINT_OUTSIDE
from pipeline_tasks.formats.labelled_folder import CROWD, DAMAGED, NO_SIZE, OUTSIDE, TURNED, LabelledFolder
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.registry import kind_of

HOOK: dict[str, Any] = {"id": 3, "name": "hook", "keypoints": ["eye", "bend", "tip"], "skeleton": [[1, 2], [2, 3]]}
RING: dict[str, Any] = {"id": 5, "name": "ring"}
PLACED = [4, 5, 2, 10, 5, 1, 0, 0, 0]
"""A visible eye, a hidden bend, no tip; their hull is 6 pixels wide and has no height."""


def a_file(
    folder: Path, *objects: dict[str, Any], categories: tuple[dict[str, Any], ...] = (HOOK, RING), name: str = "points.json"
) -> Path:
    """A file of COCO on one image of 40 x 30 pixels; an object is a hook unless it says otherwise."""
    an_image(folder / "a.png")
    images = [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}]
    annotations = [{"id": at, "image_id": 1, "category_id": 3, "iscrowd": 0} | one for at, one in enumerate(objects, start=1)]
    content = {"images": images, "annotations": annotations, "categories": list(categories)}
    return a_text(folder / name, json.dumps(content))


def things(folder: LabelledFolder) -> list[Skeleton]:
    return [one for image in folder.images for one in image.objects if isinstance(one, Skeleton)]


def changes(folder: LabelledFolder) -> dict[str, int]:
    return {one.reason: one.count for one in folder.changed}


def test_read__takes_points_with_their_flags(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": PLACED, "num_keypoints": 2, "bbox": [4, 5, 6, 0]})

    found = read(tmp_path, "keypoints")

    assert things(found) == [Skeleton("hook", (Point("eye", 4, 5), Point("bend", 10, 5, is_visible=False)))]
    assert (found.class_names, found.left_out, found.changed) == (("hook",), (), ())
    assert found.options == {
        "skeleton": {"hook": ["eye", "bend", "tip"]},
        "edges": {"hook": [["eye", "bend"], ["bend", "tip"]]},
        "things": "one",
    }


def test_options__open_a_project_of_these_labels(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": PLACED})
    found = read(tmp_path, "keypoints")

    kind = kind_of(a_project(label_kind="keypoints", classes=list(found.class_names), labels=dict(found.options)))

    assert kind.labeling.can_vote(things(found))
    assert kind.labeling.says(things(found)) == "1 hook"


def test_read__takes_a_box_that_is_drawn_and_gives_one_to_every_thing_then(tmp_path: Path) -> None:
    drawn = {"keypoints": PLACED, "bbox": [2, 3, 12, 8]}
    of_points = {"keypoints": [20, 10, 2, 30, 20, 2, 0, 0, 0], "bbox": [20, 10, 10, 10]}
    a_file(tmp_path, drawn, of_points, {"keypoints": PLACED})

    found = read(tmp_path, "keypoints")

    assert [one.box_px for one in things(found)] == [(2, 3, 12, 8), (20, 10, 10, 10)]
    assert all(one.x_min_px is not None for one in things(found))
    assert found.options["things"] == "boxes"
    assert counts(found) == {NO_SIZE: 1}, "the third thing has no box, and its points are in one line"


def test_read__of_two_things_of_a_class_in_an_image_gives_boxes(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": [1, 2, 2, 3, 4, 2, 0, 0, 0]}, {"keypoints": [20, 10, 2, 30, 20, 2, 0, 0, 0]})

    found = read(tmp_path, "keypoints")

    assert (found.options["things"], [one.x_min_px for one in things(found)]) == ("boxes", [1, 20])


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        ({"keypoints": PLACED, "iscrowd": 1}, CROWD),
        ({"keypoints": [0] * 9, "num_keypoints": 0, "bbox": [1, 1, 5, 5]}, NO_POINT),
        ({"bbox": [1, 1, 5, 5]}, NO_POINT),
        ({"category_id": 5, "bbox": [1, 1, 5, 5]}, NO_POINTS),
        ({"keypoints": [4, 5, 2]}, DAMAGED),
        ({"keypoints": [4, 5, 3, 0, 0, 0, 0, 0, 0]}, DAMAGED),
        ({"keypoints": [4, "x", 2, 0, 0, 0, 0, 0, 0]}, DAMAGED),
        ({"keypoints": [float("nan"), 5, 2, 0, 0, 0, 0, 0, 0]}, DAMAGED),
        ({"keypoints": PLACED, "bbox": [2, 3, 0, 8]}, NO_SIZE),
        ({"keypoints": PLACED, "bbox": [50, 3, 5, 8]}, OUTSIDE),
        ({"keypoints": [50, 5, 2, 0, 0, 0, 0, 0, 0]}, OUTSIDE),
    ],
)
def test_read__leaves_out_with_a_reason_and_keeps_the_others(tmp_path: Path, one: dict[str, Any], reason: str) -> None:
    a_file(tmp_path, {"keypoints": PLACED, "bbox": [2, 3, 12, 8]}, one)

    found = read(tmp_path, "keypoints")

    assert counts(found) == {reason: 1}
    assert "points.json: annotations[1]" in found.left_out[0].example
    assert len(things(found)) == 1


def test_read__counts_a_point_outside_and_a_wrong_number_of_points(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": [4, 5, 2, 41, 5, 2, 40, 30, 2], "num_keypoints": 2})

    found = read(tmp_path, "keypoints")

    assert [[(point.name, point.x_px) for point in one.points] for one in things(found)] == [[("eye", 4), ("tip", 40)]]
    assert changes(found) == {POINT_OUTSIDE: 1, COUNTED_OTHERWISE: 1}
    assert found.changed[1].example.endswith("annotations[0]: bend")


def test_read__turns_points_of_stored_pixels(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": PLACED, "bbox": [4, 5, 6, 2]})
    an_image(tmp_path / "a.png", orientation=6)

    (thing,) = things(found := read(tmp_path, "keypoints"))

    assert [(point.x_px, point.y_px) for point in thing.points] == [(25, 4), (25, 10)]
    assert thing.box_px == (23, 4, 2, 6)
    assert changes(found) == {TURNED: 1}


def test_read__takes_the_file_with_keypoints_beside_one_of_boxes(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": PLACED})
    a_file(tmp_path, {"bbox": [1, 1, 5, 5], "category_id": 5}, categories=(RING,), name="instances.json")

    assert [one.class_name for one in things(read(tmp_path, "keypoints"))] == ["hook"]


@pytest.mark.parametrize(
    ("category", "said"),
    [
        (HOOK | {"skeleton": [[1, 4]]}, r"categories\[0\].skeleton\[0\]: wanted two numbers from 1 to 3, found \[1, 4\]"),
        (HOOK | {"keypoints": ["eye", "eye", "tip"]}, r"categories\[0\].keypoints: wanted a list of different names"),
    ],
)
def test_read__refuses_a_category_that_cannot_be_meant(tmp_path: Path, category: dict[str, Any], said: str) -> None:
    a_file(tmp_path, {"keypoints": PLACED}, categories=(category,))

    with pytest.raises(SettingsError, match=said):
        read(tmp_path, "keypoints")


def test_read__refuses_two_files_with_other_points_of_a_class(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": PLACED})
    a_file(tmp_path, {"keypoints": PLACED[:6]}, categories=(HOOK | {"keypoints": ["eye", "tip"], "skeleton": []},), name="q.json")

    with pytest.raises(SettingsError, match="wanted those of 'hook' in another file"):
        read(tmp_path, "keypoints")


def test_read_folder__still_takes_the_boxes_of_such_a_file_first(tmp_path: Path) -> None:
    a_file(tmp_path, {"keypoints": PLACED, "bbox": [2, 3, 12, 8]})

    assert read(tmp_path).label_kind == "box"
