"""All inputs that a stage may need: opened at first use, closed when the stage has ended.

Imports are local, so that a task's process imports only what its stage uses. A test subclasses `Services`
and overrides what it stands in for; mypy checks that too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import Cycle, CycleOpening
from pipeline_tasks.release import RELEASE
from pipeline_tasks.settings import Project
from pipeline_tasks.wiring.endpoints import Endpoints, known
from pipeline_tasks.wiring.projects import home_folder, read_project
from pipeline_tasks.wiring.roots import open_objects, open_store

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.backbones.pretrained import PretrainedFiles
    from pipeline_tasks.blurring.blur import Blur
    from pipeline_tasks.clients.annotator_files import AnnotatorFiles
    from pipeline_tasks.clients.event_files import EventFiles
    from pipeline_tasks.clients.experiment_log import ExperimentLog
    from pipeline_tasks.clients.label_studio import LabelStudio
    from pipeline_tasks.clients.model_registry import ModelRegistry
    from pipeline_tasks.clients.prediction_server import PredictionServer
    from pipeline_tasks.decoding.decoder import IntakeDecoder
    from pipeline_tasks.networks.network import Network
    from pipeline_tasks.settings import BackboneSettings
    from pipeline_tasks.sources.source import Source
    from pipeline_tasks.storage.history.store import Store
    from pipeline_tasks.wiring.outside_copies import OutsideCopies


class Services:
    """Store, frozen cycle and clients of one stage of one cycle. Use it in a `with`."""

    def __init__(self, project_name: str, cycle_id: str, endpoints: Endpoints) -> None:
        """Open nothing yet."""
        self.project_name, self.cycle_id, self.endpoints = project_name, cycle_id, endpoints
        self._open = ExitStack()

    def __enter__(self) -> Services:
        """Start to keep opened services."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close all opened services."""
        self._open.close()

    @cached_property
    def project(self) -> Project:
        """The project's file as it is now: for the stage that opens a night. All others read `cycle.project`."""
        return read_project(self.project_name)

    @cached_property
    def project_at_hand(self) -> Project:
        """The same, or the newest cycle's settings while the file is broken: to find the root, and beside the nights."""
        try:
            return self.project
        except SettingsError:
            from pipeline_tasks.wiring.last_settings import project_or_last_settings

            return project_or_last_settings(self.project_name)

    @cached_property
    def store(self) -> Store:
        """The project's root."""
        return open_store(self.project_at_hand, self.endpoints.s3)

    @cached_property
    def cycle(self) -> Cycle:
        """The cycle as `open_cycle` froze it."""
        from pipeline_tasks.storage.history.cycles import read_cycle

        return read_cycle(self.store, self.cycle_id)

    @property
    def now(self) -> datetime:
        """Current time; stages do not read the clock themselves."""
        return datetime.now(timezone.utc)

    @property
    def code_version(self) -> str:
        """The version of the code that runs."""
        return os.environ.get("NIGHTLENS_CODE_VERSION") or RELEASE

    def opening(self, run_key: str) -> CycleOpening:
        """The inputs of the stage that opens a night."""
        return self._opening(run_key, self.project)

    def opening_beside(self, run_key: str) -> CycleOpening:
        """The inputs of a stage that opens a cycle beside the nights; it works while the project file is broken."""
        return self._opening(run_key, self.project_at_hand)

    def _opening(self, run_key: str, project: Project) -> CycleOpening:
        return CycleOpening(project, self.cycle_id, run_key, self.now, self.code_version)

    @property
    def work_folder(self) -> Path:
        """A folder for the cycle's temporary files on this machine."""
        return home_folder() / "work" / self.project_name / self.cycle_id

    @cached_property
    def sources(self) -> Sequence[Source]:
        """The project's sources; of an import, the labelled set alone."""
        from pipeline_tasks.sources.source import open_sources
        from pipeline_tasks.storage.history.cycles import IMPORT

        if self.cycle.cycle_kind == IMPORT:
            return [self._labelled_set]
        return open_sources(self.cycle.project.sources, home_folder(), self.endpoints.connect, self.endpoints.web_key)

    @property
    def _labelled_set(self) -> Source:
        """The images of the labelled set that the cycle imports."""
        from pipeline_tasks.sources.chosen_files import ChosenFiles
        from pipeline_tasks.sources.folder import FolderSettings
        from pipeline_tasks.tables.set_image import SetImage

        settings = self.cycle.project.sources[0]
        assert isinstance(settings, FolderSettings), "open_import freezes a folder"
        return ChosenFiles(settings, home_folder(), self.store.read(SetImage, self.cycle_id)["key"].to_list())

    @cached_property
    def decoder(self) -> IntakeDecoder:
        """A pool of child processes that decode images."""
        from pipeline_tasks.decoding.pool import DecodingPool

        return self._open.enter_context(DecodingPool())

    @cached_property
    def backbone(self) -> Backbone:
        """The project's backbone, with weights of a pretraining of the project if it names them."""
        return self._opened_backbone(self.cycle.project.backbone)

    @cached_property
    def teacher(self) -> Backbone | None:
        """The backbone that a distillation learns from, for images of the side of the project's; None for other methods."""
        from pipeline_tasks.settings import BackboneSettings

        named, side_px = self.cycle.project.pretraining.teacher, self.cycle.project.backbone.side_px
        if named is None:
            return None
        return self._opened_backbone(BackboneSettings(name=named.name, weights=named.weights, side_px=side_px))

    def _opened_backbone(self, settings: BackboneSettings) -> Backbone:
        from pipeline_tasks.backbones.backbone import open_backbone

        def find(pretrained: str) -> PretrainedFiles:
            """The files of one of the project's pretrainings."""
            from pipeline_tasks.training_data.pretraining_images import find_pretrained

            return find_pretrained(self.store, pretrained)

        return open_backbone(settings, cache_folder=home_folder() / "backbones", home=home_folder(), pretrained=find)

    @cached_property
    def network(self) -> Network | None:
        """The project's whole network; None if its models are heads on the backbone."""
        from pipeline_tasks.networks.network import open_network

        return open_network(self.cycle.project, self.backbone, home_folder())

    @cached_property
    def label_studio(self) -> LabelStudio:
        """Label Studio; a SettingsError if no address is known."""
        from pipeline_tasks.clients.label_studio import LabelStudio

        endpoint = known(self.endpoints.label_studio, "label_studio", self.project_name)
        return self._open.enter_context(LabelStudio(endpoint.url, endpoint.token))

    @property
    def label_studio_if_there(self) -> LabelStudio | None:
        """Label Studio, or None if no address is known, for a stage to which it is optional."""
        return None if self.endpoints.label_studio is None else self.label_studio

    @cached_property
    def annotator_files(self) -> AnnotatorFiles:
        """The folder of copies that annotators see."""
        from pipeline_tasks.clients.annotator_files import AnnotatorFiles

        blurs = self.cycle.project.labeling.blur is not None
        return AnnotatorFiles(
            home_folder() / "for_people", self.cycle.outside_name, blur_digest=self._blur_digest if blurs else None
        )

    def _blur_digest(self) -> str:
        assert self.blur is not None, "asked for only where the project blurs"
        return self.blur.digest

    @cached_property
    def blur(self) -> Blur | None:
        """The blur of annotators' copies, or None; a SettingsError if its file cannot be read."""
        from pipeline_tasks.blurring.blur import open_blur

        return open_blur(self.cycle.project.labeling.blur, home_folder())

    @cached_property
    def outside_copies(self) -> OutsideCopies:
        """Copies of images outside the project's root."""
        from pipeline_tasks.wiring.outside_copies import OutsideCopies

        return OutsideCopies(self.project_at_hand, home_folder(), lambda where: open_objects(where, self.endpoints.s3))

    @cached_property
    def model_registry(self) -> ModelRegistry:
        """MLflow; a SettingsError if no address is known."""
        from pipeline_tasks.clients.model_registry import ModelRegistry

        return ModelRegistry(known(self.endpoints.mlflow, "mlflow", self.project_name).url)

    @cached_property
    def experiment_log(self) -> ExperimentLog:
        """Weights & Biases, offline unless configured otherwise."""
        from pipeline_tasks.clients.experiment_log import ExperimentLog

        return ExperimentLog(self.work_folder / "wandb")

    @cached_property
    def event_files(self) -> EventFiles:
        """TensorBoard's files of the cycle's training, one folder a project."""
        from pipeline_tasks.clients.event_files import EventFiles

        return EventFiles(home_folder() / "tensorboard" / self.cycle.outside_name, self.cycle_id)

    @cached_property
    def prediction_server(self) -> PredictionServer | None:
        """The prediction server, or None if no address is known; the pointer moves even if the server is down."""
        from pipeline_tasks.clients.prediction_server import PredictionServer

        endpoint = self.endpoints.prediction_server
        return None if endpoint is None else self._open.enter_context(PredictionServer(endpoint.url))


def backbone_of(project: Project) -> Backbone:
    """A project's backbone as published, for its layers: those of weights from the project's own root are the same."""
    from pipeline_tasks.backbones.backbone import open_backbone

    published = project.backbone.model_copy(update={"pretrained": None})
    return open_backbone(published, cache_folder=home_folder() / "backbones", home=home_folder())
