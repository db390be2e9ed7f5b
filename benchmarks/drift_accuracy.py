"""Accuracy without labels, held against the truth on images through every corruption.

A head learns from 60 % of the images that are never corrupted; the others are the labelled ones. Then 200 images that it has not
seen go through each corruption in each strength. `through others`: half of these images are labelled as well and seen through the
14 other corruptions, and the other half is asked about.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.drift_images import corrupted_rows
from benchmarks.drift_worlds import World
from benchmarks.label_rounds import fit_head
from pipeline_tasks.drift.unlabelled_accuracy import Confidences, estimate_accuracy
from pipeline_tasks.evaluation.corruptions.corrupting import CORRUPTIONS, STRENGTHS
from pipeline_tasks.kinds.classes.temperature import likeliest_temperature

Judged = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Confidences, right or not, clips."""


class _Head:
    def __init__(self, world: World, rows: np.ndarray) -> None:
        self._world, clean = world, np.flatnonzero(~np.isin(world.groups, world.groups[rows]))
        order = np.random.default_rng(1).permutation(int(world.groups.max()) + 1)[world.groups[clean]]
        self._learnt, labelled = (clean[one] for one in (order <= np.quantile(order, 0.6), order > np.quantile(order, 0.6)))
        self._temperature = 1.0
        logits = self._logits(world.plain.embeddings[labelled])
        self._temperature = likeliest_temperature(logits.astype(np.float32), world.numbers[labelled])
        self.labelled = self.judged(world.plain.embeddings[labelled], labelled)

    def judged(self, embeddings: np.ndarray, rows: np.ndarray) -> Judged:
        logits = self._logits(embeddings) / self._temperature
        beliefs = np.exp(logits - logits.max(axis=1, keepdims=True))
        beliefs /= beliefs.sum(axis=1, keepdims=True)
        return beliefs.max(axis=1), beliefs.argmax(axis=1) == self._world.numbers[rows], self._world.groups[rows].astype(str)

    def _logits(self, embeddings: np.ndarray) -> np.ndarray:
        world = self._world
        both = np.concatenate([world.scaled(world.plain.embeddings), world.scaled(embeddings)])
        asked = np.arange(len(world.numbers), len(both))
        beliefs = fit_head(both, self._learnt, world.numbers[self._learnt], len(world.class_names), asked)
        return np.log(np.maximum(beliefs, 1e-12))


def tell_accuracy(world: World, count: int = 200) -> None:
    """Print the mean distance of estimates from the truth, at most 3 points wanted."""
    images = world.sets[0]
    rows = np.array(corrupted_rows(images, count))
    head = _Head(world, rows)
    seen = {
        (name, strength): head.judged(images.version(name, strength, rows.tolist()).embeddings, rows)
        for name in CORRUPTIONS
        for strength in STRENGTHS
    }
    errors, hits = defaultdict(list), []
    order = np.random.default_rng(5).permutation(int(world.groups.max()) + 1)[world.groups[rows]]
    is_taught = order <= np.median(order)
    for at, found in seen.items():
        others = [tuple(part[is_taught] for part in one) for name, one in seen.items() if name[0] != at[0]]
        asked = tuple(part[~is_taught] for part in found)
        for words, labelled, production in (("", [head.labelled], found), (", through others", [head.labelled, *others], asked)):
            together = [np.concatenate(parts) for parts in zip(*labelled, strict=True)]
            known, production_clips = Confidences(together[0], together[2]), Confidences(production[0], production[2])
            told = estimate_accuracy(known, together[1], production_clips, seed=0)
            truth = float(production[1].mean())
            for name, estimate in (("ATC", told.by_threshold), ("CBPE", told.by_confidence)):
                errors[name + words, at[1]].append(100 * (estimate.value - truth))
                hits.append((name + words, estimate.low <= truth <= estimate.high))
        errors["labelled accuracy", at[1]].append(100 * (told_plain(head) - float(found[1].mean())))
    _tell(world, head, seen, errors, hits)


def told_plain(head: _Head) -> float:
    """Accuracy on labelled images as they are: the estimate that takes no notice of production."""
    return float(head.labelled[1].mean())


def _tell(world: World, head: _Head, seen: dict, errors: dict, hits: list) -> None:
    truth = 100 * np.mean([one[1].mean() for one in seen.values()])
    print(
        f"{world.name}: accuracy {100 * told_plain(head):.1f} % on labelled images, {truth:.1f} % through {len(seen)} corruptions"
    )
    for name in dict.fromkeys(key[0] for key in errors):
        by_strength = [errors[name, strength] for strength in STRENGTHS]
        every = np.concatenate(by_strength)
        within = [hit for words, hit in hits if words == name]
        covered = f"; interval holds the truth in {100 * np.mean(within):.0f} %" if within else ""
        means = " / ".join(f"{np.abs(one).mean():.1f}" for one in by_strength)
        print(
            f"  {name}: |estimate − truth| {np.abs(every).mean():.1f} points (strengths {means}), wanted at most 3; "
            f"bias {every.mean():+.1f}{covered}",
            flush=True,
        )
