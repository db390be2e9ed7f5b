"""Embeddings in few dimensions, and a distance of their distributions: MMD with a Gaussian kernel.

Principal components are of both samples together: those of the reference alone fit its own images better than new ones, and a test
would take that for drift. They are found with random projections (Halko, Martinsson, Tropp, SIAM Review 53, 2011). The kernel is
a product of cosines and sines of random frequencies (Rahimi, Recht, NeurIPS 2007), which makes MMD (Gretton et al., JMLR 13, 2012)
the length of a difference of means, so that a thousand exchanges cost one product of matrices instead of a thousand sums over all
pairs. Its width is the median distance between images.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.drift.permuting import Matrix
from pipeline_tasks.drift.sample import Floats

COMPONENTS, FREQUENCIES = 64, 256
_MORE, _POWERS, _PAIRS = 16, 2, 2000


def components(embeddings: npt.NDArray[np.float32], seed: int) -> Matrix:
    """Principal components of N x D embeddings: N x 64 at most, centred."""
    centred = embeddings - embeddings.mean(axis=0)
    wanted = min(COMPONENTS, *centred.shape)
    generator = np.random.default_rng(seed)
    found = centred @ generator.normal(size=(centred.shape[1], min(wanted + _MORE, centred.shape[1]))).astype(np.float32)
    for _ in range(_POWERS):
        found = centred @ (centred.T @ np.linalg.qr(found)[0])
    basis = np.linalg.qr(found)[0]
    left, lengths, _ = np.linalg.svd(basis.T @ centred, full_matrices=False)
    return np.asarray((basis @ left[:, :wanted]) * lengths[:wanted], np.float32)


def waves(rows: Matrix, seed: int) -> Matrix:
    """Cosines and sines (N x 512) whose products are about the Gaussian kernel of N x K rows; their own are 1."""
    generator = np.random.default_rng(seed)
    one, other = generator.integers(0, len(rows), (2, _PAIRS))
    width = float(np.median(np.linalg.norm(rows[one] - rows[other], axis=1)[one != other])) if len(rows) > 1 else 0.0
    turns = rows @ (generator.normal(size=(rows.shape[1], FREQUENCIES)) / max(width, 1e-12)).astype(np.float32)
    found: Matrix = np.concatenate([np.cos(turns), np.sin(turns)], axis=1) / np.float32(np.sqrt(FREQUENCIES))
    return found


def mean_distances(rows: Matrix, weights: Matrix) -> Floats:
    """MMD in each exchange (E): length of the difference of means of N x F `waves`, by N x E weights."""
    found: Floats = np.linalg.norm((weights.T @ rows).astype(np.float64), axis=1)
    return found
