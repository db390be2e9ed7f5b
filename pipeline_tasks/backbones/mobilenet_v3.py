"""MobileNetV3 with the weights of a file, in the form in which torchvision publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pipeline_tasks.backbones.named_weights import NamedWeights, sha256_of
from pipeline_tasks.errors import SettingsError

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.kinds.map_modelling import Shapes


class MobileNetV3Small(NamedWeights):
    """MobileNetV3-Small (Howard et al., ICCV 2019): the cheapest of all on a CPU."""

    name = "mobilenet_v3_small"
    dimensions = 576
    preprocessing = "uint8 RGB / 255, mean 0.485 0.456 0.406, spread 0.229 0.224 0.225"
    graph_version = 1
    published: ClassVar[str] = "mobilenet_v3_small-047dcff4.pth"
    """Name of the file."""
    map_channels: ClassVar[tuple[int, int, int]] = (24, 48, 96)

    def checked(self, weights: Path | None) -> Path:
        """The file."""
        get = f"torchvision publishes it as {self.published} (docs/how-to/choose-a-backbone.md)"
        if weights is None:
            raise SettingsError(f"backbone.weights: {self.name} needs the file of its weights; {get}")
        if not weights.is_file():
            raise SettingsError(f"backbone.weights: {self.name} wants the file of its weights, found none at {weights}; {get}")
        return weights

    @property
    def file(self) -> Path:
        """The file of the weights."""
        assert self.weights is not None, "checked when it was opened"
        return self.weights

    def content(self) -> Mapping[str, str]:
        """Digest of the file."""
        return {"weights": sha256_of(self.file)}

    def load_network(self) -> nn.Module:
        """Preprocessing and network, in evaluation mode."""
        from pipeline_tasks.backbones.mobilenet_v3_network import Embedding, load_features

        return Embedding(load_features(self.name, self.file)).eval()

    def load_maps(self) -> nn.Module:
        """The same up to the feature maps."""
        from pipeline_tasks.backbones.mobilenet_v3_network import Maps, load_features

        return Maps(load_features(self.name, self.file)).eval()

    def map_shapes(self, side_px: int) -> Shapes:
        """Maps at strides 8, 16 and 32."""
        from pipeline_tasks.kinds.map_modelling import MapShape

        sides = [(channels, -(-side_px // stride), stride) for channels, stride in zip(self.map_channels, (8, 16, 32), strict=True)]
        return tuple(MapShape(channels, length, length, stride) for channels, length, stride in sides)


class MobileNetV3Large(MobileNetV3Small):
    """MobileNetV3-Large (Howard et al., ICCV 2019): about as dear as EfficientNet-Lite0."""

    name = "mobilenet_v3_large"
    dimensions = 960
    published = "mobilenet_v3_large-5c1a4163.pth"
    map_channels = (40, 112, 160)
