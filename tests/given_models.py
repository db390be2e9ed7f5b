"""Stand-ins for training tests: a backbone of a few weights, images of two colours, and trackers in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from given import an_open_cycle, image_id
from PIL import Image as PillowImage
from torch import Tensor, nn

from pipeline_tasks.backbones.exported_backbone import ExportedBackbone
from pipeline_tasks.clients.mlflow_runs import TrackedRun
from pipeline_tasks.clients.mlflow_versions import RegisteredVersion
from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.taking_in import take_in
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.models.candidate import Candidate, parse_candidate
from pipeline_tasks.records.cycle import Cycle, CycleArguments
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.run_origin import RunOrigin
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.stages.train.train_model import train_model
from pipeline_tasks.storage.blobs.checkpoint_files import read_candidate
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

# More threads than one only wait for each other on networks of this size.
torch.set_num_threads(1)

SIDE_PX = 32
CLASSES = ("bolt", "nut")
SPLITS = {number: "val" if number % 4 == 0 else "train" for number in range(12)}
TRAINING = {"max_epochs": 12, "patience_epochs": 12, "augmented_views": 2, "batch_size": 8}


class TinyNetwork(nn.Module):
    """uint8 N x 32 x 32 x 3 → N x 32, with fixed weights."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 8, kernel_size=16, stride=16)
        generator = torch.Generator().manual_seed(5)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)

    def forward(self, images: Tensor) -> Tensor:
        features = self.filters(images.permute(0, 3, 1, 2).to(torch.float32) / 255)
        return torch.relu(features).flatten(1)


