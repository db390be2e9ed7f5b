"""Tests that figures of classifiers equal scikit-learn's to 1e-9, on random predictions with ties and certain mistakes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as theirs
from sklearn.calibration import calibration_curve

from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.classes.matches import match
from pipeline_tasks.kinds.classes.metrics import figures
from pipeline_tasks.kinds.multi_label import metrics as of_several
from pipeline_tasks.kinds.multi_label.matches import MultiLabelMatches
from pipeline_tasks.kinds.ranking import BINS, average_precision, calibration_error, roc_auc

NAMES = ("bolt", "gear", "nut")
IMAGES = 60


def given(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Truth and probabilities in steps of a tenth, so that many are equal, some are 0 and some are 1."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 3, IMAGES)
    tenths = generator.multinomial(10, [0.2, 0.3, 0.5], IMAGES)
    tenths[:6] = np.eye(3, dtype=np.int64)[generator.integers(0, 3, 6)] * 10
    return truth, tenths / 10


@pytest.mark.parametrize("seed", range(3))
def test_figures__of_one_class_an_image_equal_those_of_scikit_learn(seed: int) -> None:
    truth, probabilities = given(seed)
    ids = [f"{number:03d}" for number in range(IMAGES)]
    images = pl.DataFrame({"image_id": ids, "split_group_id": ids, "class_name": [NAMES[one] for one in truth]})
    rows = [
        ("m", image, name, p) for image, one in zip(ids, probabilities, strict=True) for name, p in zip(NAMES, one, strict=True)
    ]
    said = pl.DataFrame(rows, schema=["model_digest", "image_id", "class_name", "probability"], orient="row")
    matches = match(said, images, "m")
    found = {(one.metric, one.class_name): one.value for one in figures(matches, NAMES, draw_groups(IMAGES, 50, 1), 0.95)}

    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, _ = theirs.precision_recall_fscore_support(truth, predicted, zero_division=0)
    wanted = {
        ("accuracy", ""): theirs.accuracy_score(truth, predicted),
        ("balanced_accuracy", ""): theirs.balanced_accuracy_score(truth, predicted),
        ("log_loss", ""): theirs.log_loss(truth, probabilities),
        ("roc_auc", ""): theirs.roc_auc_score(truth, probabilities, multi_class="ovr"),
        ("average_precision", ""): theirs.average_precision_score(truth, probabilities),
    }
    for column, name in enumerate(NAMES):
        is_true, score = truth == column, probabilities[:, column]
        wanted |= {("precision", name): precision[column], ("recall", name): recall[column], ("f1", name): f1[column]}
        wanted |= {("roc_auc", name): theirs.roc_auc_score(is_true, score)}
        wanted |= {("average_precision", name): theirs.average_precision_score(is_true, score)}
    assert {one: found[one] for one in wanted} == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_figures__of_several_classes_an_image_equal_those_of_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth, probability = generator.random((IMAGES, 3)) < 0.4, generator.integers(0, 11, (IMAGES, 3)) / 10
    matches = MultiLabelMatches(NAMES, truth, probability >= 0.5, probability, np.arange(IMAGES))
    found = {
        (one.metric, one.class_name): one.value for one in of_several.figures(matches, NAMES, draw_groups(IMAGES, 50, 1), 0.95)
    }

    precision, recall, f1, _ = theirs.precision_recall_fscore_support(truth, matches.predicted)
    wanted = {
        ("f1_macro", ""): theirs.f1_score(truth, matches.predicted, average="macro"),
        ("jaccard", ""): theirs.jaccard_score(truth, matches.predicted, average="samples", zero_division=1),
        ("exact_images", ""): theirs.accuracy_score(truth, matches.predicted),
        ("log_loss", ""): np.mean([theirs.log_loss(truth[:, one], probability[:, one]) for one in range(3)]),
        ("roc_auc", ""): theirs.roc_auc_score(truth, probability),
        ("average_precision", ""): theirs.average_precision_score(truth, probability),
    }
    for column, name in enumerate(NAMES):
        wanted |= {("precision", name): precision[column], ("recall", name): recall[column], ("f1", name): f1[column]}
    assert {one: found[one] for one in wanted} == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_calibration_error__is_the_gap_of_scikit_learns_curve_weighed_by_its_bins(seed: int) -> None:
    generator = np.random.default_rng(seed)
    confidences = np.concatenate([generator.random(200), np.arange(16) / 15])
    is_right = generator.random(216) < confidences

    shares, means = calibration_curve(is_right, confidences, n_bins=BINS)

    edges = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidences)
    sizes = np.bincount(edges, minlength=BINS)
    wanted = (np.abs(shares - means) * sizes[sizes > 0]).sum() / 216
    assert calibration_error(is_right, confidences) == pytest.approx(wanted, abs=1e-9)


def test_areas__of_only_one_answer_are_unknown() -> None:
    all_true, none_true, scores = np.ones(3, bool), np.zeros(3, bool), np.array([0.1, 0.2, 0.3])

    assert np.isnan([roc_auc(all_true, scores), roc_auc(none_true, scores), average_precision(none_true, scores)]).all()
    assert average_precision(all_true, scores) == 1.0
    assert np.isnan(calibration_error(np.zeros(0, bool), np.zeros(0)))


def test_roc_auc__counts_pairs_by_hand() -> None:
    # True ones have 0.8 and 0.4, others 0.4 and 0.1: of four pairs three are right and one is a tie.
    assert roc_auc(np.array([True, False, True, False]), np.array([0.8, 0.4, 0.4, 0.1])) == pytest.approx(3.5 / 4)
