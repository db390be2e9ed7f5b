"""Tests of a model's calibration on images that it was not fitted on, and on unusual ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import nn

from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES, policy_of
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.classes.decode import softmax
from pipeline_tasks.models.head_training import EmbeddedImages
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.training import Material, Outcome, train
from pipeline_tasks.settings import TrainingSettings

pytestmark = pytest.mark.slow

FIVE_CLASSES = ClassKind(("a", "b", "c", "d", "never")).modelling
DIMENSIONS = 256
CENTRES = np.random.default_rng(0).normal(0, 1.2, (4, DIMENSIONS)) * (np.arange(DIMENSIONS) < 8)
SPREADS = np.where(np.arange(DIMENSIONS) % 4 == 0, 0.01, 1.0)
"""Every fourth dimension is all but constant among ordinary images."""


def images(per_class: int, seed: int) -> EmbeddedImages:
    """Four overlapping classes; each image is a group of its own."""
    targets = np.repeat(np.arange(4), per_class)
    noise = np.random.default_rng(seed).normal(0, 1, (len(targets), DIMENSIONS)) * SPREADS
    rows = np.where(np.arange(DIMENSIONS) < 8, CENTRES[targets] + noise / SPREADS, noise)
    return EmbeddedImages(rows.astype(np.float32), targets, np.arange(len(targets)) + 1000 * seed)


def trained(folder: Path, per_class: int = 15) -> Outcome:
    material = Material(images(per_class, 1), images(1, 2))
    given = material, FIVE_CLASSES, TrainingSettings(), policy_of(None, FOR_WHOLE_IMAGES)
    return train(*given, seed=1, journal=Journal(), folder=folder, load_network=_no_network)


def _no_network() -> nn.Module:
    raise AssertionError("the backbone stays frozen")


def beliefs(outcome: Outcome, embeddings: np.ndarray) -> np.ndarray:
    return softmax(FIVE_CLASSES.outputs(outcome.head, embeddings) / outcome.temperature)


def test_train__of_few_images_is_calibrated(tmp_path: Path) -> None:
    outcome, test = trained(tmp_path), images(200, 3)

    found = beliefs(outcome, test.embeddings)

    right = (found.argmax(axis=1) == test.targets).mean()
    assert outcome.temperature != 1.0, "four validation images are too few, so it comes from cross-validation"
    assert abs(found.max(axis=1).mean() - right) < 0.1


def test_train__never_predicts_a_class_that_no_image_shows(tmp_path: Path) -> None:
    outcome = trained(tmp_path)

    assert outcome.never_shown == ("never",)
    assert (beliefs(outcome, images(50, 3).embeddings)[:, 4] == 0).all()


def test_train__is_uncertain_of_images_unlike_its_training_images(tmp_path: Path) -> None:
    unusual = np.random.default_rng(4).normal(0, 6, (200, DIMENSIONS)).astype(np.float32)

    found = beliefs(trained(tmp_path), unusual)

    assert found.max() < 0.6
