"""Predictions of heads that have not seen an image's label: each fold is predicted by a head that was trained on the others.

Labels of the other folds are as wrong as those of the fold, as they would be in a project. The heads are those of
`benchmarks.map_heads`, which train as the product does.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.drawn_trays import drawn_trays, relabelled
from benchmarks.known_folders import KnownImage
from benchmarks.map_heads import MapBench, Sides
from benchmarks.planted_objects import Planted, planted
from demo.trays import MAP_SIDE_PX
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.masks.decode import SHARES
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.settings import TrainingSettings

FOLDS = 3
UNUSED_VAL = 8
"""Images that are told as validation; so few choose no epoch, and they are trained on, too."""
AS_A_PROJECT = TrainingSettings()
"""Heads as long as those of a project."""
SHORT = TrainingSettings(augmented_views=1, max_epochs=5)
"""A third of the usual steps."""


@dataclass
class Predicted:
    """One planting in a set, and what heads that had not seen the labels found."""

    names: tuple[str, ...]
    labels: list[Planted]
    sizes: list[tuple[int, int]]
    found: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    shares: dict[int, Any] = field(default_factory=dict)
    """Of masks: shares of nothing and of each class in the cells of each image."""
    seconds: float = 0.0
    """Processor seconds of all trainings and predictions; those of the maps are not in it where they were made before."""
    right: tuple[KnownImage, ...] = ()
    """The images with their right labels."""
    rate: float = 0.0
    seed: int = 0

    def planted_anew(self, planting: int) -> Predicted:
        """Other errors in the same predictions, as no head saw its own fold; 0: those that the other folds' heads learnt."""
        if not planting:
            return self
        return replace(
            self, labels=_with_errors(self.right, self.names, self.rate, np.random.default_rng([self.seed, 5, planting]))
        )


def predicted(kind: str, trays: int, seed: int, rate: float, cache: Path, settings: TrainingSettings = AS_A_PROJECT) -> Predicted:
    """Plant errors in this share of the trays and predict in all, by folds; each fold is kept in the folder."""
    told = drawn_trays(trays, kind)
    generator = np.random.default_rng([seed, 5])
    labels = _with_errors(told.images, told.class_names, rate, generator)
    images = [relabelled(one, tuple(label.objects)) for one, label in zip(told.images, labels, strict=True)]
    bench = MapBench(images, (BoxKind if kind == "box" else MaskKind)(told.class_names), cache, MAP_SIDE_PX, settings=settings)
    length = f"{settings.augmented_views}-{settings.max_epochs}"
    sizes = [one.size_px for one in images]
    said = Predicted(told.class_names, labels, sizes, right=tuple(told.images), rate=rate, seed=seed)
    folds: Sequence[Any] = np.array_split(generator.permutation(trays), FOLDS)
    for number, fold in enumerate(folds):
        file = cache / f"fold-{kind}-{trays}-{seed}-{number}-{rate}-{length}.pickle"
        if not file.exists():
            file.write_bytes(pickle.dumps(_of_fold(bench, sorted(fold.tolist()), seed * FOLDS + number)))
        found, shares, seconds = pickle.loads(file.read_bytes())
        said.found |= found
        said.shares |= shares
        said.seconds += seconds
    return said


def _with_errors(images: Sequence[KnownImage], names: Sequence[str], rate: float, generator: np.random.Generator) -> list[Planted]:
    """The labels, a share of them with one error."""
    wrong = set(generator.permutation(len(images))[: round(rate * len(images))].tolist())
    return [planted(one, names, generator) if at in wrong else Planted(one.labels) for at, one in enumerate(images)]


def _of_fold(bench: MapBench, fold: list[int], seed: int) -> tuple[dict[int, Any], dict[int, Any], float]:
    """Objects, shares and processor seconds."""
    began = time.process_time()
    others = sorted(set(range(len(bench.images))) - set(fold))
    model = bench.train(Sides(fold, others[:UNUSED_VAL], others), seed).model
    outputs = {at: model.run(bench.model_image(at)) for at in fold}
    found = {at: model.kind.decoding.decode(one, bench.images[at].size_px) for at, one in outputs.items()}
    shares = {at: one[SHARES].astype(np.float16) for at, one in outputs.items() if SHARES in one}
    return found, shares, time.process_time() - began
