"""Tests of the losses that `training.fit` names, by figures made by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch

from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.kinds.classes.torch_head import ClassObjective, class_weights
from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling
from pipeline_tasks.kinds.multi_label.torch_head import MultiLabelObjective, presence_weights
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.fit import FitSettings

pytestmark = pytest.mark.slow

THREE_TO_1 = torch.tensor([[log(3), 0.0]])
"""Logits of probabilities 0.75 and 0.25."""
ALONE = torch.tensor([[log(3)]])
"""A logit of a probability of 0.75."""


def class_loss(target: int, fit: FitSettings) -> float:
    return ClassObjective(np.array([0, 1]), 2, balance=False, fit=fit).loss(THREE_TO_1, torch.tensor([target])).item()


def presence_loss(target: float, fit: FitSettings) -> float:
    objective = MultiLabelObjective(np.array([[0.0], [1.0]], np.float32), balance=False, fit=fit)
    return objective.loss(ALONE, torch.tensor([[float(target)]])).item()


def test_focal_loss__lessens_what_is_easily_told() -> None:
    focal = FitSettings(loss="focal", focal_gamma=2)

    assert class_loss(0, focal) == pytest.approx(0.25**2 * -log(0.75))
    assert class_loss(1, focal) == pytest.approx(0.75**2 * -log(0.25))
    assert presence_loss(1, focal) == pytest.approx(0.25**2 * -log(0.75))
    assert presence_loss(0, focal) == pytest.approx(0.75**2 * -log(0.25))


def test_focal_loss__of_gamma_0_is_cross_entropy() -> None:
    for loss in (class_loss, presence_loss):
        assert loss(0, FitSettings(loss="focal", focal_gamma=0)) == pytest.approx(loss(0, FitSettings()))


def test_label_smoothing__spreads_a_share_over_all_classes() -> None:
    smooth = FitSettings(label_smoothing=0.2)

    assert class_loss(0, smooth) == pytest.approx(-0.9 * log(0.75) - 0.1 * log(0.25))
    assert presence_loss(1, smooth) == pytest.approx(-0.9 * log(0.75) - 0.1 * log(0.25))


def test_class_weights__by_effective_number_of_1_and_3_images() -> None:
    # With beta 0.5 three images are worth 1 + 0.5 + 0.25; the weights add up to 4 over the four images.
    weights = class_weights(torch.tensor([0, 1, 1, 1]), 3, balance=True, beta=0.5)

    assert weights[0] / weights[1] == pytest.approx(1.75)
    assert weights[0] + 3 * weights[1] == pytest.approx(4)
    assert weights[2] == 0, "no image shows it"
    assert class_weights(torch.tensor([0, 1, 1, 1]), 2, balance=True, beta=0).tolist() == [1, 1]


def test_class_weights__by_an_effective_number_near_1_are_those_by_images() -> None:
    targets = torch.tensor([0, 1, 1, 1])

    near = class_weights(targets, 2, balance=True, beta=1 - 1e-7)

    assert near.tolist() == pytest.approx(class_weights(targets, 2, balance=True).tolist(), rel=1e-5)


def test_presence_weights__by_effective_number() -> None:
    # One image with the class and three without it.
    assert presence_weights(torch.tensor([[1.0], [0], [0], [0]]), balance=True, beta=0.5).item() == pytest.approx(1.75**0.5)


@pytest.mark.parametrize("balance_by", ["oversampling", "undersampling"])
def test_objectives__weight_no_class_where_draws_balance_them(balance_by: str) -> None:
    settings = TrainingSettings.model_validate({"fit": {"balance_by": balance_by}})
    classes, several = ClassModelling(("a", "b")), MultiLabelModelling(("a", "b"))

    assert classes.objective(np.array([0, 0, 0, 1]), settings).module.get_buffer("class_weights").tolist() == [1, 1]
    weights = several.objective(np.array([[1, 0], [1, 0], [0, 1]], np.float32), settings).module.get_buffer("presence_weights")
    assert weights.tolist() == [1, 1]


def test_draw_groups__of_several_classes_are_the_rarest_of_each_image() -> None:
    targets = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], np.float32)

    assert MultiLabelModelling(("often", "rare")).draw_groups(targets).tolist() == [0, 0, 1, 2]
    assert ClassModelling(("a", "b")).draw_groups(np.array([1, 0])).tolist() == [1, 0]
