"""Tests of the decision about each image: new, diverse, asked for, or not kept for a reason."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from edge.given_edge import a_backbone, an_image
from tiny_model import tiny_model

from pipeline_tasks.edge.asked_for import AskedFor
from pipeline_tasks.edge.backbone_file import BackboneFile
from pipeline_tasks.edge.frame import Pixels
from pipeline_tasks.edge.keeping import Decision, Keeping
from pipeline_tasks.edge.kept_images import KeptImages
from pipeline_tasks.edge.ratio_threshold import RatioThreshold
from pipeline_tasks.edge.scene_change import SceneChange
from pipeline_tasks.edge.settings import AskedClass, AskedForSettings
from pipeline_tasks.errors import SettingsError


@pytest.fixture
def backbone(tmp_path: Path) -> BackboneFile:
    (tmp_path / "backbone.onnx").write_bytes(a_backbone())
    return BackboneFile(tmp_path / "backbone.onnx")


def of_colour(blue: int, green: int, red: int) -> Pixels:
    return np.full((48, 64, 3), (blue, green, red), np.uint8)


def judged(keeping: Keeping, *frames: Pixels) -> list[Decision]:
    decisions: list[Decision] = []
    for frame in frames:
        decisions.append(keeping.judge(frame))
        keeping.remember(decisions[-1])
    return decisions


def test_keeping__keeps_what_is_far_from_all_kept_images(backbone: BackboneFile) -> None:
    keeping = Keeping(backbone, KeptImages(10), SceneChange(0.0), min_distance=0.2)

    found = judged(
        keeping, of_colour(0, 0, 200), of_colour(0, 0, 90), of_colour(0, 200, 0), of_colour(200, 0, 0), of_colour(0, 180, 10)
    )

    assert [(one.kept_because, one.why_not) for one in found] == [
        ("new", None),
        (None, "too_alike"),
        ("new", None),
        ("new", None),
        (None, "too_alike"),
    ]
    # Colours at right angles: cosine 0, so half of the largest squared distance.
    assert [one.distance for one in found[:3]] == [None, pytest.approx(0, abs=1e-3), pytest.approx(0.5**0.5)]


def test_keeping__looks_at_a_still_scene_once_and_sees_slow_changes_add_up(backbone: BackboneFile) -> None:
    keeping = Keeping(backbone, KeptImages(10), SceneChange(0.05), min_distance=0.0)

    found = judged(keeping, *(of_colour(level, level, level) for level in (100, 100, 106, 112, 118, 118)))

    assert [one.why_not for one in found] == [None, "unchanged", "unchanged", "unchanged", None, "unchanged"]


def test_kept_images__forget_the_oldest_and_survive_a_restart(tmp_path: Path) -> None:
    kept = KeptImages(3)
    for number in range(5):
        kept.add(np.eye(6, dtype=np.float32)[number : number + 1])
    kept.save(tmp_path / "kept.npz", "backbone a")

    again = KeptImages.load(tmp_path / "kept.npz", 3, "backbone a")

    for one in (kept, again):
        assert len(one) == 3
        near = [one.distance(np.eye(6, dtype=np.float32)[number : number + 1]) for number in range(5)]
        assert near == pytest.approx([0.5**0.5] * 2 + [0.0] * 3, abs=1e-6)
    again.add(np.eye(6, dtype=np.float32)[5:])
    assert again.distance(np.eye(6, dtype=np.float32)[2:3]) == pytest.approx(0.5**0.5)
    assert len(KeptImages.load(tmp_path / "kept.npz", 3, "backbone b")) == 0
    (tmp_path / "kept.npz").write_bytes(b"broken")
    assert len(KeptImages.load(tmp_path / "kept.npz", 3, "backbone a")) == 0


def test_kept_images__since_the_last_save_survive_a_kill(tmp_path: Path) -> None:
    path, rows = tmp_path / "kept.npz", np.eye(3, dtype=np.float32)
    kept = KeptImages(5)
    for number in range(3):
        kept.add(rows[number : number + 1])
        kept.write_down(rows[number : number + 1], path, "backbone a")
        if number == 0:
            kept.save(path, "backbone a")
    (written,) = tmp_path.glob("*.added")
    written.write_bytes(written.read_bytes()[:-2])

    again = KeptImages.load(path, 5, "backbone a")

    assert [again.distance(rows[number : number + 1]) for number in range(3)] == pytest.approx([0, 0, 0.5**0.5], abs=1e-6)
    assert len(KeptImages.load(path, 5, "backbone b")) == 0
    again.save(path, "backbone a")
    assert not list(tmp_path.glob("*.added"))
    assert len(KeptImages.load(path, 5, "backbone a")) == 2


@pytest.mark.parametrize("target", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("seed", [0, 1])
def test_threshold__keeps_the_target_share_also_where_scenes_change(target: float, seed: int) -> None:
    drawn = np.random.default_rng(seed)
    threshold, kept, images = RatioThreshold(target, 0.01, 0.0), 0, 20_000
    for number in range(images):
        # Distances of another spread and level after each 5,000 images.
        level = (0.2, 0.5, 0.1, 0.4)[number // 5_000]
        distance = abs(drawn.normal(level, level / 4))
        is_kept = bool(distance >= threshold.value)
        threshold.record(distance, is_kept=is_kept)
        kept += is_kept

    assert abs(kept / images - target) <= 0.1 * target


@pytest.mark.parametrize("seed", range(5))
def test_threshold__does_not_keep_most_of_the_first_images(seed: int) -> None:
    threshold, kept = RatioThreshold(0.1, 0.01, 0.05), 0
    for distance in np.random.default_rng(seed).uniform(0.3, 0.7, 60):
        is_kept = bool(distance >= threshold.value)
        threshold.record(float(distance), is_kept=is_kept)
        kept += is_kept

    assert kept <= 16, "the ten that are all kept, and the share of sixty"


def test_threshold__does_not_fall_below_its_least_in_a_still_scene_nor_flood_afterwards() -> None:
    threshold = RatioThreshold(0.1, 0.01, 0.05)
    for _ in range(10_000):
        threshold.record(0.0, is_kept=False)
    assert threshold.value == 0.05
    kept = 0
    for _ in range(60):
        is_kept = threshold.value <= 0.3
        threshold.record(0.3, is_kept=is_kept)
        kept += is_kept
    # 25 images that were not kept before, those of the way to .3, and the share of the 60.
    assert 20 <= kept <= 25 + 30 + 6
    assert RatioThreshold(0.1, 0.01, 0.05, value=0.3).value == 0.3


def an_asked_for(folder: Path, **asked: float | str) -> AskedFor:
    (folder / "model.onnx").write_bytes(tiny_model())
    return AskedFor(AskedForSettings(folder / "model.onnx", (AskedClass(**asked),)))  # type: ignore[arg-type]


def test_asked_for__finds_classes_by_name_and_range_of_scores(tmp_path: Path) -> None:
    """The model's class bolt is likely where red is bright, nut where green is."""
    sure, doubtful = an_asked_for(tmp_path, name="bolt"), an_asked_for(tmp_path, name="bolt", min_score=0.3, max_score=0.7)
    red, green, both = of_colour(0, 0, 255), of_colour(0, 255, 0), of_colour(0, 200, 200)

    found = sure.find(red)
    assert found is not None
    assert (found.name, found.score > 0.99, len(found.model_digest)) == ("bolt", True, 64)
    assert sure.find(green) is None
    assert [doubtful.find(one) is None for one in (red, green, both)] == [True, True, False]


