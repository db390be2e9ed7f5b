"""Time of a detector's figures with their intervals: 1,000 images, 2,000 bootstrap samples, at several numbers of classes.

`make bench-metrics`. It prints seconds of the processor: for matching (once a model), for the gate's score and for all figures.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.boxes.matches import Boxes, BoxMatches, matched
from pipeline_tasks.kinds.scoring import Figure

IMAGES, SAMPLES = 1000, 2000
SCENES = ((1, 6, 20), (5, 6, 20), (5, 20, 100), (80, 8, 100))
"""Classes, objects an image, predictions an image."""


def a_model(classes: int, objects: int, predictions: int, seed: int) -> BoxMatches:
    """Boxes of all sizes; four fifths are found, the surer the better placed; all other predictions are of nothing."""
    generator = np.random.default_rng(seed)
    count = IMAGES * objects
    places, sides = generator.random((count, 2)) * 900, np.exp(generator.normal(4, 0.8, (count, 2)))
    truth = Boxes(
        np.repeat(np.arange(IMAGES), objects),
        generator.integers(0, classes, count),
        np.concatenate([places, sides], axis=1),
        np.ones(count),
    )
    near = np.flatnonzero(generator.random(count) < 0.8)
    off = np.abs(generator.normal(0, 0.1, len(near)))
    moved = truth.boxes[near] + np.concatenate([(off[:, None] * sides[near]), np.zeros((len(near), 2))], axis=1)
    rest = IMAGES * predictions - len(near)
    other = np.concatenate([generator.random((rest, 2)) * 900, np.exp(generator.normal(4, 0.8, (rest, 2)))], axis=1)
    images = np.concatenate([truth.images[near], generator.integers(0, IMAGES, rest)])
    order = np.argsort(images, kind="stable")
    said = Boxes(
        images[order],
        np.concatenate([truth.classes[near], generator.integers(0, classes, rest)])[order],
        np.concatenate([moved, other])[order],
        np.concatenate([np.clip(1 - 2 * off, 0.1, 1) * generator.random(len(near)) ** 0.3, generator.random(rest) * 0.6])[order],
    )
    names = [f"class {number}" for number in range(classes)]
    return matched(names, truth, said, np.arange(IMAGES), np.full((IMAGES, 2), 1000.0))


def seconds(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Print one line a scene."""
    scoring, draws = BoxKind(()).scoring, draw_groups(IMAGES, SAMPLES, 1)
    print(f"{IMAGES} images, {SAMPLES} samples\nclasses  objects  predictions  match s  gate's score s  all figures s  AP")
    for classes, objects, predictions in SCENES:
        matching = seconds(lambda: a_model(classes, objects, predictions, 1))  # noqa: B023
        matches = a_model(classes, objects, predictions, 1)
        basis = scoring.basis(matches, 1)
        score = seconds(lambda: scoring.score(matches, basis, draws))  # noqa: B023
        found: list[Figure] = []
        figures = seconds(lambda: found.extend(scoring.figures(matches, basis, draws, 0.95)))  # noqa: B023
        ap = found[0]
        print(
            f"{classes:7}  {objects:7}  {predictions:11}  {matching:7.2f}  {score:14.2f}  {figures:13.2f}  "
            f"{ap.value:.3f} ({ap.low:.3f} to {ap.high:.3f})"
        )


if __name__ == "__main__":
    main()
