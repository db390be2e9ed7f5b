"""What a label is worth: every strategy against random on one set of pictures, by the same head on the same frozen embeddings.

    python -m benchmarks.label_efficiency FOLDER                     a folder of class folders
    python -m benchmarks.label_efficiency EMBEDDINGS.npy LABELS.npy  N x D and N

A third of each class is the test set, drawn anew with each seed. From the rest every strategy chooses round by round, first 5 a
class, then twice as many in all, and a logistic head is trained on what was chosen; its probabilities serve the next round. Prints
balanced accuracy, the difference to random in points with a paired 95 % interval over seeds (Student's t), and how many labels each
strategy needs for random's accuracy at the last budget. The figures are those of the set given: nothing is tuned here.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from pipeline_tasks import wiring
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.model_picture import model_picture
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.models.backbone import open_backbone
from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection.choose import choose
from pipeline_tasks.settings import BackboneSettings

STRATEGIES = ("random", "auto", "coverage", "diversity", "typicality", "margin", "entropy", "least_confidence", "class_balance")
WANTS_MODEL = {"margin", "entropy", "least_confidence", "class_balance"}
FIRST_LABELS_A_CLASS = 5
TEST_RATIO = 1 / 3
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_efficiency")
    parser.add_argument("source", type=Path, nargs="+", help="a folder of class folders, or embeddings and labels as .npy")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES))
    parser.add_argument("--tail", type=float, default=1.0, help="the rarest class keeps this share of its pool, the others more")
    given = parser.parse_args()
    embeddings, labels = _read(given.source)
    names, numbers = np.unique(labels, return_inverse=True)
    units, strategies = unit_rows(embeddings), list(dict.fromkeys(["random", *given.strategies]))
    print(f"{len(units)} pictures, {', '.join(f'{name} {count}' for name, count in zip(names, np.bincount(numbers), strict=True))}")
    found: dict[tuple[str, int], list[float]] = {}
    for seed in range(given.seeds):
        pool, test = _split(numbers, given.tail, np.random.default_rng(seed))
        for strategy in strategies:
            for budget, accuracy in _rounds(units, numbers, pool, test, strategy, seed):
                found.setdefault((strategy, budget), []).append(accuracy)
    _print(found, strategies, given.seeds)


def _read(source: list[Path]) -> tuple[Floats, npt.NDArray[np.str_]]:
    if len(source) == 2:
        return np.load(source[0]).astype(np.float32), np.load(source[1]).astype(str)
    pictures, labels = [], []
    for path in sorted(one for one in source[0].glob("*/*") if one.is_file()):
        try:
            pictures.append(model_picture(decode(path.read_bytes(), Limits()).pixels, 224))
        except RejectedFileError as error:
            print(f"left out {path}: {error}")
            continue
        labels.append(path.parent.name)
    with tempfile.TemporaryDirectory() as spare:
        cache = wiring.home() / "backbones" if wiring.home().exists() else Path(spare)
        return open_backbone(BackboneSettings(), cache).embed(np.stack(pictures)), np.array(labels)


def _split(numbers: Integers, tail: float, generator: np.random.Generator) -> tuple[Integers, Integers]:
    """Pool and test rows; a long tail thins the pool's classes out, in an order drawn at random, but for a few of each."""
    classes = generator.permutation(numbers.max() + 1)
    pool, test = [], []
    for rank, one in enumerate(classes):
        rows = generator.permutation(np.flatnonzero(numbers == one))
        cut = max(1, round(len(rows) * TEST_RATIO))
        kept = round((len(rows) - cut) * tail ** (rank / max(1, len(classes) - 1)))
        test.append(rows[:cut])
        pool.append(rows[cut : cut + max(FIRST_LABELS_A_CLASS, kept)])
    return np.sort(np.concatenate(pool)), np.sort(np.concatenate(test))


def _rounds(
    units: Floats, numbers: Integers, pool: Integers, test: Integers, strategy: str, seed: int
) -> Iterator[tuple[int, float]]:
    """Budget and balanced accuracy of the head trained on that many choices."""
    classes = int(numbers.max()) + 1
    chosen, probabilities = np.empty(0, np.int64), None
    centre, spread = units[pool].mean(axis=0), units[pool].std() + 1e-9
    budget = FIRST_LABELS_A_CLASS * classes
    while budget <= len(pool):
        picked = choose(
            units[pool],
            budget=budget - len(chosen),
            seed=seed,
            labelled=chosen,
            labels=[int(one) for one in numbers[pool[chosen]]],
            probabilities=probabilities,
            # A strategy that needs a model has none in its first round.
            objectives="random" if probabilities is None and strategy in WANTS_MODEL else strategy,
        )
        chosen = np.concatenate([chosen, picked.picks])
        known = numbers[pool[chosen]]
        if len(np.unique(known)) < 2:
            yield budget, 1 / classes
        else:
            head = LogisticRegression(max_iter=300).fit((units[pool[chosen]] - centre) / spread, known)
            probabilities = np.zeros((len(pool), classes))
            probabilities[:, head.classes_] = head.predict_proba((units[pool] - centre) / spread)
            answers = head.predict((units[test] - centre) / spread)
            yield budget, float(balanced_accuracy_score(numbers[test], answers))
        budget *= 2


def _print(found: dict[tuple[str, int], list[float]], strategies: list[str], seeds: int) -> None:
    budgets = sorted({budget for _, budget in found if len(found["random", budget]) == seeds})
    means = {key: float(np.mean(values)) for key, values in found.items()}
    print(f"balanced accuracy, mean of {seeds} seeds; difference to random in points, 95 % interval")
    print(f"{'labels':18}" + "".join(f"{budget:>22}" for budget in budgets) + "   labels for random's last accuracy")
    for strategy in strategies:
        cells = "".join(f"{_cell(found, strategy, budget):>22}" for budget in budgets)
        curve = [means[strategy, budget] for budget in budgets]
        print(f"{strategy:18}{cells}   {_labels_needed(budgets, curve, means['random', budgets[-1]])}")


def _cell(found: dict[tuple[str, int], list[float]], strategy: str, budget: int) -> str:
    values = np.array(found[strategy, budget])
    more = 100 * (values - np.array(found["random", budget]))
    if strategy == "random" or len(more) < 2:
        return f"{values.mean():.3f}"
    half = float(student.ppf(0.975, len(more) - 1)) * more.std(ddof=1) / len(more) ** 0.5
    return f"{values.mean():.3f} {more.mean():+.1f} ± {half:.1f}"


def _labels_needed(budgets: list[int], curve: list[float], wanted: float) -> str:
    """Where the curve, straight between budgets on a scale of doublings, first gets there."""
    if curve[0] >= wanted:
        return f"at most {budgets[0]}"
    for number in range(1, len(budgets)):
        low, high = curve[number - 1], curve[number]
        if high >= wanted:
            return f"{budgets[number - 1] * 2 ** ((wanted - low) / (high - low)):.0f}"
    return f"more than {budgets[-1]}"


if __name__ == "__main__":
    main()
