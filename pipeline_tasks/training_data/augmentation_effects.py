"""Effect of each augmentation of a policy alone, by models that were trained on plain images only.

A model that learns from the views cannot tell: it gets used to a wrong one. So heads are fitted to plain embeddings of two halves
of the training images, and each names images of the other half, as they are and changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline_tasks.augmentations.effects import effect_of
from pipeline_tasks.augmentations.policy import Policy, Step
from pipeline_tasks.evaluation.ridge import Ridge, fit_ridge
from pipeline_tasks.records.augmentation_effect import AugmentationEffect

IMAGES = 60
"""Images that are changed, as many of each name as there are; about 0.9 s of processor for each augmentation."""
MIN_IMAGES = 20
"""With fewer training images nothing is judged."""
MOST_FITTED = 1000
"""Images that each head learns from, at most."""
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Views = Callable[[int, Policy, int], Floats]
"""(row, policy, other row) → embedding of a view of that training image; the other one is there for a policy that mixes."""


def augmentation_effects(
    policy: Policy, embeddings: Floats, targets: Integers, groups: Integers, names: Sequence[str], view: Views, seed: int
) -> list[AugmentationEffect]:
    """Judge each step of a policy on plain embeddings (N x D) with the number of each one's name and split group.

    A mix of two images is named right by the name of either.
    Empty if there are too few images or groups, or one name alone.
    """
    halves = np.random.default_rng(seed).permutation(int(groups.max()) + 1)[groups] % 2 if len(groups) else np.zeros(0, int)
    is_enough = all(len(np.unique(targets[halves == half])) > 1 for half in (0, 1))
    if len(targets) < MIN_IMAGES or not is_enough or not policy.steps:
        return []
    heads = [_head(embeddings, targets, np.flatnonzero(halves != half), seed) for half in (0, 1)]
    sample = _sample(targets, seed)

    def said(rows: Floats) -> Integers:
        """Names of rows of the sample, each by the head that has not seen its group."""
        by_head = np.stack([head.predict(_unit(rows)).argmax(axis=1) for head in heads])
        found: Integers = by_head[halves[sample], np.arange(len(sample))]
        return found

    plain, truth, others = said(embeddings[sample]), targets[sample], _others(sample, halves)

    def effect(step: Step) -> AugmentationEffect:
        """Effect of one step."""
        alone = policy.only(step.name)
        seen = [view(row, alone, other) for row, other in zip(sample.tolist(), others.tolist(), strict=True)]
        return effect_of(step, truth, plain, said(np.stack(seen)), names, mixed_with=targets[others] if alone.mixes.steps else None)

    return [effect(step) for step in policy.steps]


def _others(sample: Integers, halves: Integers) -> Integers:
    """For each row of the sample the next one of the same half, which its head has not seen either."""
    found = np.empty_like(sample)
    for half in (0, 1):
        rows = np.flatnonzero(halves[sample] == half)
        found[rows] = sample[np.roll(rows, -1)]
    return found


def _head(embeddings: Floats, targets: Integers, rows: Integers, seed: int) -> Ridge:
    """A linear model for which each name weighs the same."""
    rows = np.random.default_rng(seed).permutation(rows)[:MOST_FITTED]
    counts = np.bincount(targets[rows])
    wanted = np.eye(len(counts))[targets[rows]]
    return fit_ridge(_unit(embeddings[rows]), wanted, 1 / counts[targets[rows]])


def _unit(embeddings: Floats) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    return found.astype(np.float64)


def _sample(targets: Integers, seed: int) -> Integers:
    """Rows of the sample: names by turns, each in a drawn order."""
    order = np.random.default_rng(seed).permutation(len(targets))
    drawn = targets[order]
    turn = np.zeros(len(order), np.int64)
    for name in np.unique(drawn):
        turn[drawn == name] = np.arange((drawn == name).sum())
    found: Integers = np.sort(order[np.argsort(turn, kind="stable")][:IMAGES])
    return found
