"""Tests of `pipeline_tasks.evaluation.found_slices.clusters`."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.evaluation.found_slices.clusters import cluster


def test_cluster__puts_vectors_of_one_direction_together_whatever_their_length() -> None:
    vectors = np.array([[1.0, 0.0], [9.0, 0.1], [0.0, 2.0], [0.1, 5.0], [2.0, 0.0]])

    found = cluster(vectors, 2, seed=1)

    assert found[0] == found[1] == found[4] != found[2] == found[3]


def test_cluster__gives_the_same_for_the_same_seed() -> None:
    vectors = np.random.default_rng(3).normal(size=(200, 8))

    assert np.array_equal(cluster(vectors, 6, seed=5), cluster(vectors, 6, seed=5))
    assert len(np.unique(cluster(vectors, 6, seed=5))) == 6


def test_cluster__makes_no_more_clusters_than_there_are_directions() -> None:
    found = cluster(np.ones((5, 3)), 4, seed=0)

    assert len(np.unique(found)) == 1


def test_cluster__of_no_vectors_is_empty() -> None:
    assert cluster(np.zeros((0, 4)), 3, seed=0).size == 0
