"""Publishing of a dataset version as a commit for `git clone && dvc pull`, from the originals or from copies.

The originals are not copied. Their remote can only be read: on disk it is a folder of links, on S3 whatever readers'
credentials allow. Copies (oriented, without EXIF) go to a remote of their own, where others may push.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_tasks.clients.git_repository import GitRepository
from pipeline_tasks.datasets import dvc_files, publication
from pipeline_tasks.datasets.dvc_files import PublishedImage, Remote
from pipeline_tasks.decoding.canonical_copy import RECIPE, canonical_copy, canonical_format
from pipeline_tasks.decoding.pool import DecodingPool
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.settings import Project
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.storage.blobs.originals import put_original, read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions import restricted_view
from pipeline_tasks.storage.versions.frozen_versions import FrozenVersion, read_frozen_version
from pipeline_tasks.storage.versions.published_files import (
    ORIGINALS,
    Copies,
    Publication,
    known_copies,
    put_folder,
    record_publication,
    stored_originals,
)
from pipeline_tasks.tables.image import Image
from pipeline_tasks.wiring.endpoints import Endpoints, endpoints_from_environment
from pipeline_tasks.wiring.outside_copies import copies_url, links_folder
from pipeline_tasks.wiring.projects import home_folder, read_project
from pipeline_tasks.wiring.roots import open_store, root_folder


@dataclass(frozen=True)
class PublishSummary:
    """Summary of a publication: its version, its place, and the amount written."""

    dataset_id: str
    images: int
    folder_md5: str
    remote_url: str
    commit: str
    tag: str
    is_new: bool
    """False if the commit existed and nothing was changed."""
    links_made: int
    """For originals on disk: links added to the readers' folder."""
    copies_made: int
    """For canonical copies: number of images that were decoded and encoded."""


def publish(
    project_name: str, version: str, folder: Path, *, is_canonical: bool = False, endpoints: Endpoints | None = None
) -> PublishSummary:
    """Publish a version into a git folder; publishing it again writes nothing.

    Raises:
        SettingsError: no such version, or several.
        NotFoundError: an original is gone.
        CorruptObjectError: a part of the version was changed.
        StorageError: the folder is not a publication of this project.
    """
    project = read_project(project_name)
    s3 = (endpoints or endpoints_from_environment(project_name)).s3
    place = _Place(project, s3)
    frozen = read_frozen_version(place.store, version)
    return _publish_copies(place, frozen, folder) if is_canonical else _publish_originals(place, frozen, folder)


class _Place:
    """Places of a project's objects and its publications."""

    def __init__(self, project: Project, s3: S3Connection | None) -> None:
        self.project = project
        self.s3 = s3
        self.store = open_store(project, s3)
        self.is_on_disk = project.root is None or "://" not in project.root
        generation = read_generation(self.store.objects)
        self.outside_name = project.project if generation == 1 else f"{project.project}-{generation}"

    @property
    def view(self) -> Path:
        """The folder of links to the originals, for a root on disk."""
        return links_folder(home_folder(), self.outside_name)

    def originals(self) -> Remote:
        """Remote from which readers pull originals."""
        return self._remote(str(self.view) if self.is_on_disk else str(self.project.root))

    def copies(self) -> tuple[Remote, ObjectStore]:
        """The second remote, next to the root and never inside it, because its writers must not reach the root."""
        url = copies_url(self.project, home_folder(), self.outside_name)
        return self._remote(url), open_store(self.project.model_copy(update={"root": url}), self.s3).objects

    def _remote(self, url: str) -> Remote:
        if self.is_on_disk or self.s3 is None:
            return Remote(url)
        return Remote(url, self.s3.url, self.s3.region)


def _publish_originals(place: _Place, frozen: FrozenVersion, folder: Path) -> PublishSummary:
    rows = frozen.rows
    paths = publication.image_paths(rows, by_name=frozen.objects is None)
    images = [
        PublishedImage(paths[image_id], md5, size)
        for image_id, md5, size in rows.select("image_id", "md5", "size_bytes").iter_rows()
    ]
    keys = [layout.original(one.md5) for one in images]
    _check_all_there(place.store.objects, keys)
    name, content = dvc_files.folder_object(images)
    folder_key = put_folder(place.store.objects, name, content)
    record_publication(place.store.objects, Publication(frozen.dataset_id, ORIGINALS, folder_key, {}))
    links = 0
    if place.is_on_disk:
        links = restricted_view.show(place.view, root_folder(place.project), {*keys, folder_key})
    return _commit(place, frozen, rows, images, place.originals(), folder, links_made=links)


