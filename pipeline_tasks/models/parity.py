"""Shows that the exported file answers as the network that was trained, on real images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.errors import ParityError
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.models.whole_network import WholeNetwork

MAX_DIFFERENCE = 1e-3
"""Between two probabilities of the same image and class."""
TIE = 1e-5
"""Two classes nearer than this may change places."""


@dataclass(frozen=True)
class Parity:
    """How far the two were apart."""

    max_difference: float
    images: int


def check_parity(candidate: Candidate, backbone: nn.Module, exported: ExportedModel, images: NDArray[np.uint8]) -> Parity:
    """Compare torch (`backbone` and the candidate's head) with the exported file on model-size images.

    Raises:
        ParityError: a probability differs by more than MAX_DIFFERENCE, or another class wins.
    """
    network = WholeNetwork(backbone, candidate.weight, candidate.bias).eval()
    with torch.no_grad():
        logits = torch.cat([network(torch.from_numpy(one[np.newaxis])) for one in images])
    wanted = torch.softmax(logits / candidate.marks.temperature, dim=1).numpy()
    found = exported.predict(images)
    difference = float(np.abs(wanted - found).max())
    lost = wanted.max(axis=1) - np.take_along_axis(wanted, found.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    changed = int((lost > TIE).sum())
    if not difference <= MAX_DIFFERENCE or changed:
        raise ParityError(
            f"exported model: wanted probabilities within {MAX_DIFFERENCE} of PyTorch's and the same answers, "
            f"found a difference of {difference:.2e} and {changed} other answers on {len(images)} images"
        )
    return Parity(difference, len(images))


def with_weights(backbone: nn.Module, weights: dict[str, NDArray[np.generic]]) -> nn.Module:
    """Put trained weights into a backbone; none: it stays as it is."""
    if weights:
        backbone.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return backbone.eval()
