"""One exported model, opened, warmed and proven: nothing answers that has not passed here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state

from pipeline_tasks.decoding.model_image import recipe_digest
from pipeline_tasks.errors import CorruptObjectError, ModelError

Pixels = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]
GOLDEN_TOLERANCE = 1e-3
"""How far an answer to a golden image may lie from the one recorded at export: engines round differently."""
# ONNX Runtime's exceptions share no class of their own, only Exception.
_REFUSALS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    *(one for one in vars(onnxruntime_pybind11_state).values() if isinstance(one, type) and issubclass(one, Exception)),
)


@dataclass(frozen=True)
class LoadedModel:
    """A model that may answer; used by several threads at once."""

    digest: str
    dataset_id: str
    class_names: tuple[str, ...]
    side_px: int
    session: onnxruntime.InferenceSession

    def probabilities(self, image: Pixels) -> Probabilities:
        """Answer one model-size image, side x side x 3, with one probability a class."""
        answer: Probabilities = self.session.run(["probabilities"], {"pictures": image[None]})[0][0]
        return answer


def load_model(content: bytes, digest: str) -> LoadedModel:
    """Open a model's bytes and compare its answers with those recorded at export; this also warms it.

    Raises:
        CorruptObjectError: the bytes do not have this digest.
        ModelError: it is no model of ours, was made for other images, or answers otherwise than at export.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise CorruptObjectError(f"model: wanted sha256 {digest}, found {found}")
    session = _open(content, digest)
    marks = session.get_modelmeta().custom_metadata_map
    try:
        side_px, class_names = int(marks["nightlens_side_px"]), tuple(json.loads(marks["nightlens_classes"]))
        recipe, dataset_id, golden = (
            marks["nightlens_recipe_digest"],
            marks["nightlens_dataset_id"],
            _golden(marks["nightlens_golden"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"model {digest}: its metadata lack or break {error}") from error
    if recipe != recipe_digest(side_px):
        raise ModelError(f"model {digest}: wanted one for images of the recipe {recipe_digest(side_px)}, found {recipe}")
    model = LoadedModel(digest, dataset_id, class_names, side_px, session)
    _compare_golden(model, golden)
    return model


def golden_image(seed: int, side_px: int) -> Pixels:
    """The synthetic image of a seed, the same everywhere."""
    return np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)


def _open(content: bytes, digest: str) -> onnxruntime.InferenceSession:
    """Open a session from bytes: one thread, no spinning, so that parallel requests do not fight for cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        raise ModelError(f"model {digest}: ONNX Runtime does not open it: {error}") from error


def _golden(text: str) -> list[tuple[int, Probabilities]]:
    """The seeds of the golden images with the answers recorded at export."""
    golden = [(int(one["seed"]), np.asarray(one["probabilities"], dtype=np.float32)) for one in json.loads(text)]
    if not golden:
        raise ValueError("nightlens_golden: no golden images")
    return golden


def _compare_golden(model: LoadedModel, golden: list[tuple[int, Probabilities]]) -> None:
    """Recompute each golden image's answer."""
    for seed, wanted in golden:
        try:
            found = model.probabilities(golden_image(seed, model.side_px))
        except _REFUSALS as error:
            raise ModelError(f"model {model.digest}: does not answer golden image {seed}: {error}") from error
        if not found.shape == wanted.shape == (len(model.class_names),):
            raise ModelError(f"model {model.digest}: wanted {len(model.class_names)} probabilities, found {found.shape}")
        off = float(np.abs(found - wanted).max())
        # A comparison with NaN is False, so that a model of NaNs is refused, too.
        if not off <= GOLDEN_TOLERANCE:
            raise ModelError(f"model {model.digest}: its answer to golden image {seed} is off by {off:.2g}")
