"""Parity check: the exported file must predict as the trained network does, on real images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.models.whole_network import WholeNetwork


@dataclass(frozen=True)
class Parity:
    """Differences between the two models."""

    max_difference: float
    images: int


def check_parity(candidate: Candidate, backbone: nn.Module, exported: ExportedModel, images: NDArray[np.uint8]) -> Parity:
    """Compare torch (`backbone` and the candidate's head) with the exported file on model-size images.

    Raises:
        ParityError: the file says something else; the kind judges.
    """
    modelling = candidate.marks.kind.modelling
    network = WholeNetwork(backbone, modelling.head_of(candidate.head)).eval()
    with torch.no_grad():
        outputs = torch.cat([network(torch.from_numpy(one[np.newaxis])) for one in images]).numpy()
    found = [exported.run(image) for image in images]
    return Parity(modelling.check_parity(outputs, candidate.marks.temperature, found), len(images))


def with_weights(backbone: nn.Module, weights: dict[str, NDArray[np.generic]]) -> nn.Module:
    """Load trained weights into a backbone; without any it stays unchanged."""
    if weights:
        backbone.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return backbone.eval()
