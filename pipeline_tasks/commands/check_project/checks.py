"""Check of a project's file, sources, root, services and permissions, without changing anything."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import httpx

from pipeline_tasks.commands.check_project.names_alike import names_alike
from pipeline_tasks.commands.check_project.newest_model import check_newest_model
from pipeline_tasks.commands.check_project.requirements_check import check_requirements
from pipeline_tasks.errors import AlreadyThereError, NightlensError, ServiceUnavailableError, SettingsError
from pipeline_tasks.settings import BackboneSettings, Project, SourceSettings
from pipeline_tasks.settings.schedule import next_runs
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.wiring.endpoints import Endpoint, Endpoints, endpoints_from_environment
from pipeline_tasks.wiring.projects import home_folder, read_project
from pipeline_tasks.wiring.roots import open_store, root_folder
from pipeline_tasks.wiring.services import backbone_of

if TYPE_CHECKING:
    from pipeline_tasks.sources.left_out import LeftOutFiles
    from pipeline_tasks.sources.source import Source
    from pipeline_tasks.storage.objects.object_store import ObjectStore


@dataclass(frozen=True)
class ProjectCheck:
    """Result of checking a project."""

    project: str
    is_fine: bool
    checks: dict[str, str]
    """Check → `fine` with details, or the problem."""


def check_project(name: str, endpoints: Endpoints | None = None) -> ProjectCheck:
    """Run every check; each results in `fine` or its problem.

    Raises:
        SettingsError: the project file cannot be read, so nothing else can be checked.
    """
    project = read_project(name)
    reached = endpoints or endpoints_from_environment(name)
    checks: dict[str, Callable[[], str]] = {
        "schedule": lambda: _check_schedule(project),
        "root": lambda: _check_root(project, reached.s3),
        "classes": lambda: _check_classes(project, reached.s3),
        "backbone": lambda: _check_backbone(project, reached.s3),
        **{f"source {source.name}": partial(_check_source, source, reached) for source in project.sources},
        "requirements": lambda: check_requirements(project, open_store(project, reached.s3)),
        "blur": lambda: _check_blur(project),
        "label_studio": lambda: _check_label_studio(reached.label_studio),
        "mlflow": lambda: _check_service(reached.mlflow, "mlflow", "/health"),
        "model": lambda: check_newest_model(open_store(project, reached.s3)),
    }
    results = {check: _outcome(run) for check, run in checks.items()}
    return ProjectCheck(name, is_fine=all(said.startswith("fine") for said in results.values()), checks=results)


def _outcome(run: Callable[[], str]) -> str:
    try:
        return run()
    except NightlensError as error:
        return str(error)


def _check_schedule(project: Project) -> str:
    """Starts of the next nights, on the project's clocks."""
    if project.schedule is None:
        return "fine: by new images and by hand" if project.new_images.is_watched else "fine: by hand only"
    runs = next_runs(project.schedule, project.time_zone, datetime.now(timezone.utc))
    return f"fine: next runs {', '.join(f'{one:%Y-%m-%d %H:%M %Z}' for one in runs)}"


def _check_root(project: Project, s3: S3Connection | None) -> str:
    """Write and remove a test file: in the bucket, in the root's folder, or in its nearest existing parent."""
    objects = open_store(project, s3).objects
    if project.root is not None and "://" in project.root:
        return _check_bucket(objects, project.root)
    folder = root_folder(project)
    while not folder.is_dir():
        folder = folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingsError(f"root: wanted a folder that can be written, found {folder}: {error.strerror}") from error
    free_gib = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize / 2**30
    return f"fine: {root_folder(project)} can be written, {free_gib:.0f} GiB are free"


def _check_classes(project: Project, s3: S3Connection | None) -> str:
    """Compare the names in the file with those in the root's labels and in its newest dataset version."""
    from pipeline_tasks.kinds.name_changes import unknown_names_of
    from pipeline_tasks.kinds.registry import kind_of
    from pipeline_tasks.storage.history.label_kind import check_label_kind
    from pipeline_tasks.storage.history.label_names import label_names, names_of_newest_version

    store, kind = open_store(project, s3), kind_of(project)
    check_label_kind(store, project)
    counts = label_names(store)
    unknown = unknown_names_of(counts, kind.vocabulary, kind.changes)
    if unknown.why:
        raise SettingsError(f"classes: {unknown.why}")
    today = [f"{counts[old]} labels say {old!r} and count as {new!r}" for old, new in kind.changes.renamed if old in counts]
    gone = [f"{counts[name]} labels say {name!r} and are left out" for name in kind.changes.removed if name in counts]
    labelled = {kind.changes.today.get(name, name) for name in counts}
    notes = {
        "without a label so far": [name for name in kind.vocabulary if counts and name not in labelled],
        "gone since the newest dataset version, without a label": sorted(
            set(names_of_newest_version(store)) - {*kind.vocabulary, *counts, *kind.changes.today}
        ),
    }
    said = [f"{note}: {', '.join(names)}" for note, names in notes.items() if names]
    said += [
        f"{one!r} and {other!r} are almost the same name: is one a typing error?" for one, other in names_alike(kind.vocabulary)
    ]
    return "; ".join([f"fine: {sum(counts.values())} labels in the root", *today, *gone, *said])


def _check_blur(project: Project) -> str:
    """Open the detector of what people must not see."""
    from pipeline_tasks.blurring.blur import open_blur

    blur = open_blur(project.labeling.blur, home_folder())
    if blur is None:
        return "fine: people see images as they are (labeling.blur is not set)"
    return f"fine: the detector opens ({type(blur.detector).__name__}), copies have {blur.digest} in their names"


