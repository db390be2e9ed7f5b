"""Tests of principal components and of MMD by random frequencies."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.drift.permuting import weights_of
from pipeline_tasks.drift.spectra import components, mean_distances, waves


def test_components__are_the_leading_ones() -> None:
    rows = (np.random.default_rng(0).normal(size=(200, 90)) * 0.9 ** np.arange(90)).astype(np.float32)

    found = components(rows, seed=0)

    lengths = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    assert found.shape == (200, 64)
    assert np.linalg.norm(found, axis=0)[:30] == pytest.approx(lengths[:30], rel=1e-3)


def test_components__of_few_images_are_as_many_as_there_can_be() -> None:
    assert components(np.eye(4, 3, dtype=np.float32), seed=0).shape == (4, 3)


def test_mean_distances__are_about_the_mmd_of_a_gaussian_kernel() -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(300, 5)).astype(np.float32)
    rows[150:] += 1
    sides = (np.arange(300) >= 150).astype(np.float32)

    found = mean_distances(waves(rows, seed=0), weights_of(sides[:, np.newaxis]))[0]

    between = np.linalg.norm(rows[:, np.newaxis] - rows, axis=2)
    kernel = np.exp(-((between / np.median(between[np.triu_indices(300, 1)])) ** 2) / 2)
    weights = np.where(sides > 0, 1 / 150, -1 / 150)
    assert found == pytest.approx(np.sqrt(weights @ kernel @ weights), rel=0.1)


def test_waves__of_equal_images_are_equal() -> None:
    found = waves(np.ones((4, 2), np.float32), seed=0)

    assert (found == found[0]).all()
