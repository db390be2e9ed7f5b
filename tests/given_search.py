"""A search over training settings of a tiny project, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import given_models
import polars as pl
from given import STARTED_AT, a_project
from given_models import SIDE_PX, DecodingHere, a_tiny_backbone, put_labelled_images

from pipeline_tasks.records.choose_settings import ChooseSettingsSummary
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.records.run_trial import RunTrialSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.stages.search.choose_settings import choose_settings
from pipeline_tasks.stages.search.open_search import open_search
from pipeline_tasks.stages.search.run_trial import run_trial
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.stages.train.train_model import train_model
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.image import Image

CYCLE = "2026-11-21T120000"
TRIALS = 7
SPLITS = {number: ("val", "train", "train", "test")[number % 4] for number in range(16)}
TRAINING = {"max_epochs": 2, "patience_epochs": 2, "augmented_views": 1, "batch_size": 8, "learning_rate": 1e-3}


class Search:
    """A project with labelled images and an opened search; one on a root that has it goes on with it."""

    def __init__(self, folder: Path, seed: int = 0, objects: ObjectStore | None = None, **search: Any) -> None:
        self.store, self.folder = Store(MemoryObjects() if objects is None else objects), folder
        project = a_project(training=TRAINING, backbone={"side_px": SIDE_PX}, search=search)
        open_search(self.store, CycleOpening(project, CYCLE, "by hand", STARTED_AT, "test"), TRIALS, seed)
        self.cycle = read_cycle(self.store, CYCLE)
        if self.store.event(CYCLE, "given") is None:
            put_labelled_images(self.store, self.cycle, SPLITS)
        build_dataset_version(self.store, self.cycle)
        self.backbone, self.decoder = a_tiny_backbone(folder), DecodingHere()

    def trial(self, number: int) -> RunTrialSummary:
        return run_trial(self.store, self.cycle, number, self.decoder, self.backbone, self.folder / "work")

    def choose(self) -> ChooseSettingsSummary:
        return choose_settings(self.store, self.cycle, self.decoder, self.backbone, self.folder / "work")

    def train(self) -> TrainModelSummary:
        registry, log = given_models.RememberingRegistry(), given_models.RememberingLog()
        return train_model(self.store, self.cycle, self.decoder, self.backbone, registry, log, self.folder / "work")

    def whole(self) -> list[RunTrialSummary]:
        return [self.trial(number) for number in range(TRIALS)]

    def poison_test_images(self) -> int:
        """Replace the originals of all test images by bytes that cannot be read; return their number."""
        rows = self.store.read(DatasetImage, CYCLE).filter(pl.col("split") == "test")
        for md5 in self.store.rows_of(Image, rows["image_id"])["md5"]:
            key = layout.original(md5)
            self.store.objects.replace(key, b"poison", self.store.objects.read(key).etag)
        return rows.height