def test_asked_for__refuses_a_class_that_the_model_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the model knows bolt, nut, not 'bolts'"):
        an_asked_for(tmp_path, name="bolts")


def test_keeping__keeps_what_is_asked_for_below_the_threshold_and_no_near_copy(backbone: BackboneFile, tmp_path: Path) -> None:
    threshold = RatioThreshold(0.5, 0.01, 0.2, value=0.9)
    asked_for = an_asked_for(tmp_path, name="nut", min_score=0.9)
    keeping = Keeping(backbone, KeptImages(10), SceneChange(0.0), 0.2, threshold, asked_for)

    found = judged(keeping, of_colour(200, 0, 0), of_colour(0, 0, 200), of_colour(0, 200, 0), of_colour(0, 190, 0))

    told = [(one.kept_because, one.why_not, one.wish is not None) for one in found]
    assert told == [
        ("new", None, False),
        (None, "below_threshold", False),
        ("asked_for", None, True),
        (None, "too_alike", False),
    ]


def test_backbone_file__refuses_another_model(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(b"no model")
    for name, says in (("none.onnx", "found nothing at"), ("text.onnx", "not a readable ONNX file")):
        with pytest.raises(SettingsError, match=says):
            BackboneFile(tmp_path / name)


def test_pixels__of_the_model_are_nearly_those_of_the_server() -> None:
    from pipeline_tasks.decoding.model_image import model_image
    from pipeline_tasks.edge.model_pixels import model_pixels

    pixels = cv2.imdecode(np.frombuffer(an_image(3, (640, 480)), np.uint8), cv2.IMREAD_COLOR)
    smooth = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 4), np.uint8)
    for framing in ("centre", "whole"):
        server = model_image(smooth[:, :, ::-1], 224, framing)  # type: ignore[arg-type]
        device = model_pixels(smooth, 224, framing)  # type: ignore[arg-type]
        assert np.abs(server.astype(int) - device).mean() < 1
