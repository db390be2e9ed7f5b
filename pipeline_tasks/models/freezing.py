"""Freezing of a backbone's first layers for the time of a fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from pipeline_tasks.errors import SettingsError

DEPTH = 3
"""Parts of the names that an error lists: `features.blocks.12`."""


@contextmanager
def frozen_until(backbone: nn.Module, layer: str | None) -> Iterator[None]:
    """Freeze the weights of all layers before `layer`, in the order in which the network has them; None freezes nothing.

    Raises:
        SettingsError: the backbone has no layer of this name with weights.
    """
    weights = list(backbone.named_parameters())
    frozen = [] if layer is None else [one for _, one in weights[: _first(layer, [name for name, _ in weights])]]
    frozen = [one for one in frozen if one.requires_grad]
    for one in frozen:
        one.requires_grad_(False)
    try:
        yield
    finally:
        for one in frozen:
            one.requires_grad_(True)


def _first(layer: str, names: list[str]) -> int:
    """Position of the layer's first weight."""
    for at, name in enumerate(names):
        if name == layer or name.startswith(f"{layer}."):
            return at
    layers = dict.fromkeys(".".join(name.split(".")[:-1][:DEPTH]) for name in names)
    raise SettingsError(
        f"training.fit.freeze_until: found {layer}; the backbone has no layer of this name. Use one of: {', '.join(layers)}"
    )
