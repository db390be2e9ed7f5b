"""Tests of two whole nights of masks of objects: frozen one by one, trained, judged and served, also if two are of one class."""

from __future__ import annotations

from typing import Any

import given_models
import numpy as np
import polars as pl
import pytest
from given_night import a_night
from kinds.masks.given_masks import painted
from kinds.masks.test_masks_through_two_nights import FIRST, HIGH, SECOND, SIDE, WIDE, MaskNight, frozen_masks

from pipeline_tasks.geometry.run_lengths import iou
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.tables.label_object import DatasetObject, PredictedObject

pytestmark = pytest.mark.slow


class InstanceNight(MaskNight):
    """Images with one or two squares beside each other, which may be of one class. Every sixth image is empty."""

    def parts_of(self, number: int) -> list[Mask]:
        generator = np.random.default_rng([number, 7])
        names = [] if number % 6 == 5 else [("bolt", "nut")[int(one)] for one in generator.integers(0, 2, 1 + number % 2)]
        return [
            square(name, 48 * at + int(generator.integers(0, 48 - SIDE)), int(generator.integers(0, HIGH - SIDE)))
            for at, name in enumerate(names)
        ]


def square(name: str, left: int, top: int) -> Mask:
    pixels = np.zeros((HIGH, WIDE), bool)
    pixels[top : top + SIDE, left : left + SIDE] = True
    return painted(name, pixels)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> InstanceNight:
    folder = tmp_path_factory.mktemp("instances")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        selection = {"budget": 48, "first_round_control_ratio": 0.5, "objectives": "margin"}
        backbone = {"side_px": given_models.SIDE_PX, "map_side_px": 96}
        settings: dict[str, Any] = {"label_kind": "mask", "labels": {"regions": "instance"}}
        found = a_night(folder, InstanceNight, selection=selection, backbone=backbone, **settings)
        found.bring(range(48))
        found.told = {FIRST: found.cycle(FIRST)}
        found.bring(range(48, 72))
        found.told[SECOND] = found.cycle(SECOND)
    return found


def test_objects__are_frozen_one_by_one(night: InstanceNight) -> None:
    frozen = night.store.read(DatasetObject, FIRST)

    assert frozen.height == sum(len(masks) for masks in list(night.truth.values())[:48])
    for image_id in frozen["image_id"].unique():
        assert frozen_masks(night.store, image_id) == set(night.truth[image_id])


def test_model_of_objects__is_trained_judged_and_promoted(night: InstanceNight) -> None:
    told = night.told[FIRST]

    assert told["evaluate_model"]["score"] > told["evaluate_model"]["baseline_score"]
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]


def test_second_night__chooses_by_doubt_and_compares_with_the_champion(night: InstanceNight) -> None:
    told = night.told[SECOND]

    assert "margin" in told["select_images"]["strategies"]
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}


def test_model_of_objects__finds_most_objects_of_test_images_by_their_pixels(night: InstanceNight) -> None:
    rows = night.store.read(PredictedObject, SECOND)
    rows = rows.filter(pl.col("model_digest") == night.told[SECOND]["evaluate_model"]["model_digest"], pl.col("confidence") > 0.3)
    found = wanted = 0
    for (image_id,), mine in rows.group_by("image_id"):
        truth = night.truth[str(image_id)]
        alike = iou(mine["mask_rle"].to_list(), [one.rle for one in truth])
        found += int((alike.max(axis=0, initial=0) >= 0.5).sum())
        wanted += len(truth)

    assert wanted >= 10
    assert found >= 0.6 * wanted
