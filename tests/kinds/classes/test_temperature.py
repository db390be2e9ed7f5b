"""Tests of temperature scaling: it calibrates probabilities and does not change predictions."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.kinds.classes.temperature import fit_temperature, log_loss


def overconfident(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Of ten answers eight are right, though each is given with a logit of 8."""
    targets = np.zeros(count, np.int64)
    logits = np.zeros((count, 2), np.float32)
    logits[:, 0] = 8
    logits[::5] = [0, 8]
    return logits, targets


def test_fit_temperature__calibrates_predictions_of_which_eight_of_ten_are_right() -> None:
    logits, targets = overconfident(100)

    temperature = fit_temperature(logits, targets)

    # A probability of 0.8 is a logit of log(4): 8 / log(4) = 5.77.
    assert abs(temperature - 8 / np.log(4)) < 0.01
    assert log_loss(logits, targets, temperature) < log_loss(logits, targets)


def test_fit_temperature__is_1_for_few_images() -> None:
    assert fit_temperature(*overconfident(10)) == 1.0
