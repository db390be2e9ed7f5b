"""Tests of the preview of augmented views: a row for each change, on the same images, drawn again alike."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import polars as pl
import pytest
from given import a_project
from kinds.given_objects import DRAWN
from PIL import Image as PillowImage

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.view_preview import ViewPreview
from pipeline_tasks.training_data.view_previews import PREVIEWED, view_previews

pytestmark = pytest.mark.slow
IMAGES = pl.DataFrame({"image_id": [f"{number:02}" for number in range(12)], "class_name": ["bolt"] * 11 + ["nut"]})


def thumbnail(image_id: str) -> bytes | None:
    """A red ramp, brighter from left to right; one image has none."""
    if image_id == "01":
        return None
    buffer = io.BytesIO()
    ramp = np.zeros((60, 80, 3), np.uint8)
    ramp[:, :, 0] = np.arange(80) * 3
    PillowImage.fromarray(ramp).save(buffer, "JPEG")
    return buffer.getvalue()


def previews(label_kind: str, training: dict[str, Any], images: pl.DataFrame = IMAGES) -> tuple[ViewPreview, ...]:
    drawn = next(one for one in DRAWN.values() if one.label_kind == label_kind)
    project = a_project(**(drawn.settings | {"training": training}))
    return view_previews(project, kind_of(project), images, thumbnail)


def reds(jpeg: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(PillowImage.open(io.BytesIO(jpeg)), np.int64)[:, :, 0]


def test_previews__have_a_row_for_each_change_and_whole_views() -> None:
    rows = previews("class", {"augmentation": {"horizontal_flip": {}, "jpeg": {"strength": 0.9}, "blur": {"probability": 0}}})

    assert [(row.name, row.says) for row in rows] == [
        ("", "as it is"),
        ("horizontal_flip", "50% of views"),
        ("jpeg", "strength 0.9, 50% of views"),
        ("", "view 1"),
        ("", "view 2"),
    ]
    assert {len(row.jpegs) for row in rows} == {PREVIEWED}
    plain, flipped = (reds(row.jpegs[0]) for row in rows[:2])
    assert (plain[:, 100] > plain[:, 20]).all()
    assert (flipped[:, 100] < flipped[:, 20]).all()


def test_previews__of_kinds_with_places_show_the_whole_image_turned_and_mirrored() -> None:
    rows = previews("box", {"augmentation": {"vertical_flip": {}, "quarter_turn": {}}})

    plain, upside_down = (reds(row.jpegs[0]) for row in rows[:2])
    assert plain.shape == (128, 128)
    # The ramp lies at the top of the square and below it is grey; upside down it is as high, and its left stays dark.
    assert plain[40, 4] < 40 < plain[40, 120]
    assert upside_down[64, 4] < 40 < upside_down[64, 120]


def test_previews__are_the_same_when_the_report_is_made_again() -> None:
    assert previews("class", {}) == previews("class", {})


def test_previews__are_none_where_nothing_is_augmented_or_there_are_no_thumbnails() -> None:
    assert previews("class", {"augmented_views": 0}) == ()
    assert previews("text", {}) == ()
    assert previews("class", {}, IMAGES.filter(image_id="01")) == ()


def test_previews__of_a_mix_show_two_of_the_images() -> None:
    def flat(image_id: str) -> bytes:
        """Black, or red."""
        buffer = io.BytesIO()
        PillowImage.new("RGB", (60, 60), (200 * (int(image_id) % 2), 0, 0)).save(buffer, "JPEG")
        return buffer.getvalue()

    project = a_project(training={"augmentation": {"mixup": {"strength": 1.0}, "cutmix": {}}})
    rows = view_previews(project, kind_of(project), IMAGES, flat)

    assert [row.name for row in rows] == ["", "mixup", "cutmix", "", ""]
    blended, pasted = ([reds(jpeg) for jpeg in row.jpegs] for row in rows[1:3])
    assert any(one.min() > 20 and one.max() < 180 and np.ptp(one) < 5 for one in blended)
    assert any(np.ptp(one) > 150 for one in pasted)
