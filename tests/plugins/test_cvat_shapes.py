"""Tests that CVAT's shapes become plain records with names and pixels, and come back as they were."""

from __future__ import annotations

from typing import Any

import pytest
from nightlens_airflow.cvat.shapes import as_labeled, records_of

from pipeline_tasks.errors import ServiceRefusedError

IDS = {"bolt": 1, "hand": 2, "thumb": 21, "palm": 22}
NAMES = {number: name for name, number in IDS.items()}
POINT = {"type": "points", "frame": 0, "occluded": False, "outside": False}
SHAPES: dict[str, dict[str, Any]] = {
    "rectangle": {"type": "rectangle", "points": [10.0, 20.0, 40.0, 60.0], "rotation": 30.0},
    "polygon": {"type": "polygon", "points": [1.0, 2.0, 3.0, 4.0, 5.0, 1.0]},
    # Rows of a rectangle of 3 x 2 pixels at 4, 5: one of background, four of the mask, one of background.
    "mask": {"type": "mask", "points": [1.0, 4.0, 1.0, 4.0, 5.0, 6.0, 6.0]},
    "skeleton": {
        "type": "skeleton",
        "points": [],
        "elements": [
            POINT | {"label_id": 21, "points": [1.0, 2.0]},
            POINT | {"label_id": 22, "points": [3.0, 4.0], "outside": True},
        ],
    },
}


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes__come_back_as_they_were(kind: str) -> None:
    shape = SHAPES[kind] | {"label_id": 1, "frame": 0}
    labeled = {"version": 0, "tags": [{"label_id": 1, "frame": 3}], "shapes": [shape], "tracks": []}

    assert as_labeled(records_of(labeled, NAMES), IDS) == labeled


def test_records__say_places_in_pixels() -> None:
    shapes = [SHAPES[kind] | {"label_id": 1, "frame": 0} for kind in ("rectangle", "mask")]

    box, mask = records_of({"shapes": shapes}, NAMES)[0]

    assert (box["left"], box["top"], box["width"], box["height"], box["rotation"]) == (10, 20, 30, 40, 30)
    assert (mask["left"], mask["top"], mask["width"], mask["height"], mask["runs"]) == (4, 5, 3, 2, [1, 4, 1])


def test_records__refuse_what_has_no_form_here() -> None:
    with pytest.raises(ServiceRefusedError, match="found a cuboid"):
        records_of({"shapes": [{"type": "cuboid", "points": [], "label_id": 1, "frame": 0}]}, NAMES)
    with pytest.raises(ServiceRefusedError, match="found 1 tracks"):
        records_of({"tracks": [{}]}, NAMES)
    with pytest.raises(ServiceRefusedError, match="found 'screw'"):
        as_labeled({0: [{"type": "tag", "name": "screw"}]}, IDS)
