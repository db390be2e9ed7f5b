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
GROUPS = np.array([0, 0, 1, 2, 2, 3])


@dataclass(frozen=True)
class Length:
    """As much of a training's length as folds ask for."""

    views: int


class TwiceTheViewsOfFewImages:
    """A kind whose fewest images get one more view."""

    def training(self, settings: TrainingSettings, train: list[Any], val: list[Any]) -> Length:
        return Length(settings.augmented_views + (len(train) < 5))


@dataclass(frozen=True)
class Trained:
    """Metrics of a fit."""

    best: dict[str, float]


def test_folds__keep_split_groups_whole_and_hold_out_each_image_once() -> None:
    folds = MapFolds(GROUPS, list("abcdef"), 2, seed=0)
    held_out = [set(folds.held_out(fold).tolist()) for fold in range(2)]

    assert held_out[0] | held_out[1] == set(range(6))
    assert not held_out[0] & held_out[1]
    assert len({fold for fold in range(2) if held_out[fold] & {0, 1}}) == 1
    assert all(set(folds.trained_on(fold).tolist()) == set(range(6)) - held_out[fold] for fold in range(2))


def test_most_views__are_those_of_the_fold_with_the_fewest_images() -> None:
    folds = MapFolds(GROUPS, list("abcdef"), 2, seed=0)
    assert most_views(folds, TwiceTheViewsOfFewImages(), TrainingSettings(augmented_views=1)) == 2  # type: ignore[arg-type]


def test_maps_cross_validated__trains_on_the_views_of_the_other_folds_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    folds, seen = MapFolds(GROUPS, list("abcdef"), 2, seed=0), []

    def train_maps(train: Any, val: Any, *given: Any, **named: Any) -> Trained:
        seen.append([sorted(side.batch(0, list(range(len(side))))[0][:, 0].tolist()) for side in (train, val)])
        return Trained({"val_scaled_loss": 0.5, "val_ap": 0.5})

    monkeypatch.setattr(map_cross_validation, "train_maps", train_maps)
    numbers = np.arange(18, dtype=np.float16)  # Image n has the maps n, and n + 6 and n + 12 for its two views.
    examples = MapExamples(numbers[:, None], numbers[:, None])
    judged = maps_cross_validated(
        *(folds, examples, SHAPES, TwiceTheViewsOfFewImages(), TrainingSettings(augmented_views=1)),  # type: ignore[arg-type]
        score="ap",
        folder=tmp_path,
        is_hopeless=lambda losses: False,
    )

    assert judged.losses == (0.5, 0.5)
    for fold, (train, val) in enumerate(seen):
        learnt, held_out = folds.trained_on(fold).tolist(), folds.held_out(fold).tolist()
        views = 2 if len(learnt) < 5 else 1
        assert train == sorted(number + 6 * view for number in learnt for view in range(1 + views))
        assert val == sorted(held_out)
