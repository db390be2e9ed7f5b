"""Paired differences of two methods' doubts about the same images, with an interval over images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

DRAWS = 400
Floats = npt.NDArray[np.float64]
Round = tuple[Floats, Floats, npt.NDArray[np.bool_]]
"""Doubts of both methods about N images, and those that are wrong."""


def difference(rounds: Sequence[Round], seed: int = 0) -> dict[str, tuple[float, float, float]]:
    """Figure → mean difference over rounds and its 95 % interval: images are drawn anew, the same ones in all rounds.

    All rounds are about the same images. A draw in which a round has no wrong image is drawn again.
    """
    generator, count = np.random.default_rng(seed), len(rounds[0][2])
    found = {"AUROC": [], "AP": []}  # type: dict[str, list[float]]
    while len(found["AP"]) < DRAWS:
        rows = generator.integers(count, size=count)
        if all(is_wrong[rows].any() for _, _, is_wrong in rounds):
            for name, value in _apart(rounds, rows).items():
                found[name].append(value)
    whole = _apart(rounds, np.arange(count))
    return {name: (whole[name], *(float(one) for one in np.quantile(values, (0.025, 0.975)))) for name, values in found.items()}


def _apart(rounds: Sequence[Round], rows: npt.NDArray[np.int64]) -> dict[str, float]:
    measures = {"AUROC": roc_auc_score, "AP": average_precision_score}
    return {
        name: float(np.mean([measure(bad[rows], mine[rows]) - measure(bad[rows], other[rows]) for mine, other, bad in rounds]))
        for name, measure in measures.items()
    }
