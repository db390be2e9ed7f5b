"""Tests of drawing a night into an inbox."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from demo.night import draw_night
from demo.plan import BROKEN, plan_night
from demo.truth import read_truth

pytestmark = pytest.mark.slow

FILES = 24


def _digests(folder: Path) -> dict[str, tuple[str, float]]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime) for path in paths}


def test_draw_night__draws_the_same_bytes_twice_and_writes_the_truth_of_each_image(tmp_path: Path) -> None:
    seen: list[int] = []
    for name in ("one", "other"):
        draw_night(1, FILES, 7, tmp_path / name, tmp_path / f"{name}.json", "parts", lambda done, _: seen.append(done))

    one = _digests(tmp_path / "one")
    assert one == _digests(tmp_path / "other")
    assert seen == [*range(1, FILES + 1)] * 2

    plan = {file.key: file for file in plan_night(1, FILES, 7)}
    truth = read_truth(tmp_path / "one.json")
    assert set(one) == set(plan)
    for key, (sha256, _) in one.items():
        if plan[key].kind in BROKEN:
            assert sha256 not in truth.images
        else:
            assert truth.images[sha256].class_name == plan[key].shot.class_name
    assert {plant.key for plant in truth.plants} == {key for key, file in plan.items() if file.kind != "plain"}


def test_draw_night__adds_a_second_night_beside_the_first_and_leaves_no_folder_behind(tmp_path: Path) -> None:
    for night in (1, 2):
        draw_night(night, FILES, 7, tmp_path / "inbox", tmp_path / "truth.json", "parts")

    assert len(_digests(tmp_path / "inbox")) == 2 * FILES
    assert len(read_truth(tmp_path / "truth.json").images) > FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inbox", "truth.json"]
