"""Candidate before its export: the head, its origin, and the backbone if it was trained."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError
from pipeline_tasks.models.exported import ModelMarks, parse_marks

if TYPE_CHECKING:
    from torch import nn

_BACKBONE = "backbone."
_NETWORK = "network."


@dataclass(frozen=True)
class Candidate:
    """A trained model before its export."""

    marks: ModelMarks
    head: Mapping[str, NDArray[Any]]
    """Weights of the head by the names that its kind gives them; of a whole network, as `network_arrays` names them."""
    backbone_weights: dict[str, NDArray[np.generic]] = field(default_factory=dict)
    """Name → values of the trained backbone; empty if it stayed frozen."""

    def as_bytes(self) -> bytes:
        """The candidate as an npz file without any pickle; the same candidate gives the same bytes."""
        marks = np.frombuffer(json.dumps(self.marks.as_properties(), sort_keys=True).encode(), np.uint8)
        backbone = {_BACKBONE + name: values for name, values in sorted(self.backbone_weights.items())}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, marks=marks, **self.head, **backbone)
        return buffer.getvalue()


def parse_candidate(content: bytes) -> Candidate:
    """Read a candidate.

    Raises:
        ModelError: the bytes are not a candidate.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            marks = parse_marks(json.loads(arrays["marks"].tobytes()))
            backbone = {name.removeprefix(_BACKBONE): arrays[name] for name in arrays.files if name.startswith(_BACKBONE)}
            head = {name: arrays[name] for name in arrays.files if name != "marks" and not name.startswith(_BACKBONE)}
            return Candidate(marks, head, backbone)
    except (ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(f"candidate: wanted an npz file that a training wrote, found something else: {error}") from error


def network_arrays(network: nn.Module) -> dict[str, NDArray[Any]]:
    """Weights and statistics of a whole network, as a candidate stores them."""
    return {_NETWORK + name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}


def network_weights(candidate: Candidate) -> dict[str, NDArray[Any]]:
    """The same by their names in torch.

    Raises:
        ModelError: the candidate is no whole network.
    """
    found = {name.removeprefix(_NETWORK): values for name, values in candidate.head.items() if name.startswith(_NETWORK)}
    if not found or len(found) != len(candidate.head):
        raise ModelError(f"candidate: wanted the weights of a network, found {sorted(candidate.head)[:4]}")
    return found


def trained_backbone_digest(frozen_digest: str, weights: dict[str, NDArray[np.generic]]) -> str:
    """Digest of a trained backbone: from its origin and its weights."""
    digest = hashlib.sha256(frozen_digest.encode())
    for name, values in sorted(weights.items()):
        digest.update(f"\n{name} {values.dtype} {values.shape}\n".encode() + values.tobytes())
    return digest.hexdigest()
