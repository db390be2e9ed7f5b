"""A pretraining of a tiny project, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from given import STARTED_AT, a_project
from given_models import SIDE_PX, DecodingHere, put_labelled_images

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.settings import BackboneSettings
from pipeline_tasks.stages.pretrain.choose_pretraining_images import choose_pretraining_images
from pipeline_tasks.stages.pretrain.export_backbone import export_backbone
from pipeline_tasks.stages.pretrain.open_pretraining import open_pretraining
from pipeline_tasks.stages.pretrain.probe_backbone import probe_backbone
from pipeline_tasks.stages.pretrain.train_backbone import train_backbone
from pipeline_tasks.stages.tend.erase import erase
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import empty

CYCLE = "2026-11-21T120000"
SPLITS = {number: ("val", "train", "train", "train", "test")[number % 5] for number in range(15)}
SMALL_CNN = BackboneSettings(name="small_cnn", side_px=SIDE_PX)


class NoCopies:
    """Copies of images outside the root, of which there are none."""

    def erase(self, objects: ObjectStore, outside_name: str, plan: ErasurePlan) -> None:
        """Erase nothing."""


class Pretraining:
    """A project with labelled images and an opened pretraining; one on a root that has it goes on with it."""

    def __init__(self, folder: Path, objects: ObjectStore | None = None, **pretraining: Any) -> None:
        self.store, self.folder = Store(MemoryObjects() if objects is None else objects), folder
        settings: dict[str, Any] = {"epochs": 3, "batch_size": 4, "learning_rate": 1e-3} | pretraining
        project = a_project(backbone={"name": "small_cnn", "side_px": SIDE_PX}, pretraining=settings)
        open_pretraining(self.store, CycleOpening(project, CYCLE, "by hand", STARTED_AT, "test"))
        self.cycle = read_cycle(self.store, CYCLE)
        if self.store.event(CYCLE, "given") is None:
            put_labelled_images(self.store, self.cycle, SPLITS)
            self._put_what_curation_adds()
        build_dataset_version(self.store, self.cycle)
        self.decoder = DecodingHere()
        self.backbone: Backbone = open_backbone(SMALL_CNN, folder / "backbones")

    def _put_what_curation_adds(self) -> None:
        """Duplicate groups of one image each, and no quality issue."""
        ids = self.store.history(Image)["image_id"]
        groups = pl.DataFrame({"image_id": ids, "duplicate_group_id": ids, "is_contested": False})
        nothing = [(QualityIssue, empty(QualityIssue)), (Measurement, empty(Measurement))]
        self.store.finish(CYCLE, "given groups", self.cycle.arguments, [(DuplicateGroup, groups), *nothing])

    def choose(self) -> ChoosePretrainingImagesSummary:
        return choose_pretraining_images(self.store, self.cycle)

    def train(self, teacher: Backbone | None = None) -> TrainBackboneSummary:
        return train_backbone(self.store, self.cycle, self.decoder, self.backbone, teacher, self.folder / "work")

    def export(self) -> ExportBackboneSummary:
        return export_backbone(self.store, self.cycle, self.decoder, self.backbone)

    def probe(self) -> ProbeBackboneSummary:
        return probe_backbone(self.store, self.cycle, self.decoder, self.backbone, self.folder / "work")

    def whole(self, teacher: Backbone | None = None) -> ProbeBackboneSummary:
        self.choose()
        self.train(teacher)
        self.export()
        return self.probe()

    def erase(self, image_id: str) -> None:
        opening = CycleOpening(self.cycle.project, "2026-11-21T130000", "by hand", STARTED_AT, "test")
        erase(self.store, opening, NoCopies(), [image_id])

    def poison_judging_images(self) -> int:
        """Replace the originals of all test and validation images by bytes that cannot be read; return their number."""
        judging = self.store.history(Split).filter(pl.col("split").cast(pl.String) != "train")["split_group_id"]
        groups = self.store.current(SplitGroup).filter(pl.col("split_group_id").is_in(judging.implode()))
        rows = self.store.rows_of(Image, groups["image_id"])
        for md5 in rows["md5"]:
            key = layout.original(md5)
            self.store.objects.replace(key, b"poison", self.store.objects.read(key).etag)
        return rows.height
