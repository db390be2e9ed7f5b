"""Embeddings in few directions, on one scale, for small linear heads."""

from __future__ import annotations

import numpy as np

from pipeline_tasks.neighbors.cosine import Floats

DIRECTIONS = 128
SAMPLE_ROWS = 4096
ROUNDS = 6
"""Iterations of subspace iteration on the sample."""
SPREAD_POWER = 0.25
"""Power of a direction's spread by which its values are divided: 0 keeps the spreads, 1 makes them equal."""


def features_of(vectors: Floats, seed: int = 0) -> Floats:
    """Centred N x D vectors on their principal directions, N x at most 128; the mean length of a row is about 1."""
    centred = vectors - vectors.mean(axis=0)
    directions = _directions(centred, np.random.default_rng(seed))
    values = centred @ directions
    spread = values.std(axis=0)
    values = values[:, spread > spread.max(initial=0.0) * 1e-6]
    values /= spread[spread > spread.max(initial=0.0) * 1e-6] ** SPREAD_POWER
    length = float(np.sqrt((values * values).sum(axis=1).mean())) if values.size else 0.0
    scaled: Floats = (values / length if length else values).astype(np.float32)
    return scaled


def _directions(centred: Floats, generator: np.random.Generator) -> Floats:
    """Principal directions of a sample, D x at most 128, by subspace iteration."""
    sample = centred[np.sort(generator.permutation(len(centred))[:SAMPLE_ROWS])]
    count = min(DIRECTIONS, *sample.shape)
    basis = generator.normal(size=(centred.shape[1], count)).astype(np.float32)
    for _ in range(ROUNDS):
        basis = np.linalg.qr(sample.T @ (sample @ basis))[0]
    # Within the subspace, turn to the principal directions themselves, because each is scaled by its own spread.
    projected = sample @ basis
    turn = np.linalg.eigh(projected.T @ projected)[1][:, ::-1]
    directions: Floats = basis @ turn
    return directions