def _check_backbone(project: Project, s3: S3Connection | None) -> str:
    """Compare the backbone with that of the newest cycle, whose embeddings another one cannot use."""
    from pipeline_tasks.kinds.fit_settings import check_fit
    from pipeline_tasks.kinds.mixes import check_mixes
    from pipeline_tasks.kinds.unfreezing import check_unfreezing
    from pipeline_tasks.networks.network import check_network
    from pipeline_tasks.storage.history.cycles import newest_night, read_cycle
    from pipeline_tasks.training_data.frozen_layers import check_freezing

    check_unfreezing(project)
    check_fit(project)
    check_mixes(project)
    check_network(project, home_folder())
    check_freezing(project, backbone_of, home_folder())
    store = open_store(project, s3)
    night = newest_night(store)
    if night is None:
        return "fine: there are no embeddings yet"
    before = read_cycle(store, night).project.backbone
    was, now = (_of_backbone(one) for one in (before, project.backbone))
    if was == now:
        return f"fine: unchanged since cycle {night}"
    return f"fine: changes from {was} to {now}; unlabelled images of earlier nights leave the selection's pool"


def _of_backbone(settings: BackboneSettings) -> str:
    weights = f" pretrained as {settings.pretrained[:12]}" if settings.pretrained else ""
    return f"{settings.name}{weights} at {settings.side_px} px"


def _check_bucket(objects: ObjectStore, root: str) -> str:
    """Check that the server refuses a second put of a key, which the store relies on and not every S3 server does."""
    key = f"check_project/{uuid.uuid4().hex}"
    objects.write_new(key, b"first")
    try:
        objects.write_new(key, b"second")
    except AlreadyThereError:
        return f"fine: {root} can be written, and refuses to overwrite"
    finally:
        objects.delete(key)
    raise SettingsError(
        f"root: wanted a server that refuses to overwrite (`If-None-Match: *`), {root} overwrote an object; use another one"
    )


def _check_source(settings: SourceSettings, reached: Endpoints) -> str:
    """Count the source's files, and those it leaves out."""
    from pipeline_tasks.sources.left_out import LeftOutFiles
    from pipeline_tasks.sources.source import KeepsNotes, LeavesFilesOut, open_source

    source = open_source(settings, home_folder(), reached.connect, reached.web_key)
    notes = {file.key: file.note for file in source.list_files()}
    if isinstance(source, KeepsNotes):
        source.take_back(notes)
    keys = list(notes)
    left_out = source.left_out() if isinstance(source, LeavesFilesOut) else LeftOutFiles()
    said = f"; left out: {_left_out(left_out)}" if left_out else ""
    if not keys:
        path, url = getattr(settings, "path", None), getattr(settings, "url", None)
        place = f" in {home_folder() / path}" if path is not None else "" if url is None else f" in {url}"
        raise SettingsError(f"source {settings.name}: no image{place}; put some there, or correct its settings{said}")
    return f"fine: {len(keys)} files{_metadata(settings, source, keys)}{said}"


def _metadata(settings: SourceSettings, source: Source, keys: Sequence[str]) -> str:
    """Number of files whose device, clip, site and day the settings tell, for each that they can tell."""
    found = [source.metadata(key) for key in keys] if settings.metadata_keys() else []
    counts = {name: sum(getattr(one, name, None) is not None for one in found) for name in sorted(settings.metadata_keys())}
    known = [f"{name} known of {count or 'none of them; is key_pattern right?'}" for name, count in counts.items()]
    return f" ({', '.join(known)})" if known else ""


def _left_out(left_out: LeftOutFiles) -> str:
    """Files and folders by reason, with the first one's name."""
    counts = Counter(left_out.counts(folders=False)) + Counter(left_out.counts(folders=True))
    first: dict[str, str] = {}
    for one in left_out:
        first.setdefault(one.reason, one.key)
    said = sorted((reason.replace("_", " "), count, first[reason]) for reason, count in counts.items())
    return ", ".join(f"{count} {reason} (such as {key})" for reason, count, key in said)


def _check_label_studio(endpoint: Endpoint | None) -> str:
    """Sign in as the stages do, with a personal access token or a legacy one."""
    from pipeline_tasks.clients.label_studio_connection import Connection

    if endpoint is None:
        raise SettingsError("label_studio: no address is known; set NIGHTLENS_LABEL_STUDIO_URL (docs/how-to/credentials.md)")
    connection = Connection(endpoint.url, endpoint.token)
    try:
        connection.get("api/current-user/whoami")
    finally:
        connection.close()
    return f"fine: {endpoint.url} takes the token"


def _check_service(endpoint: Endpoint | None, service: str, path: str) -> str:
    if endpoint is None:
        raise SettingsError(f"{service}: no address is known; set NIGHTLENS_{service.upper()}_URL")
    headers = {} if endpoint.token is None else {"Authorization": f"Token {endpoint.token}"}
    try:
        response = httpx.get(endpoint.url.rstrip("/") + path, headers=headers, timeout=10)
    except (httpx.TimeoutException, httpx.NetworkError, httpx.UnsupportedProtocol) as error:
        raise ServiceUnavailableError(f"{service}: {endpoint.url} does not answer: {error}") from error
    if response.status_code in (401, 403):
        raise SettingsError(f"{service}: {endpoint.url} refuses the token (status {response.status_code})")
    if response.is_error:
        raise ServiceUnavailableError(f"{service}: {endpoint.url}{path} answers with status {response.status_code}")
    return f"fine: {endpoint.url} answers"
