"""The gate on simulated nights: how often it promotes what is no better, and how often what is 3 points better.

    python -m benchmarks.gates [--nights 200] [--disagreement 0.05 0.10] [--sizes 120] [--seed 0]

A night is a test set of nine classes (one of them rare), in which one group in five has three like images, and two models; the
champion is right on 90 % of the images. They disagree on a share of the groups, as two trainings do; on these a candidate that is d
points better wins more often. The gate is the product's own (balanced accuracy, 2000 bootstrap samples, 95 %). `margin: 0` asks for
a better model, and must promote at most 5 % of equal ones; `margin: 0.05` (the demo's) asks for one that is not 5 points worse, and
must promote at most 5 % of those that are. The peer is the exact one-sided McNemar test at 2.5 % on the same images; it knows
neither groups nor classes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import comb
from statistics import median

import numpy as np

from pipeline_tasks.evaluation.each_name import compare_names
from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.kinds.classes.matches import ClassMatches
from pipeline_tasks.kinds.classes.scoring import ClassScoring

CLASSES = tuple("abcdefghi")
SHARES = np.array([0.12] * 8 + [0.04])
RIGHT, BETTER, AT_MOST, AT_LEAST, CLASS_MARGIN = 0.9, 0.03, 0.05, 0.80, 0.10
RULE = Rule(margin=0.0, confidence=0.95, bootstrap_samples=2000, min_test_images_per_class=5, seed=1)
SCORING = ClassScoring()


@dataclass(frozen=True)
class Rates:
    """Shares of nights."""

    promoted: float
    by_peer: float
    class_stopped: float
    """A class is said to have fallen."""
    needed: int
    """Median of the test images that the gate says are needed to see 3 points."""


def main(words: Sequence[str] | None = None) -> None:
    """Print one line a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--disagreement", type=float, nargs="+", default=[0.05, 0.10])
    parser.add_argument("--sizes", type=int, nargs="+", default=[120])
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    print(f"{given.nights} nights a line; shares with 95 % intervals; processor time at the end")
    for disagreement in given.disagreement:
        for size in given.sizes:
            _at(size, disagreement, given.nights, given.seed)
    print(f"{time.process_time():.0f} s of processor time")


def _at(size: int, disagreement: float, nights: int, seed: int) -> None:
    """All questions at one size."""
    print(f"{size} test images, models disagree on {100 * disagreement:g} %")
    equal = _rates(size, disagreement, 0.0, nights, seed, margin=0.0)
    _tell("equal, margin 0", equal, nights, at_most=AT_MOST)
    better = _rates(size, disagreement, BETTER, nights, seed, margin=0.0)
    _tell("3 points better, margin 0", better, nights, at_least=AT_LEAST)
    for words, difference in (("equal, margin 5 points", 0.0), ("3 points better, margin 5 points", BETTER)):
        _tell(words, _rates(size, disagreement, difference, nights, seed, margin=0.05), nights)
    worse = _rates(size, disagreement, -0.05, nights, seed, margin=0.05)
    _tell("5 points worse, margin 5 points", worse, nights, at_most=AT_MOST)
    print(f"  equal: a class is said to have fallen by more than 10 points in {100 * equal.class_stopped:.1f} % of nights")
    print(f"  the report says that {equal.needed} test images are needed to see 3 points (median of the nights)")


def _rates(size: int, disagreement: float, difference: float, nights: int, seed: int, *, margin: float) -> Rates:
    """Decide each night."""
    rule, promoted, by_peer, stopped, needed = replace(RULE, margin=margin), [], [], [], []
    for candidate, champion in _nights(size, disagreement, difference, nights, seed):
        decision = decide(SCORING, candidate, champion, rule)
        promoted.append(decision.is_promoted)
        by_peer.append(_peer_promotes(candidate, champion))
        needed += [decision.images_to_see_3_points] if decision.images_to_see_3_points else []
        if margin == 0 and difference == 0:
            stopped.append(any(one.high < -CLASS_MARGIN for one in compare_names(SCORING, candidate, champion, rule)))
    means = [float(np.mean(one)) if one else 0.0 for one in (promoted, by_peer, stopped)]
    return Rates(*means, needed=int(median(needed)) if needed else 0)


def _nights(
    size: int, disagreement: float, difference: float, nights: int, seed: int
) -> Iterator[tuple[ClassMatches, ClassMatches]]:
    """Candidate and champion on the same images, each night others."""
    disagreement = max(disagreement, abs(difference))
    for night in range(nights):
        generator = np.random.default_rng([seed, night, size])
        sizes = generator.choice([1, 3], size, p=[0.8, 0.2])
        groups = np.repeat(np.arange(size), sizes)[:size]
        count = int(groups.max()) + 1
        truth = np.concatenate([np.tile(np.arange(9), 5), generator.choice(9, max(0, count - 45), p=SHARES)])[:count][groups]
        differs = generator.random(count) < disagreement
        wins = generator.random(count) < (1 + difference / disagreement) / 2
        both = generator.random(count) < (RIGHT - disagreement / 2 + difference / 2) / (1 - disagreement)
        candidate, champion = np.where(differs, wins, both)[groups], np.where(differs, ~wins, both)[groups]
        yield _matches(truth, candidate, groups), _matches(truth, champion, groups)


def _matches(truth: np.ndarray, is_right: np.ndarray, groups: np.ndarray) -> ClassMatches:
    predicted = np.where(is_right, truth, (truth + 1) % len(CLASSES))
    return ClassMatches(CLASSES, truth, predicted, is_right.astype(np.float64), groups)


def _peer_promotes(candidate: ClassMatches, champion: ClassMatches) -> bool:
    mine, theirs = candidate.predicted == candidate.truth, champion.predicted == champion.truth
    wins, losses = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    either = wins + losses
    return sum(comb(either, one) for one in range(wins, either + 1)) / 2**either <= 0.025


def _tell(words: str, found: Rates, nights: int, *, at_most: float | None = None, at_least: float | None = None) -> None:
    low, high = wilson(found.promoted, nights, 0.95)
    line = f"  {words}: promoted {100 * found.promoted:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    if at_most is not None:
        line += f", at most {100 * at_most:g} %: {'kept' if found.promoted <= at_most else 'MISSED'}"
        line += f", {found.promoted / at_most:.2f} ×"
    if at_least is not None:
        line += f", at least {100 * at_least:g} %: {'kept' if found.promoted >= at_least else 'missed'}"
        line += f", {found.promoted / at_least:.2f} ×"
    print(f"{line}; McNemar {100 * found.by_peer:.1f} %")


if __name__ == "__main__":
    main()
