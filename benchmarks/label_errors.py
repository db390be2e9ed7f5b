"""Label errors that are planted in sets of known labels, and how well they are found; beside cleanlab and FiftyOne's mistakenness.

    python -m benchmarks.label_errors FOLDER                 a folder of class folders
    python -m benchmarks.label_errors                        the demo's drawn parts
    python -m benchmarks.label_errors --speed                100,000 labels of 1,280 dimensions: seconds
    python -m benchmarks.label_errors FOLDER --cleanlab-python PYTHON

A tenth of the labels is replaced anew with each seed: by any other name (`uniform`), or by the name whose images are nearest on
average (`confused`). `ours` is what the night does; the others score the same out-of-fold beliefs of the same heads. cleanlab
(2.9.0, Apache-2.0) runs in an environment of your own that has it; without one its three scores are left out. Mistakenness is
FiftyOne's formula for one prediction a label, (m exp(-H) + 1) / 2, with m 1 where the prediction is another name and -1 where it
is the label. Figures are means over seeds; below them is the paired difference of ours to the best other score, with a 95 %
interval (Student's t). What was tuned, was tuned on the set `photos` and on single cells of `cells`, not on tiles or drawn parts.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.label_rounds import LabelledSet
from benchmarks.labelled_sets import class_folders, drawn_parts
from pipeline_tasks.label_errors.features import features_of
from pipeline_tasks.label_errors.judging import judge, suspects
from pipeline_tasks.label_errors.out_of_fold import out_of_fold
from pipeline_tasks.neighbors.cosine import Floats, Integers, unit_rows

RATE = 0.1
NOISES = ("uniform", "confused")
LIMIT_S = 60
SIDE = Path(__file__).with_name("label_errors_side.py")
Scores = Mapping[str, npt.NDArray[np.floating]]
"""Method → N doubts, the most doubtful highest."""


def main(words: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--groups", default="", help="pattern whose first bracket names the group of an image")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--cleanlab-python", type=Path)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-label-errors")
    given = parser.parse_args(words)
    if given.speed:
        _print_speed()
        return
    given.cache.mkdir(parents=True, exist_ok=True)
    known = class_folders(given.folder, given.groups, given.cache) if given.folder else drawn_parts(100, 7, given.cache)
    for noise in NOISES:
        _print(known, noise, given.seeds, given.cleanlab_python)


def _print(known: LabelledSet, noise: str, seeds: int, cleanlab: Path | None) -> None:
    figures: dict[str, list[list[float]]] = {}
    told: list[tuple[int, float, float]] = []
    groups = np.unique(known.groups, return_inverse=True)[1].astype(np.int64)
    for seed in range(seeds):
        labels = planted(known.units, known.numbers, noise, seed)
        is_wrong = labels != known.numbers
        for method, doubts in _scores(known.units, labels, groups, seed, cleanlab, told, is_wrong).items():
            figures.setdefault(method, []).append(_found(doubts, is_wrong))
    print(f"\n{noise}: {RATE:.0%} of {len(known.numbers)} labels, means of {seeds} seeds")
    print(f"  {'':28}{'AUROC':>8}{'AP':>8}{'found':>8}")
    for method, rows in figures.items():
        print(f"  {method:28}" + "".join(f"{value:8.4f}" for value in np.mean(rows, axis=0)))
    others = {method: np.array(rows) for method, rows in figures.items() if method != "ours"}
    for column, name in enumerate(("AUROC", "AP", "found")):
        best = max(others, key=lambda method: others[method][:, column].mean())
        apart = np.array(figures["ours"])[:, column] - others[best][:, column]
        half = student.ppf(0.975, seeds - 1) * apart.std(ddof=1) / np.sqrt(seeds)
        print(f"  {name}: ours less {best}: {apart.mean():+.4f} ± {half:.4f}")
    count, precision, recall = np.mean(told, axis=0)
    print(f"  suspects: {count:.0f}, of which {precision:.0%} are wrong; they hold {recall:.0%} of the errors", flush=True)


def _scores(
    units: Floats,
    labels: Integers,
    groups: Integers,
    seed: int,
    cleanlab: Path | None,
    told: list[tuple[int, float, float]],
    is_wrong: npt.NDArray[np.bool_],
) -> Scores:
    classes = int(labels.max()) + 1
    doubts = judge(units, labels, groups, classes, seed)
    rows = suspects(doubts)
    told.append((len(rows), float(is_wrong[rows].mean()), float(is_wrong[rows].sum() / is_wrong.sum())))
    beliefs = out_of_fold(features_of(unit_rows(units), seed), labels, groups, classes, seed).astype(np.float64)
    beliefs /= beliefs.sum(axis=1, keepdims=True)
    entropy = -(beliefs * np.log(beliefs + 1e-12)).sum(axis=1)
    mistaken = (np.where(beliefs.argmax(axis=1) == labels, -1, 1) * np.exp(-entropy) + 1) / 2
    found: dict[str, npt.NDArray[np.floating]] = {"ours": doubts.doubt, "FiftyOne's mistakenness": mistaken}
    return found | ({} if cleanlab is None else _of_cleanlab(cleanlab, labels, beliefs))


def _of_cleanlab(python: Path, labels: Integers, beliefs: npt.NDArray[np.float64]) -> Scores:
    with tempfile.TemporaryDirectory() as folder:
        given, scored = Path(folder) / "given.npz", Path(folder) / "scores.npz"
        np.savez(given, labels=labels, beliefs=beliefs)
        subprocess.run([python, SIDE, given, scored], check=True)
        return {f"cleanlab {name}": -scores for name, scores in np.load(scored).items()}


def planted(units: Floats, numbers: Integers, noise: str, seed: int) -> Integers:
    """The labels with a tenth of them wrong."""
    generator, labels = np.random.default_rng(seed), numbers.copy()
    classes = int(numbers.max()) + 1
    rows = generator.permutation(len(numbers))[: round(RATE * len(numbers))]
    if noise == "uniform":
        labels[rows] = (numbers[rows] + generator.integers(1, classes, len(rows))) % classes
        return labels
    middles = np.array([units[numbers == one].mean(axis=0) for one in range(classes)])
    apart = ((middles[:, None] - middles[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    labels[rows] = apart.argmin(axis=1)[numbers[rows]]
    return labels


def _found(doubts: npt.NDArray[np.floating], is_wrong: npt.NDArray[np.bool_]) -> list[float]:
    """AUROC, average precision, and the share of the errors among as many of the most doubted labels."""
    most = np.argsort(-doubts, kind="stable")[: int(is_wrong.sum())]
    return [roc_auc_score(is_wrong, doubts), average_precision_score(is_wrong, doubts), float(is_wrong[most].mean())]


def _print_speed() -> None:
    """Seconds for 100,000 labels of ten names."""
    generator = np.random.default_rng(0)
    numbers = generator.integers(0, 10, 100_000)
    centres = generator.normal(size=(10, 1280))
    vectors = (centres[numbers] + generator.normal(0, 3, (len(numbers), 1280))).astype(np.float32)
    start, processor = time.perf_counter(), time.process_time()
    judge(vectors, numbers, np.arange(len(numbers)), 10, seed=0)
    took, used = time.perf_counter() - start, time.process_time() - processor
    print(f"100,000 x 1,280: {took:.1f} s, {used:.1f} s of processor; limit {LIMIT_S} s, ratio {took / LIMIT_S:.2f}")


if __name__ == "__main__":
    main()
