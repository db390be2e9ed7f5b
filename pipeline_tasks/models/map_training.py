"""Trains a head on stored feature maps: of each image plain, and of its augmented views. Validation chooses the epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline_tasks.kinds.map_modelling import MapModelling, MapTraining, Shapes
from pipeline_tasks.models.examples import Batch, Examples
from pipeline_tasks.models.fitting import Fitted, fit
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.warm_start import OfOld, Start, metrics_on, start_head
from pipeline_tasks.settings.fit import USUAL, FitSettings

PHASE = "maps"
CHECKPOINT_EVERY_EPOCHS = 1
"""An epoch takes many seconds."""


@dataclass(frozen=True)
class MapExamples:
    """Feature maps with their targets; both may lie in files, so that memory holds a batch only."""

    maps: NDArray[np.float16]
    """N x values of all maps."""
    targets: NDArray[Any]
    """N targets of one shape, as the kind places them."""

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Examples with these numbers, the same in each epoch."""
        maps = torch.from_numpy(np.asarray(self.maps[numbers], np.float32))
        return maps, torch.from_numpy(np.array(self.targets[numbers]))


def train_maps(
    train: Examples,
    val: Examples,
    shapes: Shapes,
    modelling: MapModelling,
    how: MapTraining,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
    settings: FitSettings = USUAL,
    start: Start | None = None,
    names: Sequence[str] = (),
) -> Fitted:
    """Fit a new head; the same examples and seed give the same weights.

    With `start` the head for these `names` begins with a champion's weights.
    """
    plan = Plan(
        phase=PHASE,
        max_epochs=how.epochs,
        patience_epochs=how.patience_epochs,
        learning_rate=how.learning_rate,
        weight_decay=how.weight_decay,
        seed=seed,
        checkpoint_every_epochs=CHECKPOINT_EVERY_EPOCHS,
        batch_size=how.batch_size,
        # The same sums on every machine; a second thread would wait for other work on busy cores.
        threads=1,
        warm_up_steps=how.warm_up_steps,
        averaging=how.averaging,
        # Views stand behind the images, in the same order.
        shares=None if how.shares is None else how.shares * (1 + how.views),
        fit=settings,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        head = modelling.new_head(shapes)
    objective, old = modelling.objective(shapes), () if start is None else start.old
    if start is not None:
        start_head(head, start, names)
    before = metrics_on(head, val, old, objective)
    fitted = fit(head, train, val, objective, plan, journal, folder)
    return replace(fitted, of_old=OfOld(before, metrics_on(fitted.network, val, old, objective), len(old)))
