"""The peer's side of `benchmarks/label_efficiency.py`, for an environment with scikit-activeml.

    python label_efficiency_side.py SET TAIL SEEDS ANSWER

SET is an .npz of units, numbers and groups. Every batch strategy of scikit-activeml that chooses among embeddings and needs no
parameter of the set goes through the same rounds, and the same head is fitted. Its own classifier, where it wants one, is the
same logistic regression on the same scaled embeddings. ANSWER takes name → budget → accuracies, one a seed, as JSON.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.label_rounds import Asked, Integers, LabelledSet, all_accuracies, scaled

CLASSIFIED = {"Badge", "DropQuery", "UncertaintySampling", "Falcun"}
STRATEGIES = ("MaxHerding", "TypiClust", "ProbCover", "CoreSet", *sorted(CLASSIFIED))


def main() -> None:
    """Do all rounds."""
    file, tail, seeds, result_file = sys.argv[1:]
    stored = np.load(file)
    given = LabelledSet("set", stored["units"], stored["numbers"], stored["groups"])
    warnings.filterwarnings("ignore")
    found = all_accuracies(given, float(tail), int(seeds), {f"skactiveml {name}": _strategy(name) for name in STRATEGIES})
    Path(result_file).write_text(json.dumps(found), encoding="utf-8")


def _strategy(name: str) -> Callable[[Asked], Integers]:
    import skactiveml.pool as peers

    def pick(asked: Asked) -> Integers:
        options: dict[str, Any] = {"random_state": asked.seed}
        if name == "UncertaintySampling":
            options["method"] = "margin_sampling"
        if name == "ProbCover":
            options["n_classes"] = asked.classes
        if name in CLASSIFIED and asked.beliefs is None:
            strategy, wanted = peers.RandomSampling(random_state=asked.seed), {}
        else:
            strategy, wanted = getattr(peers, name)(**options), _classifier(asked) if name in CLASSIFIED else {}
        known = np.full(len(asked.units), np.nan)
        known[asked.chosen] = asked.labels
        return np.asarray(strategy.query(scaled(asked.units), known, batch_size=asked.count, **wanted), np.int64)

    return pick


def _classifier(asked: Asked) -> dict[str, Any]:
    from skactiveml.classifier import SklearnClassifier
    from sklearn.linear_model import LogisticRegression

    return {"clf": SklearnClassifier(LogisticRegression(max_iter=100), classes=list(range(asked.classes)))}


if __name__ == "__main__":
    main()
