"""Tests of the comparison of two models on validation images, with losses that can be added up by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline_tasks.models.proven_better import is_proven_better


class MeanOfOutputs:
    """Outputs are the losses of images."""

    def metrics(self, outputs: Any, targets: Any) -> dict[str, float]:
        return {"val_scaled_loss": float(outputs.mean())}


def proven(own: list[float], other: list[float], groups: list[int]) -> bool:
    mine, theirs = (np.array(one, np.float32) for one in (own, other))
    return is_proven_better(MeanOfOutputs(), mine, theirs, np.zeros(len(own)), np.array(groups))  # type: ignore[arg-type]


def test_is_proven_better__on_every_image() -> None:
    assert proven([1, 1, 1, 1], [0.9, 0.9, 0.9, 0.9], [0, 1, 2, 3])


def test_is_proven_better__not_by_one_lucky_image_of_four() -> None:
    # Gains 0.4, 0, 0, 0: a mean of 0.1 with a standard error of 0.1.
    assert not proven([1, 1, 1, 1], [0.6, 1, 1, 1], [0, 1, 2, 3])


def test_is_proven_better__counts_like_images_of_a_group_once() -> None:
    # Gains 1, 1, 1, 1, -0.8: single images prove it (0.64 with an error of 0.36), two groups do not (an error of 1.44).
    own, other = [1.0] * 5, [0, 0, 0, 0, 1.8]
    assert proven(own, other, [0, 1, 2, 3, 4])
    assert not proven(own, other, [0, 0, 0, 0, 1])


def test_is_proven_better__not_if_worse_equal_or_of_one_group() -> None:
    assert not proven([1, 1, 1, 1], [1.1, 1.1, 1.1, 1.1], [0, 1, 2, 3])
    assert not proven([1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 2, 3])
    assert not proven([1, 1, 1, 1], [0, 0, 0, 0], [7, 7, 7, 7])
