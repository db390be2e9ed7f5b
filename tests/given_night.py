"""Whole nights through the wiring with real code; only the outside services are stand-ins."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import given
import given_models
import numpy as np
from PIL import Image as PillowImage
from stand_in_label_studio import StandInLabelStudio

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.event_files import EventFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.clients.mlflow_runs import TrackedRun
from pipeline_tasks.clients.model_registry import ModelRegistry
from pipeline_tasks.decoding.decoder import IntakeDecoder
from pipeline_tasks.process import NIGHTLY_STAGES
from pipeline_tasks.settings import Project, QualitySettings
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.sources.source import Source, open_sources
from pipeline_tasks.storage.history.cycles import IMPORT
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.endpoints import Endpoints
from pipeline_tasks.wiring.outside_copies import OutsideCopies
from pipeline_tasks.wiring.services import Services
from pipeline_tasks.wiring.stages import CALLS

NIGHTLY = NIGHTLY_STAGES
NO_LIMITS = dict.fromkeys(QualitySettings.model_fields)


class Registry(given_models.RememberingRegistry):
    """Also what evaluation and promotion ask for."""

    def run(self, run_id: str) -> TrackedRun:
        return self.find_or_start_run("parts", run_id, {}, {})

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        self.set_alias(outside_name, "champion", registry_version)


@dataclass
class Night:
    """One project whose cycles can be run stage by stage."""

    project: Project
    folder: Path

    @staticmethod
    def open_backbone(folder: Path) -> Backbone:
        """A tiny network; a subclass opens another."""
        return given_models.a_tiny_backbone(folder)

    def __post_init__(self) -> None:
        self.store, self.server = Store(MemoryObjects()), StandInLabelStudio()
        self.registry = Registry()
        self.classes: dict[str, str] = {}
        (self.folder / "inbox").mkdir()

    def connect(self, connection_id: str | None) -> S3Connection:
        """Find the connection of a source."""
        return S3Connection(connection_id)

    def services(self, cycle_id: str) -> NightServices:
        """Services of one stage of a cycle."""
        return NightServices(self, cycle_id)

    def bring(self, numbers: range) -> None:
        """Put one bolt and one nut for each number into the inbox, a copy of the first, and a file that is no image."""
        for number in numbers:
            for class_name in given_models.CLASSES:
                buffer = io.BytesIO()
                PillowImage.fromarray(a_patchwork(class_name, number)).save(buffer, "PNG")
                (self.folder / "inbox" / f"{class_name}{number}.png").write_bytes(buffer.getvalue())
                self.classes[hashlib.sha256(buffer.getvalue()).hexdigest()] = class_name
        (self.folder / "inbox" / f"copy{numbers[0]}.png").write_bytes(
            (self.folder / "inbox" / f"bolt{numbers[0]}.png").read_bytes()
        )
        (self.folder / "inbox" / f"torn{numbers[0]}.png").write_bytes(b"\x89PNG no image")
        for path in (self.folder / "inbox").iterdir():
            os.utime(path, (0, 0))

    def run(
        self,
        stage: str,
        cycle_id: str,
        *,
        outside_copies: OutsideCopies | None = None,
        label_studio_if_there: LabelStudio | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        """Run one stage as Airflow's tasks and the command line do."""
        night_services = self.services(cycle_id)
        night_services.given_copies, night_services.given_label_studio = outside_copies, label_studio_if_there
        with night_services as services:
            return asdict(CALLS[stage](services, StageArguments(**arguments)))

    def annotate_all(self) -> None:
        """Let one person answer every open task rightly."""
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                self.server.annotate(number, [self.classes[task["data"]["image_id"]]])

    def cycle(self, cycle_id: str, **arguments: Any) -> dict[str, dict[str, Any]]:
        """Run all stages, people answering in between."""
        told = {}
        for stage in NIGHTLY:
            told[stage] = self.run(stage, cycle_id, **arguments)
            if stage == "send_to_labeling":
                self.annotate_all()
        return told

    def objects(self) -> dict[str, str]:
        """Every object of the root but the reports, which are derived, with the digest of its bytes."""
        keys = [key for key in self.store.objects.list("") if not key.startswith("reports/")]
        return {key: hashlib.sha256(self.store.objects.read(key).content).hexdigest() for key in keys}


N = TypeVar("N", bound=Night)


class NightServices(Services):
    """Real code; only the outside services are stand-ins."""

    given_copies: OutsideCopies | None = None
    given_label_studio: LabelStudio | None = None

    def __init__(self, night: Night, cycle_id: str) -> None:
        super().__init__("parts", cycle_id, Endpoints())
        self.night = night

    @cached_property
    def project(self) -> Project:
        return self.night.project

    @cached_property
    def store(self) -> Store:
        return self.night.store

    @property
    def now(self) -> datetime:
        return given.STARTED_AT

    @property
    def code_version(self) -> str:
        return "test"

    @property
    def work_folder(self) -> Path:
        return self.night.folder / "work"

    @cached_property
    def sources(self) -> Sequence[Source]:
        if self.cycle.cycle_kind == IMPORT:
            return [self._labelled_set]
        return open_sources(self.night.project.sources, self.night.folder, self.night.connect)

    @cached_property
    def decoder(self) -> IntakeDecoder:
        return given_models.DecodingHere()

    @cached_property
    def backbone(self) -> Backbone:
        return type(self.night).open_backbone(self.night.folder)

    @cached_property
    def label_studio(self) -> LabelStudio:
        return self.night.server.client()

    @property
    def label_studio_if_there(self) -> LabelStudio | None:
        return self.given_label_studio

    @cached_property
    def annotator_files(self) -> AnnotatorFiles:
        return AnnotatorFiles(self.night.folder / "for_people", "parts")

    @cached_property
    def event_files(self) -> EventFiles:
        return EventFiles(self.night.folder / "tensorboard", self.cycle_id)

    @cached_property
    def outside_copies(self) -> OutsideCopies:
        return self.given_copies or super().outside_copies

    @cached_property
    def model_registry(self) -> ModelRegistry:
        return cast(ModelRegistry, self.night.registry)


def a_patchwork(class_name: str, number: int) -> np.ndarray[Any, Any]:
    """Nine patches of random shades, unlike those of any other number; bolts are reddish, nuts bluish."""
    drawn = np.random.default_rng([number, given_models.CLASSES.index(class_name)])
    patches = drawn.integers(0, 120, (3, 3, 3))
    patches[..., 0 if class_name == "bolt" else 2] += 120
    return np.kron(patches, np.ones((16, 16, 1))).astype(np.uint8)


def a_night(folder: Path, kind: type[N] = Night, **settings: Any) -> N:
    """A project whose images are all different, without annotations."""
    all_different = {"max_hash_distance": 0, "min_hash_cosine": 1.0, "min_embedding_cosine": 1.0, "max_difference": 0.0}
    wanted: dict[str, Any] = {
        "quality": NO_LIMITS,
        "selection": {"budget": 60, "first_round_control_ratio": 0.4},
        "training": given_models.TRAINING,
        "backbone": {"side_px": given_models.SIDE_PX},
        "duplicates": all_different,
    }
    return kind(given.a_project(**wanted | settings), folder)
