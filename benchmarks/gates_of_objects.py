"""The gate on simulated nights of boxes and of masks: how often it promotes what is no better, or just as bad as the margin.

    python -m benchmarks.gates_of_objects [--nights 200] [--sizes 40 120] [--kinds boxes masks]

A night is a test set, in which one group in five has three like images, and two models. What is hard is hard for both: half of the
noise by which a model misses objects, places them and is sure of them is the object's, half is the model's own. The score is the
kind's: average precision of boxes (IoU from 50 to 95 %), mean IoU of masks. `equal` models draw their noise alike. `5 points worse`
is a candidate that loses so many objects (or pixels of them) that its score on 12,000 images is 5 points lower. Both questions may
promote at most 5 % (a 95 % interval: 2.5 %). The peer is the bootstrap alone, on the same nights.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.intervals.bootstrap import draw_groups, percentile_interval
from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.boxes.matches import Boxes, matched
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.kinds.masks.matches import MaskMatches

NAMES, SHARES = ("bolt", "nut", "washer"), np.array([0.5, 0.4, 0.1])
WIDTH_PX, HEIGHT_PX, SIDE_PX = 640.0, 480.0, 60.0
WORSE, AT_MOST, MANY, STEPS = 0.05, 0.05, 12_000, 12
RULE = Rule(margin=0.0, confidence=0.95, bootstrap_samples=1000, min_test_images_per_class=3, seed=1)
Drawn = np.random.Generator


@dataclass(frozen=True)
class World:
    """A kind, and how a night is drawn: generator, groups of images, and what the candidate loses."""

    kind: Any
    night: Callable[[Drawn, np.ndarray, float], tuple[Any, Any]]


def main(words: Sequence[str] | None = None) -> None:
    """Print two lines a kind and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[40, 120])
    parser.add_argument("--kinds", nargs="+", choices=sorted(WORLDS), default=sorted(WORLDS))
    given = parser.parse_args(words)
    print(f"{given.nights} nights a line; shares with 95 % intervals")
    for name in given.kinds:
        world = WORLDS[name]
        loss = _loss_of(world, WORSE)
        print(f"{name}: 5 points worse is to lose {100 * loss:.1f} % of what is found")
        for size in given.sizes:
            _tell(f"{name}, {size} test images: equal, margin 0", _promoted(world, size, 0.0, given.nights, margin=0.0))
            worse = _promoted(world, size, loss, given.nights, margin=WORSE)
            _tell(f"{name}, {size} test images: 5 points worse, margin 5 points", worse)
    print(f"{time.process_time():.0f} s of processor time")


def _loss_of(world: World, points: float) -> float:
    """The loss with which the candidate's score is so much lower on very many images, by bisection."""
    low, high = 0.0, 0.5
    for _ in range(STEPS):
        middle = (low + high) / 2
        pair = world.night(np.random.default_rng(7), np.arange(MANY), middle)
        basis = world.kind.scoring.basis(pair[0], 1)
        mine, theirs = (world.kind.scoring.score(one, basis, np.ones((1, MANY))).value for one in pair)
        low, high = (middle, high) if theirs - mine < points else (low, middle)
    return (low + high) / 2


def _promoted(world: World, size: int, loss: float, nights: int, *, margin: float) -> tuple[list[bool], list[bool]]:
    """For each night: the gate's decision, and that of the bootstrap alone."""
    rule, by_gate, by_bootstrap = replace(RULE, margin=margin), [], []
    for night in range(nights):
        generator = np.random.default_rng([night, size])
        groups = np.repeat(np.arange(size), generator.choice([1, 3], size, p=[0.8, 0.2]))[:size]
        candidate, champion = world.night(generator, groups, loss)
        by_gate.append(decide(world.kind.scoring, candidate, champion, rule).is_promoted)
        basis = world.kind.scoring.basis(candidate, rule.min_test_images_per_class)
        draws = draw_groups(candidate.group_count, rule.bootstrap_samples, rule.seed)
        mine, theirs = (world.kind.scoring.score(one, basis, draws).draws for one in (candidate, champion))
        by_bootstrap.append(percentile_interval(mine - theirs, rule.confidence).low > -margin)
    return by_gate, by_bootstrap


def _tell(words: str, found: tuple[list[bool], list[bool]]) -> None:
    promoted, peer = (float(np.mean(one)) for one in found)
    low, high = wilson(promoted, len(found[0]), 0.95)
    kept = f"at most {100 * AT_MOST:g} %: {'kept' if promoted <= AT_MOST else 'MISSED'}, {promoted / AT_MOST:.2f} ×"
    figures = f"promoted {100 * promoted:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    print(f"  {words}: {figures}, {kept}; bootstrap alone {100 * peer:.1f} %", flush=True)


def _shared(generator: Drawn, common: np.ndarray) -> np.ndarray:
    """Standard normal noise, half of which (by variance) is `common`."""
    return (common + generator.standard_normal(common.shape)) * np.sqrt(0.5)


