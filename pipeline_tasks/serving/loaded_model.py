"""An exported model, opened, warmed and verified; only verified models are served."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state

from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.errors import CorruptObjectError, ModelError, SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.decoding import Outputs, Size
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of_model
from pipeline_tasks.upgrades.model_properties import upgraded_properties

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Pixels = npt.NDArray[np.uint8]
SMOKE_TOLERANCE = 1e-3
"""Tolerance between a smoke image's outputs and those recorded at export, as engines round differently."""
# ONNX Runtime's exceptions share no class of their own, only Exception.
_REFUSALS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(one for one in vars(onnxruntime_pybind11_state).values() if isinstance(one, type) and issubclass(one, Exception)),
)


@dataclass(frozen=True)
class LoadedModel:
    """A verified model; used by several threads at once."""

    digest: str
    dataset_id: str
    kind: Kind
    """Its label kind, with its own classes."""
    side_px: int
    session: onnxruntime.InferenceSession

    def run(self, image: Pixels) -> Outputs:
        """The outputs for one model-size image (side x side x 3)."""
        names = list(self.kind.decoding.output_names)
        values = self.session.run(names, {"pictures": image[None]})
        return {name: value[0] for name, value in zip(names, values, strict=True)}

    def predict(self, image: Pixels, size_px: Size, min_confidence: float) -> DataclassInstance:
        """The kind's prediction for one model-size image that was made of an image of `size_px` (width, height)."""
        decoding = self.kind.decoding
        prediction: DataclassInstance = decoding.predict(decoding.decode(self.run(image), size_px), size_px, min_confidence)
        return prediction


def load_model(content: bytes, digest: str) -> LoadedModel:
    """Open a model's bytes and compare its smoke predictions with those recorded at export; this also warms it.

    Raises:
        CorruptObjectError: the bytes do not have this digest.
        ModelError: it was not exported by Nightlens, uses another resize recipe, or predicts otherwise than at export.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise CorruptObjectError(f"model: wanted sha256 {digest}, found {found}")
    session = _open(content, digest)
    marks = upgraded_properties(session.get_modelmeta().custom_metadata_map, f"model {digest}")
    try:
        side_px, kind = int(marks["nightlens_side_px"]), kind_of_model(marks)
        recipe, dataset_id, smoke = (
            marks["nightlens_recipe_digest"],
            marks["nightlens_dataset_id"],
            _smoke_predictions(marks["nightlens_golden"]),
        )
    except (KeyError, ValueError, TypeError, SettingsError) as error:
        raise ModelError(f"model {digest}: its metadata are missing or invalid: {error}") from error
    wanted = recipe_digest(side_px, kind.decoding.framing)
    if recipe != wanted:
        raise ModelError(f"model {digest}: wanted one for images of the recipe {wanted}, found {recipe}")
    model = LoadedModel(digest, dataset_id, kind, side_px, session)
    _compare_smoke_images(model, smoke)
    return model


def smoke_image(seed: int, side_px: int) -> Pixels:
    """The synthetic image of a seed, the same everywhere."""
    return np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)


def _open(content: bytes, digest: str) -> onnxruntime.InferenceSession:
    """Open a session from bytes with one thread and no spinning, so that parallel requests do not compete for cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        raise ModelError(f"model {digest}: ONNX Runtime does not open it: {error}") from error


def _smoke_predictions(text: str) -> list[tuple[int, Mapping[str, Json]]]:
    """Seeds of the smoke images with the outputs recorded at export."""
    smoke = [(int(one["seed"]), one) for one in json.loads(text)]
    if not smoke:
        raise ValueError("nightlens_golden: wanted smoke images, found none")
    return smoke


def _compare_smoke_images(model: LoadedModel, smoke: list[tuple[int, Mapping[str, Json]]]) -> None:
    """Predict each smoke image and compare with the recorded outputs."""
    for seed, recorded in smoke:
        try:
            found = model.run(smoke_image(seed, model.side_px))
        except _REFUSALS as error:
            raise ModelError(f"model {model.digest}: prediction of smoke image {seed} failed: {error}") from error
        try:
            off = model.kind.decoding.difference(found, recorded)
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"model {model.digest}: smoke image {seed}: {error}") from error
        # A comparison with NaN is False, so that a model of NaNs is refused, too.
        if not off <= SMOKE_TOLERANCE:
            raise ModelError(f"model {model.digest}: its outputs for smoke image {seed} are off by {off:.2g}")