class TinyBackbone(ExportedBackbone):
    """The tiny network behind the contract of a backbone; counts what it embeds."""

    name = "tiny"
    dimensions = 32

    def __init__(self, side_px: int, cache_folder: Path) -> None:
        self.network: nn.Module = TinyNetwork().eval()
        super().__init__(side_px, cache_folder)
        self.embedded = 0

    @classmethod
    def digest_at(cls, side_px: int) -> str:
        return "b" * 64

    def load_network(self) -> nn.Module:
        return self.network

    def embed(self, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        self.embedded += len(images)
        return super().embed(images)


def a_tiny_backbone(folder: Path) -> TinyBackbone:
    """Export the tiny network into a folder and open it."""
    return TinyBackbone(SIDE_PX, folder)


def an_image(class_name: str, number: int) -> np.ndarray[Any, Any]:
    """A noisy image: bolts are reddish, nuts bluish."""
    drawn = np.random.default_rng([number, CLASSES.index(class_name)])
    pixels = drawn.integers(90, 110, (48, 48, 3))
    pixels[..., 0 if class_name == "bolt" else 2] += drawn.integers(50, 90)
    return pixels.astype(np.uint8)


class DecodingHere:
    """Decodes in this process."""

    def __init__(self) -> None:
        self.decoded = 0

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        self.decoded += 1
        return decode(content, Limits(), form)

    def take_in(self, content: bytes, form: CanonicalForm, sizes: IntakeSizes) -> IntakeImage:
        self.decoded += 1
        return take_in(content, Limits(), form, sizes)


def put_labelled_images(store: Store, cycle: Cycle, split_of_number: Mapping[int, str]) -> dict[str, str]:
    """Let the store know one bolt and one nut for each number, labelled and split; return image_id → class."""
    images, classes = [], {}
    for number, split in split_of_number.items():
        for class_name in CLASSES:
            buffer = io.BytesIO()
            PillowImage.fromarray(an_image(class_name, number)).save(buffer, "PNG")
            identity, md5 = put_original(store.objects, buffer.getvalue())
            images.append({"image_id": identity, "md5": md5, "size_bytes": len(buffer.getvalue()), "split": split})
            classes[identity] = class_name
    rows = pl.DataFrame(images).with_columns(
        file_format=pl.lit("PNG"),
        width_px=48,
        height_px=48,
        orientation=1,
        frames=1,
        canonical_form=2,
        bit_depth=None,
        split_group_id=pl.col("image_id"),
    )
    labels = pl.DataFrame([a_label(one) for one in classes])
    things = pl.DataFrame([a_class(one, name) for one, name in classes.items()])
    writes: list[Any] = [(Image, rows.select(Image.column_names())), (Label, labels), (LabelObject, things)]
    writes += [(SplitGroup, rows.select("image_id", "split_group_id"))]
    writes += [(Split, rows.select("split_group_id", "split", policy=pl.lit("rest")))]
    store.finish(cycle.cycle_id, "given", cycle.arguments, writes)
    return classes


def a_label(identity: str, state: str = "labelled") -> dict[str, Any]:
    """A row of `labels`."""
    fields = {"image_id": identity, "labels_version": "test", "state": state, "votes": 1, "agreement_ratio": 1.0} | dict.fromkeys(
        ("consensus_quality", "vote_ids")
    )
    return fields | {"label_config_digest": image_id("config")}


def a_class(identity: str, class_name: str) -> dict[str, Any]:
    """A row of `label_objects` of the label kind class."""
    empty: dict[str, Any] = dict.fromkeys(LabelObject.column_names())
    return empty | {"image_id": identity, "object_index": 0, "label_kind": "class", "class_name": class_name}


class RememberingRegistry:
    """Runs and versions in memory; it does not respond once, at the epoch `fails_at_epoch`."""

    def __init__(self, fails_at_epoch: int | None = None) -> None:
        self.fails_at_epoch = fails_at_epoch
        self.epochs: dict[int, dict[str, float]] = {}
        self.told: list[int] = []
        self.status: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.params: dict[str, object] = {}
        self.tags: dict[str, str] = {}

    def find_or_start_run(self, name: str, cycle_key: str, params: Mapping[str, object], tags: Mapping[str, str]) -> TrackedRun:
        self.params, self.tags = dict(params), dict(tags)
        self.status[cycle_key] = "RUNNING"
        return TrackedRun(cycle_key, "1", f"http://registry/{cycle_key}", "mlflow-artifacts:/1", 0)

    def log_dataset(self, run_id: str, name: str, dataset_id: str, source: str) -> None:
        self.dataset = (name, dataset_id, source)

    def log_plots(self, run: TrackedRun, plots: Mapping[str, bytes]) -> None:
        self.plots = dict(plots)

    def log_epoch_metrics(self, run: TrackedRun, epochs: Any) -> None:
        for epoch, metrics in epochs:
            if epoch == self.fails_at_epoch:
                self.fails_at_epoch = None
                raise ServiceUnavailableError("MLflow at http://registry: no answer")
            self.told.append(epoch)
            self.epochs.setdefault(epoch, {}).update(metrics)

    def end_run(self, run_id: str, *, is_success: bool = True) -> None:
        self.status[run_id] = "FINISHED" if is_success else "FAILED"

    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        version = self.versions.setdefault(model.digest, str(len(self.versions) + 1))
        return RegisteredVersion(version, f"http://registry/{model.name}/{version}")

    def champion_alias(self, outside_name: str) -> str | None:
        return self.aliases.get(f"{outside_name}@champion")

    def set_alias(self, name: str, alias: str, version: str) -> None:
        self.aliases[f"{name}@{alias}"] = version


class RememberingLog:
    """A W&B that keeps calls in memory."""

    mode = "offline"

    def __init__(self) -> None:
        self.epochs: list[int] = []
        self.calls: list[str] = []

    def start(self, name: str, cycle_key: str, settings: Mapping[str, object]) -> None:
        self.calls.append(f"start {name} {cycle_key}")
        self.settings = dict(settings)

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self.epochs.append(epoch)

    def finish(self) -> None:
        self.calls.append("finish")


class World:
    """A project with labelled images, ready for its training."""

    def __init__(self, folder: Path, arguments: CycleArguments | None = None, **training: Any) -> None:
        self.store, self.folder = Store(MemoryObjects()), folder
        settings = {"training": TRAINING | training, "backbone": {"side_px": SIDE_PX}}
        self.cycle = an_open_cycle(self.store, arguments=arguments, **settings)
        put_labelled_images(self.store, self.cycle, SPLITS)
        build_dataset_version(self.store, self.cycle)
        self.backbone, self.decoder = a_tiny_backbone(folder), DecodingHere()
        self.registry, self.log = RememberingRegistry(), RememberingLog()

    def train(self, origin: RunOrigin | None = None) -> TrainModelSummary:
        work = self.folder / "work"
        return train_model(self.store, self.cycle, self.decoder, self.backbone, self.registry, self.log, work, origin=origin)

    def candidate(self, summary: TrainModelSummary) -> Candidate:
        assert summary.candidate_key is not None
        assert summary.candidate_sha256 is not None
        return parse_candidate(read_candidate(self.store.objects, summary.candidate_key, summary.candidate_sha256))
