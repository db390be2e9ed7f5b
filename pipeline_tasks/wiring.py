"""Settings to store and clients: the one place where rooms are plugged together. Nothing below imports it.

`run_stage` is how Airflow's tasks, the command line and tests run a stage: it opens the project's root, reads the frozen
cycle, makes just those services that the stage's signature names, and returns the summary as a dict.
"""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.process import STAGES
from pipeline_tasks.records.cycle import Cycle, CycleArguments
from pipeline_tasks.release import RELEASE
from pipeline_tasks.settings import Project, load_project

if TYPE_CHECKING:
    # Airflow reads this module with every DAG file, so what opens tables is imported where it is used.
    from pipeline_tasks.storage.history.store import Store
    from pipeline_tasks.storage.objects.object_store import ObjectStore


@dataclass(frozen=True)
class Endpoint:
    """Where a service is and what opens it. The token is left out when this is shown."""

    url: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class S3Endpoint:
    """Where an S3-compatible store is and what opens it; None leaves a part to boto3's own search (instance role, environment)."""

    url: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    region: str | None = None


@dataclass(frozen=True)
class Endpoints:
    """The services outside, each None until it is known; opening a missing one is a SettingsError."""

    label_studio: Endpoint | None = None
    mlflow: Endpoint | None = None
    prediction_server: Endpoint | None = None
    s3: S3Endpoint | None = None


def run_stage(
    stage: str,
    project_name: str,
    cycle_id: str,
    *,
    endpoints: Endpoints | None = None,
    shard: int | None = None,
    cycle_arguments: CycleArguments | None = None,
    run_key: str = "command line",
    **arguments: Any,
) -> dict[str, Any]:
    """Run one stage of one cycle and return its summary.

    Raises:
        SettingsError: no such stage or project, or a service that the stage needs has no address.
        NightlensError: whatever the stage raises.
    """
    if stage not in STAGES:
        raise SettingsError(f"stage: wanted one of {', '.join(STAGES)}; found {stage!r}")
    function = getattr(importlib.import_module(STAGES[stage].module), stage)
    offered = {"shard": shard, "cycle_arguments": cycle_arguments, "run_key": run_key, **arguments}
    with ExitStack() as held:
        parts = Parts(project_name, cycle_id, endpoints or endpoints_from_environment(project_name), offered, held)
        wanted = [name for name in inspect.signature(function).parameters if parts.has(name)]
        return asdict(function(**{name: parts.make(name) for name in wanted}))


@dataclass
class Parts:
    """Makes what a stage's signature names, once each, and closes it when the stage has ended."""

    project_name: str
    cycle_id: str
    endpoints: Endpoints
    offered: Mapping[str, Any]
    held: ExitStack
    made: dict[str, Any] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether this parameter can be given; one that cannot keeps its default."""
        return name in _MAKERS or self.offered.get(name) is not None

    def make(self, name: str) -> Any:
        """The part of this name."""
        if self.offered.get(name) is not None:
            return self.offered[name]
        if name not in self.made:
            self.made[name] = _MAKERS[name](self)
        return self.made[name]

    def endpoint(self, service: str) -> Endpoint:
        """The address of a service that the stage cannot do without."""
        endpoint: Endpoint | None = getattr(self.endpoints, service)
        if endpoint is None:
            raise SettingsError(
                f"{service}: wanted an address, found none; set the Airflow connection of project {self.project_name!r} or "
                f"NIGHTLENS_{service.upper()}_URL"
            )
        return endpoint


def home() -> Path:
    """The folder of everything that is not a project's root or its source: NIGHTLENS_HOME, default `./.nightlens`."""
    return Path(os.environ.get("NIGHTLENS_HOME", ".nightlens")).resolve()


def project_files() -> dict[str, Path]:
    """Project name → its file, from the shipped folder and from `$NIGHTLENS_HOME/projects`; the latter wins."""
    shipped = Path(os.environ.get("NIGHTLENS_PROJECTS", Path(__file__).parent.parent / "dags" / "projects"))
    return {path.stem: path for folder in (shipped, home() / "projects") for path in sorted(folder.glob("*.yaml"))}


def read_project(name: str) -> Project:
    """The project's file as it is now; only `open_cycle` and tools outside cycles may ask.

    Raises:
        SettingsError: no such file, or its content is wrong.
    """
    files = project_files()
    if name not in files:
        raise SettingsError(f"project: wanted one of {sorted(files)}, found {name!r}")
    return load_project(files[name])


def open_store(project: Project, s3: S3Endpoint | None = None) -> Store:
    """The project's root, on disk or on S3.

    Raises:
        SettingsError: a root that is neither a folder nor s3://bucket/prefix.
    """
    from pipeline_tasks.storage.history.store import Store

    where = str(root_folder(project)) if project.root is None or "://" not in project.root else project.root
    try:
        return Store(open_objects(where, s3))
    except SettingsError as error:
        raise SettingsError(f"project {project.project}: root: {error}") from error


