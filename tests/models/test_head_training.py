"""Tests of training a head on few labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.models.head_training import EmbeddedImages, HeadTraining, TrainedHead, train_head, train_head_on_all
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.settings import TrainingSettings

pytestmark = pytest.mark.slow

FOUR_CLASSES = ClassKind(("a", "b", "c", "d")).modelling


def images(per_class: list[int], seed: int) -> EmbeddedImages:
    """Classes that lie 4 standard deviations apart in 8 of 256 dimensions."""
    generator = np.random.default_rng(seed)
    targets = np.repeat(np.arange(len(per_class)), per_class)
    centres = np.random.default_rng(0).normal(0, 1.5, (len(per_class), 256)) * (np.arange(256) < 8)
    return EmbeddedImages((centres[targets] + generator.normal(0, 1, (len(targets), 256))).astype(np.float32), targets)


def balanced_accuracy(answers: np.ndarray, targets: np.ndarray) -> float:
    return float(np.mean([(answers[targets == one] == one).mean() for one in np.unique(targets)]))


def logits(head: TrainedHead, embeddings: np.ndarray) -> np.ndarray:
    return FOUR_CLASSES.outputs(head.arrays, embeddings)


def fit(train: EmbeddedImages, val: EmbeddedImages, folder: Path):
    how = HeadTraining(FOUR_CLASSES, TrainingSettings(), 1, Journal(), folder)
    head = train_head(train, val, how)
    return head, train_head_on_all(head, train, val, how)


def test_train_head__runs_the_whole_schedule_where_validation_images_are_few(tmp_path: Path) -> None:
    head, on_all = fit(images([60, 20, 6, 3], 1), images([12, 4, 1, 1], 2), tmp_path)

    assert head.fitted.best_epoch == TrainingSettings().max_epochs - 1
    assert len(on_all.fitted.history) == TrainingSettings().max_epochs


def test_train_head__stops_early_with_enough_validation_images(tmp_path: Path) -> None:
    told: list[str] = []
    journal = Journal(tell_epoch=lambda phase, epoch, metrics: told.append(phase))
    settings = TrainingSettings(max_epochs=400, patience_epochs=5, learning_rate=3e-3)
    train, val = images([60, 20, 6, 6], 1), images([40, 40, 40, 40], 2)

    how = HeadTraining(FOUR_CLASSES, settings, 1, journal, tmp_path)
    head = train_head(train, val, how)
    on_all = train_head_on_all(head, train, val, how)

    assert len(head.fitted.history) == head.fitted.best_epoch + 6 < 400
    assert len(on_all.fitted.history) == head.fitted.best_epoch + 1
    assert set(told) == {"head"}, "validation metrics of a head that was fitted on them would be a lie"


def test_train_head__of_few_labels_equals_a_converged_regression(tmp_path: Path) -> None:
    train, test = images([60, 20, 6, 3], 1), images([200] * 4, 3)

    head, _ = fit(train, images([12, 4, 1, 1], 2), tmp_path)

    scaled = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
    peer = balanced_accuracy(scaled.fit(train.embeddings, train.targets).predict(test.embeddings), test.targets)
    assert balanced_accuracy(logits(head, test.embeddings).argmax(1), test.targets) > peer - 0.02


def test_train_head_on_all__learns_from_the_validation_images_too(tmp_path: Path) -> None:
    # The fourth class is only among the validation images.
    val = images([5, 5, 5, 5], 2)

    head, on_all = fit(images([30, 30, 30, 0], 1), val, tmp_path)

    is_fourth = val.targets == 3
    assert (logits(head, val.embeddings).argmax(1)[is_fourth] == 3).mean() < 0.5
    assert (logits(on_all, val.embeddings).argmax(1)[is_fourth] == 3).all()


def test_can_choose_epochs__requires_ten_images_a_class() -> None:
    assert FOUR_CLASSES.can_choose_epochs(np.zeros(40, np.int64))
    assert not FOUR_CLASSES.can_choose_epochs(np.zeros(39, np.int64))
