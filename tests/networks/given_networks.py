"""Examples and trainings of whole networks: images of discs and squares that a few steps can learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.kinds.decoding import WHOLE
from pipeline_tasks.kinds.map_modelling import MapTraining
from pipeline_tasks.models.candidate import Candidate, network_arrays
from pipeline_tasks.models.exported import ModelMarks
from pipeline_tasks.models.fitting import Fitted
from pipeline_tasks.models.journal import Journal
from pipeline_tasks.models.network_training import SquareExamples, train_network
from pipeline_tasks.networks.network import Network
from pipeline_tasks.settings.fit import USUAL, FitSettings

MAP_SIDE_PX = 64
Pixels = np.ndarray[Any, Any]


def examples(network: Network, images: Sequence[Pixels], objects: Sequence[Any]) -> SquareExamples:
    """Squares of whole images with the targets of their objects."""
    placement = whole_image(images[0].shape[1], images[0].shape[0], network.side_px)
    return SquareExamples(
        np.stack([model_image(one, network.side_px, WHOLE) for one in images]),
        np.stack([network.placed(one, placement) for one in objects]),
    )


def trained(
    network: Network,
    train: SquareExamples,
    val: SquareExamples,
    folder: Path,
    *,
    epochs: int = 3,
    journal: Journal | None = None,
    fit: FitSettings = USUAL,
    learning_rate: float = 3e-3,
) -> Fitted:
    """A short training, the same wherever it runs."""
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        new = network.new()
    how = MapTraining(0, epochs, epochs, 4, learning_rate, 0.02, 3, 0.5)
    return train_network(
        new,
        train,
        val,
        network.objective(),
        how,
        seed=3,
        journal=journal or Journal(),
        folder=folder,
        settings=fit,
        rate_ratio=network.rate_ratio,
    )


def assert_goes_on_and_is_shared(network: Network, train: SquareExamples, val: SquareExamples, folder: Path) -> None:
    """A training from the checkpoint of its first epoch, and one by two processes, end as one that nothing disturbs.

    Two processes add up in another order. AdamW divides a gradient by its size, so a last digit of it can turn a step: at the rate
    of the other tests the U-Net's mean IoU has moved by .011 after three epochs, at this one by nothing.
    """
    kept: list[bytes] = []
    journal = Journal(keep_checkpoint=lambda phase, done, content: kept.append(content))
    wanted = trained(network, train, val, folder / "undisturbed", journal=journal)
    found = trained(network, train, val, folder / "resumed", journal=Journal(newest_checkpoint=lambda phase: kept[0]))
    alone, shared = (
        trained(network, train, val, folder / str(count), fit=FitSettings(processes=count), learning_rate=1e-4) for count in (1, 2)
    )
    states = wanted.network.state_dict(), found.network.state_dict()

    assert found.resumed_from_epoch == 1
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert found.history == wanted.history
    assert [dict(epoch) for epoch in shared.history] == [pytest.approx(dict(epoch), abs=1e-3) for epoch in alone.history]


def candidate_of(network: Network, kind: Any, fitted: Fitted) -> Candidate:
    """The candidate of a training."""
    marks = ModelMarks(kind, network.digest, "c" * 64, network.side_px, "d" * 64, network=network.name)
    return Candidate(marks, network_arrays(fitted.network))