def _publish_copies(place: _Place, frozen: FrozenVersion, folder: Path) -> PublishSummary:
    remote, objects = place.copies()
    copies, made = _copy(place.store, objects, frozen.rows)
    formats = [canonical_format(one) for one in frozen.rows["file_format"]]
    rows = frozen.rows.with_columns(pl.Series("file_format", formats, pl.String), orientation=pl.lit(1))
    paths = publication.image_paths(rows, by_name=frozen.objects is None)
    images = [PublishedImage(paths[image_id], *copies[image_id]) for image_id in rows["image_id"]]
    name, content = dvc_files.folder_object(images)
    record_publication(place.store.objects, Publication(frozen.dataset_id, RECIPE, layout.original(name), copies))
    put_folder(objects, name, content)
    return _commit(place, frozen, rows, images, remote, folder, copies_made=made)


def _copy(store: Store, copies: ObjectStore, rows: pl.DataFrame) -> tuple[Copies, int]:
    """image_id → md5 and size of its copy, and the number of new copies; those of earlier publications are reused."""
    known, there = known_copies(store.objects, RECIPE), stored_originals(copies)
    standing = {one: copy for one, copy in known.items() if layout.original(copy[0]) in there}
    missing = [image_id for image_id in rows["image_id"] if image_id not in standing]
    stored = stored_images(store.rows_of(Image, missing, columns=COLUMNS).iter_rows())

    def put_copy(image_id: str) -> tuple[str, int]:
        one = stored[image_id]
        content = canonical_copy(decoder.decode(read_original(store.objects, image_id, one.md5), one.form))
        return put_original(copies, content)[1], len(content)

    with DecodingPool() as decoder, ThreadPoolExecutor(thread_name_prefix="publish") as threads:
        made = dict(zip(missing, threads.map(put_copy, missing), strict=True))
    return {image_id: (standing | made)[image_id] for image_id in rows["image_id"]}, len(made)


def _check_all_there(objects: ObjectStore, keys: Sequence[str]) -> None:
    missing = sorted({*keys} - stored_originals(objects))
    if missing:
        raise NotFoundError(f"{len(missing)} originals of the version are not in the store, the first is {missing[0]}")


def _commit(
    place: _Place,
    frozen: FrozenVersion,
    rows: pl.DataFrame,
    images: list[PublishedImage],
    remote: Remote,
    folder: Path,
    **counts: int,
) -> PublishSummary:
    """Write the commit last, when everything that it names can be pulled."""
    mark = f"Published by Nightlens: project {place.outside_name}"
    is_canonical = remote.url.endswith(RECIPE)
    described = publication.Described(
        place.project.project,
        frozen.dataset_id,
        frozen.label_kind,
        frozen.vocabulary,
        frozen.frozen_at,
        is_canonical,
        kind_of(place.project).labeling.agreement_measure.about,
    )
    name, _ = dvc_files.folder_object(images)
    paths = {image_id: one.path for image_id, one in zip(rows["image_id"], images, strict=True)}
    files = dvc_files.repository_files(remote, mark) | {
        f"{dvc_files.FOLDER}.dvc": dvc_files.tracked_folder(name, images),
        "labels.csv": publication.labels_csv(rows, paths),
        "README.md": publication.read_me(described, rows, frozen.objects),
    }
    if frozen.objects is not None:
        files["objects.csv"] = publication.objects_csv(frozen.objects, paths)
    short = f"version-{frozen.dataset_id[:12]}" + ("-canonical" if is_canonical else "")
    message = f"{place.project.project}: {short}, {len(images)} images"
    commit = GitRepository(folder, (dvc_files.CONFIG_FILE, f"# {mark}")).publish(files, short, message, frozen.frozen_at)
    return PublishSummary(
        dataset_id=frozen.dataset_id,
        images=len(images),
        folder_md5=name,
        remote_url=remote.url,
        commit=commit.digest,
        tag=commit.tag,
        is_new=commit.is_new,
        links_made=counts.get("links_made", 0),
        copies_made=counts.get("copies_made", 0),
    )