def open_objects(where: str, s3: S3Endpoint | None = None) -> ObjectStore:
    """A folder or s3://bucket/prefix that holds a project's root, or a copy of one.

    Raises:
        SettingsError: `where` is neither.
    """
    from pipeline_tasks.storage.objects.places import open_place

    s3 = s3 or S3Endpoint()
    return open_place(where, s3.url, s3.access_key, s3.secret_key, s3.region)


def root_folder(project: Project) -> Path:
    """Where a root on disk lies."""
    return home() / "roots" / project.project if project.root is None else home() / project.root


def endpoints_from_environment(project_name: str) -> Endpoints:
    """What the command line uses: NIGHTLENS_<SERVICE>_URL and NIGHTLENS_<SERVICE>_TOKEN_FILE."""
    return Endpoints(
        label_studio=_endpoint_from_environment("LABEL_STUDIO"),
        mlflow=_endpoint_from_environment("MLFLOW"),
        prediction_server=_endpoint_from_environment(f"PREDICTION_SERVER_{project_name.upper()}"),
        s3=S3Endpoint(os.environ.get("NIGHTLENS_S3_URL")),
    )


def _endpoint_from_environment(service: str) -> Endpoint | None:
    url, token_file = os.environ.get(f"NIGHTLENS_{service}_URL"), os.environ.get(f"NIGHTLENS_{service}_TOKEN_FILE")
    if url is None:
        return None
    return Endpoint(url, Path(token_file).read_text().strip() if token_file else None)


def _cycle(parts: Parts) -> Cycle:
    from pipeline_tasks.storage.history.cycles import read_cycle

    return read_cycle(parts.make("store"), parts.cycle_id)


def _decoder(parts: Parts) -> Any:
    from pipeline_tasks.decoding.pool import DecodingPool

    return parts.held.enter_context(DecodingPool())


def _sources(parts: Parts) -> Any:
    from pipeline_tasks.sources.source import open_sources

    return open_sources(parts.make("cycle").project.sources, home())


def _backbone(parts: Parts) -> Any:
    from pipeline_tasks.backbones.backbone import open_backbone

    return open_backbone(parts.make("cycle").project.backbone, cache_folder=home() / "backbones")


def _label_studio(parts: Parts) -> Any:
    from pipeline_tasks.clients.label_studio import LabelStudio

    endpoint = parts.endpoint("label_studio")
    return parts.held.enter_context(LabelStudio(endpoint.url, endpoint.token))


def _label_studio_if_there(parts: Parts) -> Any:
    """The client, or None where no address is known: who asks can go without."""
    return None if parts.endpoints.label_studio is None else parts.make("label_studio")


def _outside_copies(parts: Parts) -> Any:
    from pipeline_tasks.outside_copies import OutsideCopies

    return OutsideCopies(parts.make("project"), home(), lambda where: open_objects(where, parts.endpoints.s3))


def _annotator_files(parts: Parts) -> Any:
    from pipeline_tasks.clients.annotator_files import AnnotatorFiles

    return AnnotatorFiles(home() / "for_people", parts.make("cycle").outside_name)


def _model_registry(parts: Parts) -> Any:
    from pipeline_tasks.clients.model_registry import ModelRegistry

    return ModelRegistry(parts.endpoint("mlflow").url)


def _experiment_log(parts: Parts) -> Any:
    from pipeline_tasks.clients.experiment_log import ExperimentLog

    return ExperimentLog(parts.make("work_folder") / "wandb")


def _prediction_server(parts: Parts) -> Any:
    """The server's client, or None: roll_out moves the pointer whether the server is up or not."""
    from pipeline_tasks.clients.prediction_server import PredictionServer

    endpoint = parts.endpoints.prediction_server
    return None if endpoint is None else parts.held.enter_context(PredictionServer(endpoint.url))


def _code_version(parts: Parts) -> str:
    return os.environ.get("NIGHTLENS_CODE_VERSION") or RELEASE


_MAKERS: dict[str, Callable[[Parts], Any]] = {
    "project": lambda parts: read_project(parts.project_name),
    "store": lambda parts: open_store(parts.make("project"), parts.endpoints.s3),
    "cycle": _cycle,
    "cycle_id": lambda parts: parts.cycle_id,
    "arguments": lambda parts: parts.offered.get("cycle_arguments") or CycleArguments(),
    "started_at": lambda parts: datetime.now(timezone.utc),
    "now": lambda parts: datetime.now(timezone.utc),
    "code_version": _code_version,
    "decoder": _decoder,
    "sources": _sources,
    "backbone": _backbone,
    "label_studio": _label_studio,
    "label_studio_if_there": _label_studio_if_there,
    "outside_copies": _outside_copies,
    "annotator_files": _annotator_files,
    "model_registry": _model_registry,
    "experiment_log": _experiment_log,
    "prediction_server": _prediction_server,
    "work_folder": lambda parts: home() / "work" / parts.project_name / parts.cycle_id,
}
