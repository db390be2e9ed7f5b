"""Parity check: the exported file must predict as the trained network does, on real images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.kinds.modelling import NothingTrained
from pipeline_tasks.models.candidate import Candidate
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.models.torch_threads import torch_threads
from pipeline_tasks.models.whole_network import WholeNetwork

ONE_THREAD = 1
"""On busy cores a second thread of torch waits for the other at every layer: 8 times the processor time was seen on two cores."""


@dataclass(frozen=True)
class Parity:
    """Differences between the two models."""

    max_difference: float
    images: int


def check_parity(candidate: Candidate, backbone: nn.Module, exported: ExportedModel, images: NDArray[np.uint8]) -> Parity:
    """Compare torch (`backbone` or its trunk, and the candidate's head) with the exported file on model-size images.

    Of a whole network, `backbone` is all of it.

    Raises:
        ParityError: the file says something else; the kind judges.
    """
    with torch_threads(ONE_THREAD), torch.no_grad():
        return _compared(candidate, backbone, exported, images)


def _compared(candidate: Candidate, backbone: nn.Module, exported: ExportedModel, images: NDArray[np.uint8]) -> Parity:
    modelling = candidate.marks.kind.modelling
    found = [exported.run(image) for image in images]
    if candidate.marks.network:
        assert isinstance(modelling, MapModelling), "a network is of a kind with places"
        wanted = _final_outputs(backbone, None, exported.kind.decoding.output_names, images)
        return Parity(modelling.check_parity(wanted, found), len(images))
    if isinstance(modelling, MapModelling):
        wanted = _final_outputs(backbone, modelling.final_head(candidate.head), exported.kind.decoding.output_names, images)
        return Parity(modelling.check_parity(wanted, found), len(images))
    assert not isinstance(modelling, NothingTrained), "a kind that trains nothing has no candidate"
    network = WholeNetwork(backbone, modelling.head_of(candidate.head)).eval()
    outputs = torch.cat([network(torch.from_numpy(one[np.newaxis])) for one in images]).numpy()
    return Parity(modelling.check_parity(outputs, candidate.marks.temperature, found), len(images))


def _final_outputs(
    trunk: nn.Module, head: nn.Module | None, names: Sequence[str], images: NDArray[np.uint8]
) -> list[dict[str, NDArray[Any]]]:
    """Outputs of torch for each image, named as in the file."""
    ends = [trunk(torch.from_numpy(one[np.newaxis])) for one in images]
    found = ends if head is None else [head(*maps) for maps in ends]
    return [{name: part[0].numpy() for name, part in zip(names, one, strict=True)} for one in found]


def with_weights(backbone: nn.Module, weights: dict[str, NDArray[np.generic]]) -> nn.Module:
    """Load trained weights into a backbone; without any it stays unchanged."""
    if weights:
        backbone.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return backbone.eval()
