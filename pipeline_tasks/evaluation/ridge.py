"""Weighted ridge regression in closed form: the same result each time, without a solver's steps or seeds.

Hoerl, Kennard, Ridge regression, Technometrics 1970. Of several strengths the one with the least error in predicting each row from
all others is taken, which needs no further fit (Allen, PRESS, Technometrics 1974).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
STRENGTHS = np.logspace(-3, 3, 13)
"""Tried strengths, in mean eigenvalues of the rows' products; in ones where all rows are alike."""

TINY = 1e-9


@dataclass(frozen=True)
class Ridge:
    """Coefficients (D x C) and the point that they go through."""

    coefficients: Floats
    centre: Floats
    offset: Floats
    strength: float
    left_out: Floats
    """Prediction of each row by a fit without it, N x C."""

    def predict(self, rows: Floats) -> Floats:
        """N x D → N x C."""
        found: Floats = (rows - self.centre) @ self.coefficients + self.offset
        return found


def fit_ridge(rows: Floats, targets: Floats, weights: Floats) -> Ridge:
    """Fit N x D rows to N x C targets; costs N² D + N³, and N² of memory."""
    centre, offset = np.average(rows, axis=0, weights=weights), np.average(targets, axis=0, weights=weights)
    root = np.sqrt(weights)[:, np.newaxis]
    known, wanted = root * (rows - centre), root * (targets - offset)
    values, vectors = np.linalg.eigh(known @ known.T)
    values = np.maximum(values, 0.0)
    turned, at_centre = vectors.T @ wanted, (weights / weights.sum())[:, np.newaxis]
    unit = float(values.mean()) if values.mean() > TINY else 1.0
    tried = [_left_out(vectors, values, turned, wanted, at_centre, one * unit) for one in STRENGTHS]
    best = int(np.argmin([float((residuals**2).sum()) for residuals in tried]))
    strength = float(STRENGTHS[best] * unit)
    duals = vectors @ (turned / (values + strength)[:, np.newaxis])
    return Ridge(known.T @ duals, centre, offset, strength, targets - tried[best] / root)


def _left_out(vectors: Floats, values: Floats, turned: Floats, wanted: Floats, at_centre: Floats, strength: float) -> Floats:
    """Weighted errors of predicting each row from all others."""
    shrunk = (values / (values + strength))[:, np.newaxis]
    leverage = (vectors**2 @ shrunk) + at_centre
    errors: Floats = (wanted - vectors @ (shrunk * turned)) / np.maximum(1 - leverage, TINY)
    return errors
