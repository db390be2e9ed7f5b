"""Label efficiency: every strategy against random on fully labelled sets, with one logistic head on frozen embeddings.

    python -m benchmarks.label_efficiency FOLDER                     a folder of class folders
    python -m benchmarks.label_efficiency EMBEDDINGS.npy LABELS.npy  N x D and N
    python -m benchmarks.label_efficiency --long-tail parts points   drawn nights on which a few classes are most of what is seen

A third of each class's groups, at most 60, is the test set, drawn anew with each seed. From the rest every strategy chooses
round by round, first 5 a class, then twice as many in all; the head's beliefs serve the next round. Embeddings are made
once and kept in `--cache`. Prints balanced accuracy with its difference to random, in points with a paired 95 % interval over
seeds (Student's t); the same against the best other strategy at each budget, which is named (the best is known afterwards only:
that is a bar a little too high); and how many labels each strategy needs for random's accuracy at the last budget. scikit-
activeml's strategies run in an environment of their own (`.venv-bench`) and are left out where there is none. The figures are
those of the set given: nothing is tuned here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from benchmarks.label_rounds import Asked, Integers, LabelledSet, Strategy, all_accuracies, budgets, split
from benchmarks.labelled_sets import class_folders, drawn_parts, drawn_points, given_embeddings, join_near
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.choosing import choose

ROOT = Path(__file__).parents[1]
PEER_PYTHON = ROOT / ".venv-bench/bin/python"
STRATEGIES = ("random", "auto", "balanced_coverage", "coverage", "diversity", "typicality")
STRATEGIES += ("margin", "entropy", "least_confidence", "class_balance")
WANTS_MODEL = {"margin", "entropy", "least_confidence", "class_balance"}
LONG_TAILS = ("parts", "points")
Found = dict[str, dict[int, list[float]]]


def main(words: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = _parser()
    given = parser.parse_args(words)
    if len(given.source) > 2:
        parser.error(f"wanted one folder, or embeddings and labels; found {len(given.source)} names")
    given.long_tail = given.long_tail or ([] if given.source else list(LONG_TAILS))
    try:
        _measure(given)
    except SettingsError as error:
        sys.exit(str(error))


def _measure(given: argparse.Namespace) -> None:
    """Every strategy on every set, each in a process of its own."""
    for one in _sets(given):
        tail = given.tail if given.tail is not None else (0.02 if given.long_tail else 1.0)
        pool, test = split(one, tail, 0)
        if not budgets(one.classes, len(pool)):
            raise SettingsError(f"{one.name}: wanted a pool of more than 6 images a class, found {len(pool)} of {one.classes}")
        print(f"tail {tail}: pools of {len(pool)}, {np.bincount(one.numbers[pool]).tolist()} with seed 0; {len(test)} in the test")
        with ProcessPoolExecutor(given.jobs + 1, mp_context=get_context("spawn")) as children:
            has_peers = given.peer_seeds > 0 and PEER_PYTHON.exists()
            peers = children.submit(_peers, one, tail, given.peer_seeds) if has_peers else None
            names = list(dict.fromkeys(["random", *given.strategies]))
            runs = [children.submit(_ours, one, tail, given.seeds, name) for name in names]
            found: Found = {name: run.result() for name, run in zip(names, runs, strict=True)} | (peers.result() if peers else {})
        _print(found, given.seeds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_efficiency")
    parser.add_argument("source", type=Path, nargs="*", help="a folder of class folders, or embeddings and labels as .npy")
    parser.add_argument("--long-tail", nargs="+", choices=LONG_TAILS, default=[], help="drawn nights, with a tail of 0.02")
    parser.add_argument("--parts", type=int, default=400, help="drawn of each class before the tail is cut, at most 1,000")
    parser.add_argument("--points", type=int, default=1200, help="the same")
    parser.add_argument("--groups", default="", help="a pattern; file names with the same first bracket belong together")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES))
    parser.add_argument("--tail", type=float, help="the rarest class keeps this share of its pool, the others by a power law more")
    parser.add_argument("--cache", type=Path, default=Path(".nightlens/label_efficiency"), help="where embeddings are kept")
    parser.add_argument("--peer-seeds", type=int, default=20, help="of scikit-activeml, the first ones; 0 leaves it out")
    parser.add_argument("--jobs", type=int, default=1, help="strategies that run at once, beside scikit-activeml")
    parser.add_argument("--near", type=float, default=0.0, help="from this cosine on two images are one group; 0: not looked at")
    return parser


def _sets(given: argparse.Namespace) -> list[LabelledSet]:
    sets = []
    if given.source:
        is_folder = len(given.source) == 1
        sets = [class_folders(given.source[0], given.groups, given.cache) if is_folder else given_embeddings(*given.source)]
    drawn = {
        "parts": lambda: drawn_parts(given.parts, 7, given.cache),
        "points": lambda: drawn_points(given.points, classes=9, width=128, noise=0.7, seed=7),
    }
    sets += [drawn[name]() for name in given.long_tail]
    return [join_near(one, given.near) if given.near else one for one in sets]


def _ours(one: LabelledSet, tail: float, seeds: int, name: str) -> dict[int, list[float]]:
    return all_accuracies(one, tail, seeds, {name: _strategy(name)})[name]


def _strategy(name: str) -> Strategy:
    def pick(asked: Asked) -> Integers:
        return choose(
            asked.units,
            budget=asked.count,
            seed=asked.seed,
            labelled=asked.chosen,
            labels=asked.labels.tolist(),
            beliefs=asked.beliefs,
            # A strategy that needs a model has none in its first round.
            objectives="random" if asked.beliefs is None and name in WANTS_MODEL else name,
        ).picks

    return pick


def _peers(one: LabelledSet, tail: float, seeds: int) -> Found:
    """The same rounds by scikit-activeml's strategies."""
    with tempfile.TemporaryDirectory() as folder:
        file, result = Path(folder) / "set.npz", Path(folder) / "answer.json"
        np.savez(file, units=one.units, numbers=one.numbers, groups=one.groups)
        side = str(Path(__file__).with_name("label_efficiency_side.py"))
        command = [str(PEER_PYTHON), side, str(file), str(tail), str(seeds), str(result)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
        if done.returncode:
            sys.exit(f"scikit-activeml: {done.stderr[-2000:]}")
        return {name: {int(k): v for k, v in curve.items()} for name, curve in json.loads(result.read_text()).items()}


def _print(found: Found, seeds: int) -> None:
    asked = sorted(found["random"])
    means = {name: [float(np.mean(curve[budget])) for budget in asked] for name, curve in found.items()}
    print(f"balanced accuracy, mean of {seeds} seeds; difference to random in points, 95 % interval")
    print(f"{'labels':30}" + "".join(f"{budget:>21}" for budget in asked) + "   labels for random's last accuracy")
    for name, curve in found.items():
        cells = [f"{np.mean(curve[budget]):.3f} {_more(curve[budget], found['random'][budget])}" for budget in asked]
        print(f"{name:30}" + "".join(f"{cell:>21}" for cell in cells) + f"   {_needed(asked, means[name], means['random'][-1])}")
    print("difference to the best other strategy in points, 95 % interval")
    for name in (one for one in ("auto",) if one in found):
        for budget in asked:
            best = max((one for one in found if one != name), key=lambda one: float(np.mean(found[one][budget])))
            print(f"{name:30}{budget:6}: {_more(found[name][budget], found[best][budget])} to {best}", flush=True)


def _more(values: list[float], others: list[float]) -> str:
    # Who ran fewer seeds is paired with the same ones.
    count = min(len(values), len(others))
    more = 100 * (np.array(values[:count]) - np.array(others[:count]))
    if len(more) < 2:
        return f"{more.mean():+.1f}"
    half = float(student.ppf(0.975, len(more) - 1)) * more.std(ddof=1) / len(more) ** 0.5
    return f"{more.mean():+.1f} ± {half:.1f}"


def _needed(asked: list[int], curve: list[float], wanted: float) -> str:
    """First budget at which the curve, interpolated on a logarithmic scale of budgets, reaches the target."""
    if curve[0] >= wanted:
        return f"at most {asked[0]}, {asked[-1] / asked[0]:.1f} times fewer or more"
    for number in range(1, len(asked)):
        low, high = curve[number - 1], curve[number]
        if high >= wanted:
            labels = asked[number - 1] * 2 ** ((wanted - low) / (high - low))
            return f"{labels:.0f}, {asked[-1] / labels:.1f} times fewer"
    return f"more than {asked[-1]}"


if __name__ == "__main__":
    main()
