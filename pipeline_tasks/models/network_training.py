"""Trains a whole network on placed views of images, from the pixels to the result. Validation chooses the epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline_tasks.kinds.map_modelling import MapTraining
from pipeline_tasks.kinds.modelling import Objective
from pipeline_tasks.models.examples import Batch
from pipeline_tasks.models.fitting import Fitted, fit
from pipeline_tasks.models.freezing import frozen_until
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.plan import Plan
from pipeline_tasks.models.warm_start import OfOld, Start, metrics_on, start_head
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.settings.fit import FitSettings

PHASE = "network"


@dataclass(frozen=True)
class SquareExamples:
    """Model-size squares with their targets; both may lie in files, so that memory holds a batch only."""

    squares: NDArray[np.uint8]
    """N x side x side x 3."""
    targets: NDArray[Any]
    """N targets of one shape, as the network places them."""

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.targets)

    def batch(self, epoch: int, numbers: list[int]) -> Batch:
        """Examples with these numbers, the same in each epoch."""
        return torch.from_numpy(np.array(self.squares[numbers])), torch.from_numpy(np.array(self.targets[numbers]))


def train_network(
    network: WholeNetwork,
    train: SquareExamples,
    val: SquareExamples,
    objective: Objective,
    how: MapTraining,
    *,
    seed: int,
    journal: Journal,
    folder: Path,
    settings: FitSettings,
    rate_ratio: float,
    start: Start | None = None,
    names: Sequence[str] = (),
) -> Fitted:
    """Fit a network; the rate of its backbone is `rate_ratio` times that which the settings say, relative to the head's.

    With `start` the network for these `names` begins with a champion's weights.
    """
    plan = Plan(
        phase=PHASE,
        max_epochs=how.epochs,
        patience_epochs=how.patience_epochs,
        learning_rate=how.learning_rate,
        weight_decay=how.weight_decay,
        seed=seed,
        checkpoint_every_epochs=1,
        batch_size=how.batch_size,
        warm_up_steps=how.warm_up_steps,
        averaging=how.averaging,
        # Views stand behind the images, in the same order.
        shares=None if how.shares is None else how.shares * (1 + how.views),
        fit=settings.model_copy(update={"backbone_rate_ratio": settings.backbone_rate_ratio * rate_ratio}),
    )
    old = () if start is None else start.old
    if start is not None:
        start_head(network, start, names)
    before = metrics_on(network, val, old, objective)
    with frozen_until(network.backbone, settings.freeze_until):
        fitted = fit(network, train, val, objective, plan, journal, folder)
    return replace(fitted, of_old=OfOld(before, metrics_on(network, val, old, objective), len(old)))
