"""Networks of the package `transformers` in torch: preprocessing before them, one embedding behind them."""

from __future__ import annotations

import inspect
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import MethodType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline_tasks.backbones.preprocessing import Preprocessing
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json


def load_model(folder: Path, name: str, wanted: Mapping[str, Json]) -> nn.Module:
    """Load the network of a folder, whole and from there alone.

    Raises:
        SettingsError: transformers is missing, or the folder holds another network or not all of its weights.
    """
    # Said before the import: transformers then asks nobody for a newer file.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        from safetensors import SafetensorError
        from transformers import AutoModel
        from transformers.utils import logging
    except ImportError as error:
        raise SettingsError(f"backbone.name: {name} needs transformers: make install-transformers") from error
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, loading = AutoModel.from_pretrained(
            folder, local_files_only=True, output_loading_info=True, attn_implementation="eager", dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, RuntimeError, pickle.UnpicklingError, SafetensorError) as error:
        raise SettingsError(f"backbone.weights: transformers cannot open {folder}: {error}") from error
    if has_class_token(model):
        # Published classifiers have no pooler: its weights would be random.
        model.pooler = None
    _check(model, [key for key in loading["missing_keys"] if not _is_dropped(key, model)], folder, name, wanted)
    return model  # type: ignore[no-any-return]


def has_class_token(model: nn.Module) -> bool:
    """Return True if the first token stands for the image."""
    return getattr(getattr(model, "embeddings", None), "cls_token", None) is not None


def _is_dropped(key: str, model: nn.Module) -> bool:
    return key.startswith("pooler.") and has_class_token(model)


def _check(model: Any, missing: list[str], folder: Path, name: str, wanted: Mapping[str, Json]) -> None:
    found = {key: getattr(model.config, key, None) for key in wanted}
    if found != dict(wanted):
        raise SettingsError(f"backbone.weights: {name} wants a network with {dict(wanted)}, found {found} in {folder}")
    if model.main_input_name != "pixel_values":
        raise SettingsError(f"backbone.weights: wanted a network of images in {folder}, found one of {model.main_input_name}")
    if missing:
        raise SettingsError(f"backbone.weights: {folder} lacks weights of the network, such as {', '.join(sorted(missing)[:3])}")


class Body(nn.Module):
    """uint8 images N x side x side x 3 → the outputs of the network."""

    def __init__(self, model: nn.Module, preprocessing: Preprocessing, side_px: int, inner_px: int) -> None:
        """Put the preprocessing before a network that sees images of `inner_px`."""
        super().__init__()
        self.model, self.side_px, self.inner_px = model, side_px, inner_px
        self.is_blue_first = preprocessing.is_blue_first
        for name, values in (("factors", preprocessing.factors), ("shifts", preprocessing.shifts)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32).reshape(1, 3, 1, 1), persistent=False)
        takes = inspect.signature(model.forward).parameters
        self.options: dict[str, bool] = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in takes else {}
        _fix_positions(self)

    def forward(self, images: Tensor, *, has_states: bool = False) -> Any:
        """The outputs as transformers names them."""
        pixels = images.permute(0, 3, 1, 2).to(torch.float32)
        pixels = pixels.flip(1) if self.is_blue_first else pixels
        pixels = pixels * self.get_buffer("factors") + self.get_buffer("shifts")
        if self.inner_px != self.side_px:
            pixels = F.interpolate(pixels, size=(self.inner_px, self.inner_px), mode="bilinear", align_corners=False)
        return self.model(pixels, output_hidden_states=has_states, **self.options)


def blank(side_px: int) -> Tensor:
    """One black image."""
    return torch.zeros((1, side_px, side_px, 3), dtype=torch.uint8)


def _fix_positions(body: Body) -> None:
    """Interpolate the positions of the patches once for this side: a traced graph would do so for each image."""
    embeddings: Any = getattr(body.model, "embeddings", None)
    original = getattr(embeddings, "interpolate_pos_encoding", None)
    if original is None or getattr(embeddings, "position_embeddings", None) is None:
        return
    found: list[Tensor] = []

    def remembering(*shapes: Any) -> Tensor:
        """Interpolate as the network does, and remember the outcome."""
        found.append(original(*shapes))
        return found[-1]

    embeddings.interpolate_pos_encoding = remembering
    with torch.no_grad():
        body(blank(body.side_px))
    embeddings.position_embeddings = nn.Parameter(found[-1].clone())
    embeddings.interpolate_pos_encoding = MethodType(_own_positions, embeddings)


def _own_positions(embeddings: Any, *shapes: Any) -> Tensor:
    """Positions that already fit."""
    positions: Tensor = embeddings.position_embeddings
    return positions


class Embedding(nn.Module):
    """uint8 images → the class token; without one, what the network pools; without that, the mean of all positions."""

    def __init__(self, model: nn.Module, preprocessing: Preprocessing, side_px: int) -> None:
        """Take a network; patches that do not fill the side see a slightly smaller image."""
        super().__init__()
        patch_px = patch_px_of(model)
        inner_px = side_px if patch_px is None else max(1, round(side_px / patch_px)) * patch_px
        self.body, self.has_class_token = Body(model, preprocessing, side_px, inner_px), has_class_token(model)

    def forward(self, images: Tensor) -> Tensor:
        """Embed images, N x D."""
        found = self.body(images)
        last: Tensor = found.last_hidden_state
        if self.has_class_token:
            return last[:, 0]
        pooled: Tensor | None = getattr(found, "pooler_output", None)
        if pooled is None:
            pooled = last.mean((2, 3) if last.dim() == 4 else 1)
        return pooled.flatten(1)


def patch_px_of(model: nn.Module) -> int | None:
    """Side of the patches of a network whose only map is that of its patches; None for one with maps at several strides."""
    config: Any = model.config
    if has_class_token(model) or not hasattr(config, "depths"):
        found = getattr(config, "patch_size", None)
        return int(found) if isinstance(found, int) else None
    return None
