"""An exported model: one ONNX file from uint8 images to probabilities that carries its own preprocessing, classes and origin.

Input `pictures` uint8 N x side x side x 3, output `probabilities` float32 N x C. The last layer lies in the initializers
`head_weight` (C x D) and `head_bias` (C), so that images whose embeddings are known are scored without being decoded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of_model
from pipeline_tasks.upgrades.model_properties import marked_properties, upgraded_properties

INPUT = "pictures"
OUTPUT = "probabilities"
HEAD_WEIGHT = "head_weight"
HEAD_BIAS = "head_bias"
SMOKE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ModelMarks:
    """What a model says about itself, in the file's `metadata_props`."""

    class_names: tuple[str, ...]
    backbone_digest: str
    recipe_digest: str
    """Of the one resize: images must be made by the same recipe."""
    side_px: int
    dataset_id: str
    temperature: float = 1.0

    def as_properties(self) -> dict[str, str]:
        """The marks as they stand in the file."""
        properties = {
            "nightlens_classes": json.dumps(list(self.class_names), ensure_ascii=False),
            "nightlens_backbone_digest": self.backbone_digest,
            "nightlens_recipe_digest": self.recipe_digest,
            "nightlens_side_px": str(self.side_px),
            "nightlens_dataset_id": self.dataset_id,
            "nightlens_temperature": repr(self.temperature),
        }
        return marked_properties(properties)


def parse_marks(properties: Mapping[str, str]) -> ModelMarks:
    """Read the marks off a file's `metadata_props`.

    Raises:
        ModelError: one is missing or wrong.
        NewerFormError: a later Nightlens exported the model.
    """
    properties = upgraded_properties(properties, "model")
    try:
        return ModelMarks(
            class_names=tuple(str(name) for name in json.loads(properties["nightlens_classes"])),
            backbone_digest=properties["nightlens_backbone_digest"],
            recipe_digest=properties["nightlens_recipe_digest"],
            side_px=int(properties["nightlens_side_px"]),
            dataset_id=properties["nightlens_dataset_id"],
            temperature=float(properties.get("nightlens_temperature", "1.0")),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"model: wanted a file that Nightlens exported, found none of its marks or wrong ones: {error}") from error


@dataclass(frozen=True)
class ExportedHead:
    """The last layer alone: scores embeddings of the backbone it was trained on."""

    marks: ModelMarks
    weight: NDArray[np.float32]
    """C x D."""
    bias: NDArray[np.float32]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the probabilities."""
        return self.marks.class_names

    @property
    def backbone_digest(self) -> str:
        """Whose embeddings it takes."""
        return self.marks.backbone_digest

    def probabilities(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn embeddings (N x D, not normalised) into probabilities (N x C)."""
        return softmax((embeddings @ self.weight.T + self.bias) / self.marks.temperature)

    def probability_draws(
        self, embeddings: NDArray[np.float32], *, seed: int, draws: int = 10, drop_ratio: float = 0.3
    ) -> NDArray[np.float32]:
        """What variants of the head answer that each miss other features: draws x N x C.

        Dropout ahead of the last layer, kept on while answering (Gal, Ghahramani 2016, arXiv 1506.02142).
        """
        generator = np.random.default_rng(seed)
        kept = (generator.random((draws, self.weight.shape[1])) >= drop_ratio).astype(np.float32) / (1 - drop_ratio)
        return np.stack([softmax((embeddings @ (self.weight * one).T + self.bias) / self.marks.temperature) for one in kept])


def read_head(content: bytes) -> ExportedHead:
    """Read the last layer out of an exported model, without running it.

    Raises:
        ModelError: the file is no model that Nightlens exported.
    """
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError(f"model: not a readable ONNX file: {error}") from error
    marks = parse_marks({one.key: one.value for one in model.metadata_props})
    named = {one.name: one for one in model.graph.initializer}
    if HEAD_WEIGHT not in named or HEAD_BIAS not in named:
        raise ModelError(f"model: wanted the initializers {HEAD_WEIGHT} and {HEAD_BIAS}, found neither or one")
    return ExportedHead(marks, numpy_helper.to_array(named[HEAD_WEIGHT]), numpy_helper.to_array(named[HEAD_BIAS]))


class ExportedModel:
    """An exported model, opened from its bytes to answer. Thread-safe."""

    def __init__(self, content: bytes, threads: int = 1) -> None:
        """Open the file's bytes with this many threads a call.

        Raises:
            ModelError: the file is no model that Nightlens exported.
        """
        self._content = content
        self._threads = threads
        self.marks = parse_marks(self._session.get_modelmeta().custom_metadata_map)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in the order of the probabilities."""
        return self.marks.class_names

    @cached_property
    def kind(self) -> Kind:
        """Its label kind, opened for its own classes."""
        return kind_of_model(self._session.get_modelmeta().custom_metadata_map)

    def objects(self, image: NDArray[np.uint8], size_px: tuple[int, int]) -> tuple[Any, ...]:
        """The objects in one model-size image that was made of an image of `size_px` (width, height)."""
        return self.kind.decoding.decode({OUTPUT: self.predict(image[np.newaxis])[0]}, size_px)

    @property
    def side_px(self) -> int:
        """Side of the images it takes."""
        return self.marks.side_px

    @property
    def recipe_digest(self) -> str:
        """The recipe by which its images must be made."""
        return self.marks.recipe_digest

    @property
    def backbone_digest(self) -> str:
        """The backbone inside."""
        return self.marks.backbone_digest

    @property
    def dataset_id(self) -> str:
        """What it was trained on."""
        return self.marks.dataset_id

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn model-size images (uint8, N x side x side x 3) into probabilities (N x C).

        Raises:
            ModelError: the images do not have that shape and type.
        """
        wanted = (self.side_px, self.side_px, 3)
        if images.dtype != np.uint8 or images.shape[1:] != wanted:
            raise ModelError(f"model: wanted uint8 images N x {wanted}, found {images.dtype} {images.shape}")
        # One image a run: no answer depends on its neighbours, and on a CPU it is the quickest.
        rows = [self._session.run([OUTPUT], {INPUT: image[np.newaxis]})[0] for image in images]
        return np.concatenate(rows) if rows else np.empty((0, len(self.class_names)), np.float32)

    @cached_property
    def smoke_images(self) -> tuple[SmokeImage, ...]:
        """The synthetic images whose answers stand in the file."""
        fields = json.loads(self._session.get_modelmeta().custom_metadata_map.get("nightlens_golden", "[]"))
        return tuple(SmokeImage(one["seed"], tuple(one["probabilities"])) for one in fields)

    @cached_property
    def _session(self) -> Any:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as refusals

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(self._content, options, providers=["CPUExecutionProvider"])
        except (refusals.InvalidProtobuf, refusals.InvalidGraph, refusals.Fail) as error:
            raise ModelError(f"model: ONNX Runtime cannot open the file: {error}") from error


@dataclass(frozen=True)
class SmokeImage:
    """A synthetic image, named by its seed, and what the model answers to it."""

    seed: int
    probabilities: tuple[float, ...]


def smoke_image(seed: int, side_px: int) -> NDArray[np.uint8]:
    """Draw the synthetic image of a seed: side x side x 3 of uniform noise."""
    return np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn logits (N x C) into probabilities; the greatest is taken off first, so that nothing overflows."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
