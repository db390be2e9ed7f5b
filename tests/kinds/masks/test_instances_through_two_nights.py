"""Tests of two whole nights of masks of objects: frozen one by one, trained, judged and served, also if two are of one class."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from kinds import given_nights
from kinds.given_nights import FIRST, HIGH, SECOND, after_two_nights_of_maps
from kinds.masks.test_masks_through_two_nights import SIDE, MaskNight, frozen_masks, square

from pipeline_tasks.geometry.run_lengths import iou
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.tables.label_object import DatasetObject, PredictedObject

pytestmark = pytest.mark.slow


class InstanceNight(MaskNight):
    """Images with one or two squares beside each other, which may be of one class. Every sixth image is empty."""

    def objects_of(self, number: int) -> list[Mask]:
        generator = np.random.default_rng([number, 7])
        names = [] if number % 6 == 5 else [("bolt", "nut")[int(one)] for one in generator.integers(0, 2, 1 + number % 2)]
        return [
            square(name, 48 * at + int(generator.integers(0, 48 - SIDE)), int(generator.integers(0, HIGH - SIDE)))
            for at, name in enumerate(names)
        ]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> InstanceNight:
    return after_two_nights_of_maps(tmp_path_factory, InstanceNight, label_kind="mask", labels={"regions": "instance"})


def test_objects__are_frozen_one_by_one(night: InstanceNight) -> None:
    frozen = night.store.read(DatasetObject, FIRST)

    assert frozen.height == sum(len(masks) for masks in list(night.truth.values())[:48])
    for image_id in frozen["image_id"].unique():
        assert frozen_masks(night.store, image_id) == set(night.truth[image_id])


def test_model_of_objects__is_trained_judged_and_promoted(night: InstanceNight) -> None:
    given_nights.assert_promoted_above_the_baseline(night)


def test_second_night__chooses_by_doubt_and_compares_with_the_champion(night: InstanceNight) -> None:
    given_nights.assert_second_night_compares(night)


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
