"""Vectors to choose from, drawn, and how well picks cover them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def draw_vectors(rows: int, width: int, seed: int = 0) -> Floats:
    """Two hundred uneven heaps whose rows differ in 32 directions and a little in all; length 1."""
    generator = np.random.default_rng(seed)
    heap_of = generator.choice(200, rows, p=generator.dirichlet(np.full(200, 0.5)))
    centres = generator.standard_normal((200, width), np.float32)
    directions = generator.standard_normal((32, width), np.float32) / np.float32(32**0.5)
    vectors = np.empty((rows, width), np.float32)
    for first in range(0, rows, 50_000):
        part = centres[heap_of[first : first + 50_000]]
        part += generator.standard_normal((len(part), 32), np.float32) @ directions
        part += np.float32(0.3) * generator.standard_normal(part.shape, np.float32)
        vectors[first : first + 50_000] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def radius(vectors: Floats, picks: npt.NDArray[np.integer]) -> float:
    """Distance of the row that lies farthest from all picks."""
    lowest = min(
        float((vectors[first : first + 4096] @ vectors[picks].T).max(axis=1).min()) for first in range(0, len(vectors), 4096)
    )
    return float(np.sqrt(2 - 2 * lowest))


def rank_correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Spearman's, of scores without ties."""
    ranks, other_ranks = (np.argsort(np.argsort(scores)) for scores in (one, other))
    return float(np.corrcoef(ranks, other_ranks)[0, 1])
