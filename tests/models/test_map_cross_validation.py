"""Tests of folds of feature maps: whole split groups, and views with their images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pipeline_tasks.kinds.map_modelling import MapShape
from pipeline_tasks.models import map_cross_validation
from pipeline_tasks.models.map_cross_validation import MapFolds, maps_cross_validated, most_views
from pipeline_tasks.models.map_training import MapExamples
from pipeline_tasks.settings import TrainingSettings

SHAPES = (MapShape(1, 1, 1, 8),)


@dataclass(frozen=True)
class Length:
    """As much of a training's length as folds ask for."""

    views: int
    batch_size: int = 4


class TwiceTheViewsOfFewImages:
    """A kind whose fewest images get one more view; it tells the images that it is judged on."""

    def __init__(self) -> None:
        self.judged_on: list[list[float]] = []

    def training(self, settings: TrainingSettings, train: list[Any], val: list[Any]) -> Length:
        return Length(settings.augmented_views + (len(train) < 3))

    def objective(self, shapes: Any) -> TwiceTheViewsOfFewImages:
        return self

    def metrics(self, outputs: Any, targets: Any) -> dict[str, float]:
        self.judged_on.append(sorted(targets[:, 0].tolist()))
        return {"val_scaled_loss": 0.5, "val_ap": 0.25}


@dataclass(frozen=True)
class Trained:
    """A fit."""

    network: Any


FOLDS = MapFolds(np.array([0, 0, 1, 2, 2, 3]), list("abcdef"), 3, seed=0)


def test_folds__keep_split_groups_whole_and_hold_out_each_image_once() -> None:
    held_out = [set(FOLDS.held_out(fold).tolist()) for fold in range(3)]

    assert set.union(*held_out) == set(range(6))
    assert sum(len(one) for one in held_out) == 6
    assert all(one & {0, 1} in ({0, 1}, set()) and one & {3, 4} in ({3, 4}, set()) for one in held_out)
    for fold in range(3):
        sides = [set(side.tolist()) for side in (FOLDS.held_out(fold), FOLDS.choosing(fold), FOLDS.trained_on(fold))]
        assert sides[1] == held_out[(fold + 1) % 3]
        assert set.union(*sides) == set(range(6))
        assert sum(len(one) for one in sides) == 6


def test_most_views__are_those_of_the_fold_with_the_fewest_images() -> None:
    assert most_views(FOLDS, TwiceTheViewsOfFewImages(), TrainingSettings(augmented_views=1)) == 2  # type: ignore[arg-type]


def test_maps_cross_validated__trains_on_views_of_other_images_and_judges_on_those_that_chose_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    kind, seen = TwiceTheViewsOfFewImages(), []

    def train_maps(train: Any, val: Any, *given: Any, **named: Any) -> Trained:
        seen.append([sorted(side.batch(0, list(range(len(side))))[0][:, 0].tolist()) for side in (train, val)])
        return Trained(lambda maps: maps)

    monkeypatch.setattr(map_cross_validation, "train_maps", train_maps)
    numbers = np.arange(18, dtype=np.float16)  # Image n has the maps n, and n + 6 and n + 12 for its two views.
    examples = MapExamples(numbers[:, None], numbers[:, None])
    judged = maps_cross_validated(
        *(FOLDS, examples, SHAPES, kind, TrainingSettings(augmented_views=1)),  # type: ignore[arg-type]
        score="ap",
        folder=tmp_path,
        is_hopeless=lambda losses: False,
    )

    assert (judged.losses, judged.scores) == ((0.5,) * 3, (0.25,) * 3)
    assert kind.judged_on == [sorted(FOLDS.held_out(fold).tolist()) for fold in range(3)]
    for fold, (train, val) in enumerate(seen):
        learnt = FOLDS.trained_on(fold).tolist()
        views = 2 if len(learnt) < 3 else 1
        assert train == sorted(number + 6 * view for number in learnt for view in range(1 + views))
        assert val == sorted(FOLDS.choosing(fold).tolist())
