"""Whole networks of the package `transformers` in torch, with a new end for a project's names."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline_tasks.backbones.preprocessing import Preprocessing
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.networks.folder import KEY


def load_model(auto: str, folder: Path, name: str, names: int, renewed: tuple[str, ...], **options: Any) -> Any:
    """Load the network of a folder by one of transformers' auto classes, for so many names.

    Weights whose key has a part of `renewed` may be missing or of another shape: they are drawn anew from torch's generator.

    Raises:
        SettingsError: transformers is missing, or the folder lacks other weights.
    """
    # Said before the import: transformers then asks nobody for a newer file.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import transformers
        from safetensors import SafetensorError
    except ImportError as error:
        raise SettingsError(f"network.name: {name} needs transformers: make install-transformers") from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    given = {"num_labels": names, "attn_implementation": "eager", "dtype": torch.float32} | options
    try:
        model, loading = getattr(transformers, auto).from_pretrained(
            folder, local_files_only=True, output_loading_info=True, ignore_mismatched_sizes=True, **given
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, pickle.UnpicklingError, SafetensorError) as error:
        raise SettingsError(f"{KEY}: transformers cannot open {folder}: {error}") from error
    keys = [*loading["missing_keys"], *(key for key, *_ in loading["mismatched_keys"])]
    lost = sorted(key for key in keys if not any(part in key for part in renewed))
    if lost:
        raise SettingsError(f"{KEY}: {folder} lacks weights of the network, such as {', '.join(lost[:3])}")
    return model.eval()


class Normalized(nn.Module):
    """uint8 images N x side x side x 3 → float32 N x 3 x side x side, as the network's authors normalised them."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        """Keep factors and shifts of the channels."""
        super().__init__()
        self.is_blue_first = preprocessing.is_blue_first
        for name, values in (("factors", preprocessing.factors), ("shifts", preprocessing.shifts)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images."""
        pixels = images.permute(0, 3, 1, 2).to(torch.float32)
        pixels = pixels.flip(1) if self.is_blue_first else pixels
        return pixels * self.get_buffer("factors") + self.get_buffer("shifts")


class Pretrained(nn.Module):
    """uint8 images → pixels, then the maps of a network's pretrained part."""

    def __init__(self, preprocessing: Preprocessing, body: nn.Module, maps_of: Callable[[nn.Module, Tensor], list[Tensor]]) -> None:
        """Put the preprocessing before a body, whose maps `maps_of` takes."""
        super().__init__()
        self.normalized, self.body, self.maps_of = Normalized(preprocessing), body, maps_of

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Pixels N x 3 x side x side, and maps."""
        pixels = self.normalized(images)
        return (pixels, *self.maps_of(self.body, pixels))
