"""Freezing of a backbone's first layers for the time of a fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from pipeline_tasks.errors import SettingsError


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


def check_layer(backbone: nn.Module, layer: str) -> None:
    """Refuse a layer that the backbone does not have, before anything is trained.

    Raises:
        SettingsError: the backbone has no layer of this name with weights.
    """
    _first(layer, [name for name, _ in backbone.named_parameters()])


def layers_of(backbone: nn.Module) -> list[str]:
    """Names of layers in the order of the network, each up to its first number: `features.blocks.12`."""
    return list(dict.fromkeys(_layer(name.split(".")) for name, _ in backbone.named_parameters()))


def _layer(parts: list[str]) -> str:
    """Layer of a weight's name."""
    end = next((at + 1 for at, one in enumerate(parts) if one.isdigit()), len(parts) - 1)
    return ".".join(parts[:end])


def _first(layer: str, names: list[str]) -> int:
    """Position of the layer's first weight."""
    for at, name in enumerate(names):
        if name == layer or name.startswith(f"{layer}."):
            return at
    layers = dict.fromkeys(_layer(name.split(".")) for name in names)
    raise SettingsError(
        f"training.fit.freeze_until: found {layer}; the backbone has no layer of this name. Use one of: {', '.join(layers)}"
    )
