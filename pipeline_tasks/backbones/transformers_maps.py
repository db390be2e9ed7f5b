"""Feature maps at strides 8, 16 and 32 of networks of the package `transformers`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline_tasks.backbones.preprocessing import Preprocessing
from pipeline_tasks.backbones.transformers_network import Body, blank, patch_px_of
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.map_modelling import MapShape, Shapes

STRIDES = (8, 16, 32)
_TOKENS = 3
_MAP = 4


class Maps(nn.Module):
    """uint8 images → maps. A network of patches has one map only, which is enlarged and halved (Li et al., ViTDet, ECCV 2022)."""

    def __init__(self, model: nn.Module, preprocessing: Preprocessing, side_px: int) -> None:
        """Take a network for images of this side.

        Raises:
            SettingsError: it has no map at one of the strides.
        """
        super().__init__()
        patch_px, self.stride, inner_px = patch_px_of(model), 0, side_px
        if patch_px is not None:
            self.stride = min(STRIDES, key=lambda stride: abs(stride - patch_px))
            inner_px = side_px // self.stride * patch_px
        self.length = side_px // max(self.stride, 1)
        self.body = Body(model, preprocessing, side_px, inner_px)
        self.taps = () if self.stride else self._taps(side_px)

    def _taps(self, side_px: int) -> tuple[int, ...]:
        """Numbers of the hidden states that are the deepest at each stride."""
        with torch.no_grad():
            lengths = [one.shape[2] if one.dim() == _MAP else 0 for one in _states(self.body(blank(side_px), has_states=True))]
        deepest = {length: number for number, length in enumerate(lengths)}
        wanted = [-(-side_px // stride) for stride in STRIDES]
        if not all(length in deepest for length in wanted):
            kind = type(self.body.model).__name__
            raise SettingsError(
                f"backbone.weights: a label kind that says where something is wants maps of {wanted} steps at {side_px} px, found "
                f"{sorted(deepest)} in a {kind}; choose another network, such as a ResNet or ConvNeXt"
            )
        return tuple(deepest[length] for length in wanted)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """N x channels x height x width at each stride, the finest first."""
        if not self.stride:
            states = _states(self.body(images, has_states=True))
            return tuple(states[number] for number in self.taps)
        tokens: Tensor = self.body(images).last_hidden_state
        if tokens.dim() == _TOKENS:
            patches = tokens[:, -self.length * self.length :].transpose(1, 2)
            tokens = patches.reshape(-1, tokens.shape[2], self.length, self.length)
        return tuple(self._at(tokens, stride) for stride in STRIDES)

    def _at(self, grid: Tensor, stride: int) -> Tensor:
        if stride == self.stride:
            return grid
        if stride > self.stride:
            return F.avg_pool2d(grid, stride // self.stride)
        return F.interpolate(grid, scale_factor=float(self.stride // stride), mode="nearest")


def _states(found: object) -> Sequence[Tensor]:
    """Hidden states, in the form of maps if the network gives them so."""
    shaped = getattr(found, "reshaped_hidden_states", None)
    states: Sequence[Tensor] = shaped if shaped is not None else getattr(found, "hidden_states", ())
    return states


def shapes_of(maps: nn.Module, side_px: int) -> Shapes:
    """Shapes of the maps of one image."""
    with torch.no_grad():
        found = maps(blank(side_px))
    return tuple(MapShape(one.shape[1], one.shape[2], one.shape[3], stride) for one, stride in zip(found, STRIDES, strict=True))
