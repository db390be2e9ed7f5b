"""Detectors of what annotators must not see: a model that Nightlens exported, or any ONNX file with boxes and scores as outputs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.errors import ModelError, SettingsError
from pipeline_tasks.models.exported import ExportedModel

BOXES, SCORES = "boxes", "scores"
CONTRACT = (
    f"one input tensor(uint8) of 1 x height x width x 3 and the outputs {BOXES!r} (N x 4: left, top, right, bottom in pixels) and "
    f"{SCORES!r} (N), as docs/how-to/blur-faces-and-plates.md shows how to make"
)
Found = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""N x 4 boxes (left, top, right, bottom in pixels of the image), and N scores."""


class Detector(Protocol):
    """Finds boxes in an image. Thread-safe."""

    def find(self, pixels: Pixels) -> Found:
        """Boxes of any score in canonical pixels (height x width x 3, uint8 RGB)."""


def open_detector(content: bytes, names: Collection[str], where: str) -> Detector:
    """Open an ONNX file; `names` are those of a Nightlens model to look for (empty: all), `where` names the file in errors.

    Raises:
        SettingsError: the file is no detector that can be used, or does not know one of the names.
    """
    session = _session(content, where)
    if "nightlens_backbone_digest" in session.get_modelmeta().custom_metadata_map:
        return NightlensDetector(content, names, where)
    if names:
        raise SettingsError(
            f"{where}: labeling.blur.names {sorted(names)} are for a model of Nightlens; this one tells no names: leave them out"
        )
    return PlainDetector(session, where)


class NightlensDetector:
    """A model of the kind box."""

    def __init__(self, content: bytes, names: Collection[str], where: str) -> None:
        """Raises:
        SettingsError: it finds no boxes, or does not know one of the names.
        """
        try:
            self._model = ExportedModel(content)
        except ModelError as error:
            raise SettingsError(f"{where}: {error}") from error
        kind = self._model.kind
        if kind.name != "box":
            raise SettingsError(f"{where}: wanted a model of the kind box, found one of {kind.name}")
        if unknown := sorted(set(names) - set(kind.vocabulary)):
            knows = f"the model does not know {unknown}; it knows {sorted(kind.vocabulary)}"
            raise SettingsError(f"{where}: labeling.blur.names: {knows}")
        self._names = frozenset(names or kind.vocabulary)

    def find(self, pixels: Pixels) -> Found:
        """Boxes of the wanted names."""
        model, (height, width) = self._model, pixels.shape[:2]
        objects = model.objects(model_image(pixels, model.side_px, model.framing), (width, height))
        wanted = [one for one in objects if self._names & model.kind.labeling.counts([one]).keys()]
        boxes = [(one.x_min_px, one.y_min_px, one.x_min_px + one.width_px, one.y_min_px + one.height_px) for one in wanted]
        return np.array(boxes, np.float64).reshape(-1, 4), np.array([one.confidence for one in wanted], np.float64)


class PlainDetector:
    """Any ONNX file: one uint8 image 1 x height x width x 3 (RGB) in, `boxes` (N x 4, in its pixels) and `scores` (N) out."""

    def __init__(self, session: Any, where: str) -> None:
        """Raises:
        SettingsError: inputs or outputs are others.
        """
        inputs, outputs = session.get_inputs(), {one.name: list(one.shape) for one in session.get_outputs()}
        is_image = len(inputs) == 1 and inputs[0].type == "tensor(uint8)" and list(inputs[0].shape)[3:] == [3]
        if not is_image or not {BOXES, SCORES} <= outputs.keys():
            found = f"inputs {[(one.name, one.type, list(one.shape)) for one in inputs]}, outputs {outputs}"
            raise SettingsError(f"{where}: wanted {CONTRACT}, found {found}")
        self._session, self._input, self._where = session, inputs[0].name, where

    def find(self, pixels: Pixels) -> Found:
        """Boxes of any score.

        Raises:
            SettingsError: it fails on this image, or its outputs do not fit each other.
        """
        from onnxruntime.capi import onnxruntime_pybind11_state as refusals

        try:
            boxes, scores = self._session.run([BOXES, SCORES], {self._input: pixels[np.newaxis]})
        except (refusals.InvalidArgument, refusals.RuntimeException, refusals.Fail) as error:
            size = f"{pixels.shape[1]} x {pixels.shape[0]} px"
            raise SettingsError(f"{self._where}: the detector fails on an image of {size}: {error}") from error
        boxes, scores = np.asarray(boxes, np.float64), np.asarray(scores, np.float64).reshape(-1)
        if boxes.shape != (len(scores), 4) or not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise SettingsError(f"{self._where}: wanted N x 4 finite boxes and N scores, found {boxes.shape} and {scores.shape}")
        return boxes, scores


def _session(content: bytes, where: str) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as refusals

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (refusals.InvalidProtobuf, refusals.InvalidGraph, refusals.Fail, refusals.NotImplemented) as error:
        raise SettingsError(f"{where}: ONNX Runtime cannot open the file: {error}") from error