def _boxes_night(generator: Drawn, groups: np.ndarray, loss: float) -> tuple[Any, Any]:
    """Boxes of one size; images of one group have like objects, and are seen alike."""
    numbers = _by_image(generator, groups, 1, 5)
    images, kinds, hardness, spread = numbers
    corner = np.stack(
        [generator.uniform(0, WIDTH_PX - SIDE_PX, len(images)), generator.uniform(0, HEIGHT_PX - SIDE_PX, len(images))], 1
    )
    sides = np.full((len(images), 2), SIDE_PX)
    truth = Boxes(images, kinds, np.concatenate([corner, sides], axis=1), np.ones(len(images)))
    sizes_px = np.tile([WIDTH_PX, HEIGHT_PX], (len(groups), 1))
    candidate, champion = (
        matched(NAMES, truth, _said(generator, truth, hardness, spread, one, len(groups)), groups, sizes_px) for one in (loss, 0.0)
    )
    return candidate, champion


def _said(generator: Drawn, truth: Boxes, hardness: np.ndarray, spread: np.ndarray, loss: float, images: int) -> Boxes:
    """A model's boxes: some missed, all displaced, a few where nothing is."""
    seen = _shared(generator, hardness)
    is_found = (seen > -1.0) & (generator.random(len(seen)) >= loss)
    offset = _shared(generator, spread) * 4.0
    boxes = truth.boxes.copy()
    boxes[:, :2] += offset
    wrong = generator.poisson(0.4, images)
    at = np.repeat(np.arange(images), wrong)
    false = np.stack([generator.uniform(0, 500, len(at)), generator.uniform(0, 400, len(at))], 1)
    confidences = np.concatenate([1 / (1 + np.exp(-1.5 - seen[is_found])), generator.uniform(0.05, 0.8, len(at))])
    order = np.argsort(np.concatenate([truth.images[is_found], at]), kind="stable")
    return Boxes(
        np.concatenate([truth.images[is_found], at])[order],
        np.concatenate([truth.classes[is_found], generator.choice(len(NAMES), len(at), p=SHARES)])[order],
        np.concatenate([boxes[is_found], np.concatenate([false, np.full((len(at), 2), SIDE_PX)], axis=1)])[order],
        confidences[order],
    )


def _masks_night(generator: Drawn, groups: np.ndarray, loss: float) -> tuple[Any, Any]:
    """Regions of very different area; a few of each model are wholly missed or wrong."""
    images, kinds, hardness, _ = _by_image(generator, groups, 0, 3)
    areas = np.exp(generator.normal(8.0, 1.0, len(images)))
    whole = WIDTH_PX * HEIGHT_PX
    found = []
    for lost in (loss, 0.0):
        seen = _shared(generator, hardness)
        common = areas * np.where(seen > -1.2, np.clip(0.85 + 0.08 * seen, 0, 1), 0.0) * (1 - lost)
        extra = areas * np.clip(0.15 - 0.05 * _shared(generator, hardness), 0, None)
        true, both, said = (_summed(images, kinds, one, len(groups)) for one in (areas, common, common + extra))
        outside = whole - (true + said - both).sum(axis=1)
        boundaries = np.full((len(groups), len(NAMES)), np.nan)
        matches = MaskMatches(
            NAMES,
            common=np.column_stack([both, outside]),
            true=np.column_stack([true, whole - true.sum(axis=1)]),
            predicted=np.column_stack([said, whole - said.sum(axis=1)]),
            pixels=np.full(len(groups), whole),
            boundaries=boundaries,
            groups=groups,
        )
        found.append(matches)
    return found[0], found[1]


def _by_image(generator: Drawn, groups: np.ndarray, least: int, most: int) -> tuple[np.ndarray, ...]:
    """For each object: image, class, its hardness and what displaces it; images of a group have the same."""
    count = int(groups.max()) + 1
    of_group = generator.integers(least, most, count)
    rows = np.repeat(np.arange(count), of_group)
    kinds, hardness = generator.choice(len(NAMES), len(rows), p=SHARES), generator.standard_normal(len(rows))
    spread = generator.standard_normal((len(rows), 2))
    mine = np.split(np.arange(len(rows)), np.cumsum(of_group)[:-1])
    picked = np.concatenate([mine[group] for group in groups])
    images = np.repeat(np.arange(len(groups)), of_group[groups])
    return images, kinds[picked], hardness[picked], spread[picked]


def _summed(images: np.ndarray, kinds: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Sum by image and class."""
    cells = np.bincount(images * len(NAMES) + kinds, values, count * len(NAMES))
    return cells.reshape(count, len(NAMES))


WORLDS = {"boxes": World(BoxKind(NAMES), _boxes_night), "masks": World(MaskKind(NAMES), _masks_night)}

if __name__ == "__main__":
    main()
