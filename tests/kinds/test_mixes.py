"""Tests of targets of mixed images: their loss is that of both images, each with its share; other kinds refuse them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from given import a_project
from kinds.given_objects import DRAWN

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.classes.modelling import ClassModelling
from pipeline_tasks.kinds.mixes import check_mixes
from pipeline_tasks.kinds.multi_label.modelling import MultiLabelModelling
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.fit import FitSettings

OUTPUTS = torch.tensor([[1.0, -2.0, 0.5], [0.3, 0.1, -1.0]])
SHARES = np.array([0.25, 0.0])
FITS = [FitSettings(), FitSettings(label_smoothing=0.2), FitSettings(loss="focal", label_smoothing=0.1)]


def test_shared_targets__have_both_images() -> None:
    found = ClassModelling(("a", "b", "c")).shared_targets(np.array([0, 2]), np.array([1, 2]), SHARES)

    assert found.tolist() == [[0.75, 0.25, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize("fit", FITS, ids=str)
def test_loss__of_a_mixed_class_is_that_of_two_weighted_rows(fit: FitSettings) -> None:
    modelling, seen = ClassModelling(("a", "b", "c")), np.array([0, 0, 0, 1, 2, 2])
    objective: Any = modelling.objective(seen, TrainingSettings(fit=fit))
    shared = torch.from_numpy(modelling.shared_targets(np.array([0, 2]), np.array([1, 2]), SHARES))

    def row(at: int, number: int) -> tuple[float, float]:
        """Loss of one row with one class, and the weight of the class."""
        weight = float(objective.module.class_weights[number])
        return float(objective.loss(OUTPUTS[at : at + 1], torch.tensor([number]))), weight

    (first, w_first), (second, w_second), (third, w_third) = row(0, 0), row(0, 1), row(1, 2)
    wanted = 0.75 * w_first * first + 0.25 * w_second * second + w_third * third

    assert w_first != w_second
    assert float(objective.loss(OUTPUTS, shared)) == pytest.approx(wanted / (0.75 * w_first + 0.25 * w_second + w_third), rel=1e-5)


@pytest.mark.parametrize("fit", FITS, ids=str)
def test_loss__of_several_mixed_classes_is_the_mean_of_both(fit: FitSettings) -> None:
    modelling = MultiLabelModelling(("a", "b", "c"))
    one, other = (np.array([[*numbers]], np.float32) for numbers in ((1, 0, 1), (0, 0, 1)))
    objective: Any = modelling.objective(np.concatenate([one, other, other]), TrainingSettings(fit=fit))
    shared = modelling.shared_targets(one, other, np.array([0.25]))

    def loss(targets: np.ndarray[Any, Any]) -> float:
        return float(objective.loss(OUTPUTS[:1], torch.from_numpy(targets)))

    assert shared.tolist() == [[0.75, 0.0, 1.0]]
    assert loss(shared) == pytest.approx(0.75 * loss(one) + 0.25 * loss(other), rel=1e-5)


@pytest.mark.parametrize(
    ("label_kind", "name", "says"),
    [
        ("class", "mixup", ""),
        ("class", "cutmix", ""),
        ("classes", "mixup", ""),
        ("box", "cutmix", ""),
        ("mask", "mosaic", ""),
        ("box", "mixup", "label_kind box cannot be mixed so. Use cutmix or mosaic instead, or leave it out"),
        (
            "class",
            "mosaic",
            "found mosaic, which mixes images; labels of label_kind class cannot be mixed so. Use mixup or cutmix ",
        ),
        ("text", "cutmix", "found cutmix, which mixes images; labels of label_kind text cannot be mixed so. Leave it out"),
    ],
)
def test_check_mixes__refuses_what_the_labels_of_a_kind_cannot_follow(label_kind: str, name: str, says: str) -> None:
    drawn = next(one for one in DRAWN.values() if one.label_kind == label_kind)
    project = a_project(**(drawn.settings | {"training": {"augmentation": {name: {}}}}))

    if not says:
        check_mixes(project)
        return
    with pytest.raises(SettingsError, match=re.escape(says)):
        check_mixes(project)


def test_check_mixes__refuses_them_with_a_whole_network_whose_views_are_not_mixed() -> None:
    drawn = next(one for one in DRAWN.values() if one.label_kind == "mask")
    project = a_project(**(drawn.settings | {"training": {"augmentation": {"mosaic": {}}}, "network": {"name": "unet"}}))

    with pytest.raises(SettingsError, match="found mosaic; views of a whole network \\(network: unet\\) are not mixed yet"):
        check_mixes(project)
