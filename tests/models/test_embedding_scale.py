"""Tests of the scale of embeddings: dimensions that hardly vary among few images do not dominate."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.models.embedding_scale import embedding_scale


def drawn(images: int, quiet: float) -> np.ndarray:
    """Nine dimensions of deviation 1, and one of deviation `quiet`."""
    rows = np.random.default_rng(0).normal(0, 1, (images, 10))
    rows[:, 0] *= quiet
    return rows.astype(np.float32)


def test_embedding_scale__limits_a_dimension_that_hardly_varies_among_few_images() -> None:
    rows = drawn(20, quiet=0.008)

    scale = embedding_scale(rows, 20)

    assert 4.0 / rows[:, 0].std() > 400, "the plain deviation puts another image here hundreds of deviations away"
    assert 4.0 / scale.spread[0] < 6


def test_embedding_scale__gives_each_dimension_its_own_spread_when_images_are_many() -> None:
    rows = drawn(20_000, quiet=0.5)

    scale = embedding_scale(rows, 20_000)

    assert np.allclose(scale.spread, rows.std(axis=0), rtol=0.01)


def test_embedding_scale__counts_views_as_no_further_images() -> None:
    rows = drawn(20, quiet=0.008)

    scale = embedding_scale(np.concatenate([rows, rows, rows]), 20)

    assert np.allclose(scale.spread, embedding_scale(rows, 20).spread, rtol=1e-5)


def test_embedding_scale__of_equal_images_divides_by_no_zero() -> None:
    scale = embedding_scale(np.ones((4, 3), np.float32), 4)

    assert (scale.spread > 0).all()
    assert scale.reach > 0
