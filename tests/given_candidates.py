"""Projects with an exported model, as inputs of the stages after training."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import polars as pl
from given import an_open_cycle, image_id
from tiny_model import an_image, tiny_model

from pipeline_tasks.clients.mlflow_runs import TrackedRun
from pipeline_tasks.clients.mlflow_versions import RegisteredVersion
from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.project_state import Dataset
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.split_group import SplitGroup

GOOD = tiny_model(["bolt", "nut"], channels=(0, 1))
"""Takes red for bolts and green for nuts: right on every image of `a_dataset`."""
BAD = tiny_model(["bolt", "nut"], channels=(1, 0))
"""Takes one for the other."""
CONSTANT = tiny_model(["bolt", "nut"], channels=(2, 2))
"""Finds both equally likely, so that it always answers the first."""
COLOURS = {"bolt": (255, 0, 0), "nut": (0, 255, 0)}
OF_FEW = {"margin": 0.5}
"""On a dozen test images no smaller margin can be shown to be kept."""


class InProcessDecoder:
    """Decodes as the pool's children do, without the children."""

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        return decode(content, Limits(), form)


class RecordingRegistry:
    """Remembers which alias was set and which metrics were logged."""

    def __init__(self) -> None:
        self.aliases: list[tuple[str, str]] = []
        self.metrics: dict[str, float] = {}

    def run(self, run_id: str) -> TrackedRun:
        return TrackedRun(run_id, "1", "http://test", "mlflow-artifacts:/1", 0)

    def log_plots(self, run: TrackedRun, plots: Mapping[str, bytes]) -> None:
        self.plots = dict(plots)

    def log_epoch_metrics(self, run: TrackedRun, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        for _, metrics in epochs:
            self.metrics.update(metrics)

    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        return RegisteredVersion(model.version or "1", "http://test")

    def champion_alias(self, outside_name: str) -> str | None:
        return self.aliases[-1][1] if self.aliases else None

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        self.aliases.append((outside_name, registry_version))


def a_dataset(store: Store, cycle: Cycle, test: int = 12, train: int = 4, cast: Collection[int] = ()) -> None:
    """Red bolts and green nuts in turn; `test` of them test images, then `train` training images, each its own group.

    Images of the numbers in `cast` have the other's colour.
    """
    rows = [_row(store, number, "test" if number < test else "train", number in cast) for number in range(test + train)]
    manifest = pl.DataFrame(rows, schema_overrides={"orientation": pl.Int8})
    split_groups = manifest.select("image_id", "split_group_id")
    dataset_id = cycle.cycle_id.replace("-", "").ljust(64, "0")
    tables: list[Any] = [(Image, manifest.select(Image.column_names())), (SplitGroup, split_groups)]
    tables.append((DatasetImage, manifest.select(DatasetImage.column_names())))
    summary = BuildDatasetVersionSummary(dataset_id, cycle.cycle_id, is_changed=True, should_train=True, why="It is new.")
    store.finish(cycle.cycle_id, "build_dataset_version", summary, tables, sets=[Dataset(dataset_id, cycle.cycle_id)])


def an_exported_model(store: Store, cycle: Cycle, content: bytes | None, registry_version: str | None = "1") -> str:
    """Records of `train_model` and `export_model`; None if they were skipped."""
    store.finish(cycle.cycle_id, "train_model", TrainModelSummary(skipped=None, mlflow_run_id="run 1"))
    if content is None:
        store.finish(cycle.cycle_id, "export_model", ExportModelSummary("There is nothing new to learn from."))
        return ""
    digest = put_model(store.objects, content)
    store.finish(cycle.cycle_id, "export_model", ExportModelSummary(None, digest, registry_version=registry_version))
    return digest


def a_cycle_with_model(
    store: Store,
    content: bytes | None,
    cycle_id: str = "2026-11-21",
    version: str = "1",
    test: int = 12,
    *,
    cast: Collection[int] = (),
    **settings: Any,
) -> Cycle:
    """An open cycle with a dataset version and an exported model."""
    cycle = an_open_cycle(store, cycle_id, **({"gates": OF_FEW} | settings))
    a_dataset(store, cycle, test, cast=cast)
    an_exported_model(store, cycle, content, version)
    return cycle


def _row(store: Store, number: int, split: str, is_cast: bool) -> dict[str, Any]:
    class_name, other = (("bolt", "nut"), ("nut", "bolt"))[number % 2]
    content = an_image(COLOURS[other if is_cast else class_name], seed=number)
    found, md5 = put_original(store.objects, content)
    return {
        "image_id": found,
        "md5": md5,
        "size_bytes": len(content),
        "file_format": "PNG",
        "width_px": 48,
        "height_px": 48,
        "orientation": 1,
        "frames": 1,
        "canonical_form": 2,
        "bit_depth": None,
        "split_group_id": image_id(f"group {number}"),
        "split": split,
        "label_kind": "class",
        "class_name": class_name,
        "label_digest": image_id(class_name),
        "is_control": split == "test",
    }
