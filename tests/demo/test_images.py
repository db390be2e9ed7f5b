"""Tests of the bytes of drawn files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from demo.images import Drawn, draw_file
from demo.plan import CLASSES, PlannedFile, plan_night
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.errors import RejectedFileError

pytestmark = pytest.mark.slow

PLAN = plan_night(1, 60, 7)


def _first(kind: str) -> PlannedFile:
    return next(file for file in PLAN if file.kind == kind)


def _pixels(drawn: Drawn) -> np.ndarray:  # type: ignore[type-arg]
    return decode(drawn.content, Limits()).pixels


def test_draw_file__gives_the_same_bytes_twice() -> None:
    assert all(draw_file(file).content == draw_file(file).content for file in PLAN[:6])


@pytest.mark.parametrize("class_name", CLASSES)
def test_draw_file__shows_every_class_at_256_px_or_more_with_its_part_inside(class_name: str) -> None:
    file = next(file for file in plan_night(2, 200, 7) if file.kind == "plain" and file.shot.class_name == class_name)

    drawn = draw_file(file)

    assert drawn.class_name == class_name
    assert drawn.mask is not None
    assert min(drawn.mask.shape) >= 256
    assert _pixels(drawn).shape[:2] == drawn.mask.shape
    assert 0.005 < drawn.mask.mean() < 0.6


def test_draw_file__an_exact_duplicate_has_the_same_bytes() -> None:
    copy = _first("exact_duplicate")
    original = next(file for file in PLAN if file.key == copy.copy_of)

    assert draw_file(copy).content == draw_file(original).content


@pytest.mark.parametrize("kind", ["next_frame", "re_encoded", "small_crop"])
def test_draw_file__a_near_duplicate_has_other_bytes_and_the_same_content(kind: str) -> None:
    copy = _first(kind)
    original = next(file for file in PLAN if file.key == copy.copy_of)
    images = [draw_file(file) for file in (copy, original)]

    assert images[0].content != images[1].content
    shares = [image.mask.mean() for image in images if image.mask is not None]
    assert shares[0] == pytest.approx(shares[1], rel=0.3)


def test_draw_file__a_turned_image_is_upright_once_its_orientation_is_applied() -> None:
    file = _first("turned")
    drawn, plain = draw_file(file), draw_file(PlannedFile(file.key, "plain", file.shot, file.seed))

    difference = np.abs(_pixels(drawn).astype(int) - _pixels(plain).astype(int))

    assert decode(drawn.content, Limits()).orientation == 6
    assert difference.mean() < 4


def test_draw_file__keeps_nothing_but_orientation_in_the_metadata() -> None:
    for file in PLAN[:20]:
        drawn = draw_file(file)
        if drawn.mask is not None:
            assert set(Image.open(io.BytesIO(drawn.content)).getexif()) <= {0x0112}


@pytest.mark.parametrize(
    ("kind", "reason"), [("empty", "empty"), ("text_named_jpg", "not_an_image"), ("truncated", "truncated"), ("corrupt", "corrupt")]
)
def test_draw_file__broken_files_are_rejected_with_the_planned_reason(kind: str, reason: str) -> None:
    drawn = [draw_file(file) for file in plan_night(1, 600, 7) if file.kind == kind]

    assert all(one.mask is None for one in drawn)
    for one in drawn:
        with pytest.raises(RejectedFileError) as refused:
            decode(one.content, Limits())
        assert refused.value.reason == reason


def test_draw_file__dark_and_blurred_images_lie_outside_the_limits_of_the_example_project() -> None:
    from demo.inbox import EXAMPLE
    from pipeline_tasks.measurements.measuring import measure
    from pipeline_tasks.settings import load_project

    limits = load_project(EXAMPLE).quality
    dark, blurred, plain = (measure(_pixels(draw_file(_first(kind)))) for kind in ("dark", "blurred", "plain"))

    assert limits.min_luma_mean is not None
    assert limits.min_sharpness is not None
    assert dark["luma_mean"] < limits.min_luma_mean < plain["luma_mean"]
    assert blurred["sharpness"] < limits.min_sharpness < plain["sharpness"]
