"""An exported model: one ONNX file from uint8 images to the outputs of its kind, with its own preprocessing and origin.

Input `pictures` uint8 N x side x side x 3; the outputs are named by the kind. Nothing beside the file is needed to use it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError, SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.choosing import Scorer
from pipeline_tasks.kinds.decoding import Framing, Outputs
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of_model
from pipeline_tasks.upgrades.model_properties import marked_properties, upgraded_properties

INPUT = "pictures"


@dataclass(frozen=True)
class ModelMarks:
    """Metadata of a model, in the file's `metadata_props`."""

    kind: Kind
    """Its label kind, with its own classes."""
    backbone_digest: str
    recipe_digest: str
    """Digest of the resize recipe that its images must be made by."""
    side_px: int
    dataset_id: str
    temperature: float = 1.0
    network: str = ""
    """Name of a whole network; empty for a head on a backbone."""

    def as_properties(self) -> dict[str, str]:
        """The marks in the form of the file."""
        properties = {
            **self.kind.properties,
            "nightlens_backbone_digest": self.backbone_digest,
            "nightlens_recipe_digest": self.recipe_digest,
            "nightlens_side_px": str(self.side_px),
            "nightlens_dataset_id": self.dataset_id,
            "nightlens_temperature": repr(self.temperature),
        }
        return marked_properties(properties | ({"nightlens_network": self.network} if self.network else {}))


def parse_marks(properties: Mapping[str, str]) -> ModelMarks:
    """Read the marks from a file's `metadata_props`.

    Raises:
        ModelError: one is missing or wrong.
        NewerFormError: a later Nightlens exported the model.
    """
    properties = upgraded_properties(properties, "model")
    try:
        return ModelMarks(
            kind=kind_of_model(properties),
            backbone_digest=properties["nightlens_backbone_digest"],
            recipe_digest=properties["nightlens_recipe_digest"],
            side_px=int(properties["nightlens_side_px"]),
            dataset_id=properties["nightlens_dataset_id"],
            temperature=float(properties.get("nightlens_temperature", "1.0")),
            network=properties.get("nightlens_network", ""),
        )
    except (KeyError, ValueError, TypeError, SettingsError) as error:
        raise ModelError(f"model: wanted a file that Nightlens exported, its metadata are missing or invalid: {error}") from error


def read_marks(content: bytes) -> ModelMarks:
    """Read the marks of an exported model, without running it.

    Raises:
        ModelError: the file is no model that Nightlens exported.
    """
    return parse_marks({one.key: one.value for one in read_graph(content).metadata_props})


@dataclass(frozen=True)
class ExportedHead:
    """The head of an exported model alone, for images whose embeddings are known."""

    marks: ModelMarks
    scorer: Scorer

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The names that the model may use, in the order of the scorer's columns."""
        return self.marks.kind.vocabulary

    @property
    def backbone_digest(self) -> str:
        """Digest of the backbone whose embeddings it takes."""
        return self.marks.backbone_digest


def read_head(content: bytes) -> ExportedHead | None:
    """Read the head out of an exported model, without running it; None if it needs more than the embedding.

    Raises:
        ModelError: the file is no model that Nightlens exported.
    """
    model = read_graph(content)
    marks = parse_marks({one.key: one.value for one in model.metadata_props})
    scorer = marks.kind.choosing.scorer(model.graph, marks.temperature)
    return None if scorer is None else ExportedHead(marks, scorer)


def read_graph(content: bytes) -> Any:
    """An exported model as onnx's `ModelProto`.

    Raises:
        ModelError: the bytes are no ONNX file.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError(f"model: not a readable ONNX file: {error}") from error


class ExportedModel:
    """An exported model, opened from its bytes. Thread-safe."""

    def __init__(self, content: bytes, threads: int = 1) -> None:
        """Open the file's bytes with this many threads a call.

        Raises:
            ModelError: the file is no model that Nightlens exported.
        """
        self._content = content
        self._threads = threads
        self.marks = parse_marks(self._session.get_modelmeta().custom_metadata_map)

    @property
    def kind(self) -> Kind:
        """Its label kind, with its own classes."""
        return self.marks.kind

    @property
    def framing(self) -> Framing:
        """Part of an image that its model-size images show."""
        return self.kind.decoding.framing

    def objects(self, image: NDArray[np.uint8], size_px: tuple[int, int]) -> tuple[Any, ...]:
        """Objects in one model-size image, made from an image of `size_px` (width, height)."""
        return self.kind.decoding.decode(self.run(image), size_px)

    @property
    def side_px(self) -> int:
        """Side of the images it takes."""
        return self.marks.side_px

    @property
    def recipe_digest(self) -> str:
        """Digest of the resize recipe for its images."""
        return self.marks.recipe_digest

    @property
    def backbone_digest(self) -> str:
        """Digest of its backbone."""
        return self.marks.backbone_digest

    @property
    def dataset_id(self) -> str:
        """Dataset version it was trained on."""
        return self.marks.dataset_id

    def run(self, image: NDArray[np.uint8]) -> Outputs:
        """The outputs for one model-size image (uint8, side x side x 3).

        One image a run: no prediction depends on its neighbours, and on a CPU it is the quickest.

        Raises:
            ModelError: the image does not have that shape and type.
        """
        wanted = (self.side_px, self.side_px, 3)
        if image.dtype != np.uint8 or image.shape != wanted:
            raise ModelError(f"model: wanted a uint8 image of {wanted}, found {image.dtype} {image.shape}")
        names = list(self.kind.decoding.output_names)
        values = self._session.run(names, {INPUT: image[np.newaxis]})
        return {name: value[0] for name, value in zip(names, values, strict=True)}

    @cached_property
    def smoke_images(self) -> tuple[SmokeImage, ...]:
        """Smoke images whose predictions are stored in the file."""
        fields = json.loads(self._session.get_modelmeta().custom_metadata_map.get("nightlens_golden", "[]"))
        return tuple(SmokeImage(one.pop("seed"), one) for one in fields)

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
    """A synthetic image, identified by its seed, with the model's prediction."""

    seed: int
    recorded: Mapping[str, Json]
    """The outputs as the kind recorded them."""


def smoke_image(seed: int, side_px: int) -> NDArray[np.uint8]:
    """Draw the synthetic image of a seed: side x side x 3 of uniform noise."""
    return np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)
