"""Training with doubted labels kept and left out, on test images whose labels are right.

    python -m benchmarks.doubted_in_training FOLDER          a folder of class folders
    python -m benchmarks.doubted_in_training                 the demo's drawn parts

Of the training labels none or a tenth is replaced (`benchmarks.label_errors`), the night's judgement finds suspects, and a logistic
head on the same embeddings learns from all labels, from those without the suspects (`training.doubted_labels: leave_out`, rare
names whole), and from the true ones. Figures are balanced accuracies, means over seeds, with the paired difference of leaving
out to keeping and its 95 % interval (Student's t). Nothing here was tuned on these sets.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import t as student

from benchmarks.label_errors import planted
from benchmarks.label_rounds import Integers, LabelledSet, balanced_accuracy, fit_head, scaled, split
from benchmarks.labelled_sets import class_folders, drawn_parts
from pipeline_tasks.datasets.doubted import doubted_in_training
from pipeline_tasks.label_errors.judging import judge, suspects

NOISES = ("none", "uniform", "confused")


def main(words: Sequence[str] | None = None) -> None:
    """Print a line a noise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--groups", default="", help="pattern whose first bracket names the group of an image")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "nightlens-label-errors")
    given = parser.parse_args(words)
    given.cache.mkdir(parents=True, exist_ok=True)
    known = class_folders(given.folder, given.groups, given.cache) if given.folder else drawn_parts(100, 7, given.cache)
    print(f"{known.name}: {len(known.numbers)} images, {known.classes} names, {given.seeds} seeds")
    print(f"  {'errors':10}{'keep':>8}{'leave out':>11}{'true':>8}   leave out less keep     left out")
    for noise in NOISES:
        rows = np.array([_accuracies(known, noise, seed) for seed in range(given.seeds)])
        kept, without, true, count = rows.mean(axis=0)
        apart = rows[:, 1] - rows[:, 0]
        half = student.ppf(0.975, given.seeds - 1) * apart.std(ddof=1) / np.sqrt(given.seeds)
        print(
            f"  {noise:10}{kept:8.4f}{without:11.4f}{true:8.4f}   {apart.mean():+.4f} ± {half:.4f}{count:15.0f}",
            flush=True,
        )


def _accuracies(known: LabelledSet, noise: str, seed: int) -> tuple[float, float, float, int]:
    pool, test = split(known, 1.0, seed)
    true, features = known.numbers[pool], scaled(known.units)
    labels = true if noise == "none" else planted(known.units[pool], true, noise, seed)
    groups = np.unique(known.groups[pool], return_inverse=True)[1].astype(np.int64)
    doubted = suspects(judge(known.units[pool], labels, groups, known.classes, seed))
    kept = _without_doubted(labels, doubted)

    def accuracy(rows: Integers, said: Integers) -> float:
        predicted = fit_head(features, pool[rows], said[rows], known.classes, test)
        return balanced_accuracy(predicted.argmax(axis=1), known.numbers[test])

    everything = np.arange(len(pool))
    return accuracy(everything, labels), accuracy(kept, labels), accuracy(everything, true), len(pool) - len(kept)


def _without_doubted(labels: Integers, doubted: Integers) -> Integers:
    """Rows that the night would train on."""
    names = [str(one) for one in labels]
    rows = pl.DataFrame({"image_id": np.arange(len(labels)).astype(str), "class_name": names}).with_columns(split=pl.lit("train"))
    left_out = doubted_in_training(rows, rows[doubted.tolist()].select("image_id", given_name="class_name"))
    return np.array([row for row in range(len(labels)) if str(row) not in left_out], np.int64)


if __name__ == "__main__":
    main()
