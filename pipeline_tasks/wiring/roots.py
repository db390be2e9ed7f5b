"""Roots of projects, opened as the project file says, on disk or on S3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.wiring.projects import home_folder

if TYPE_CHECKING:
    # Airflow reads this module with every DAG file, so modules for tables are imported where they are used.
    from pipeline_tasks.storage.history.store import Store
    from pipeline_tasks.storage.objects.object_store import ObjectStore


def open_store(project: Project, s3: S3Connection | None = None) -> Store:
    """The project's root, on disk or on S3.

    Raises:
        SettingsError: a root that is neither a folder nor s3://bucket/prefix.
    """
    from pipeline_tasks.storage.history.store import Store

    where = str(root_folder(project)) if is_on_disk(project) else str(project.root)
    try:
        return Store(open_objects(where, s3))
    except SettingsError as error:
        raise SettingsError(f"project {project.project}: root: {error}") from error


def open_objects(where: str, s3: S3Connection | None = None) -> ObjectStore:
    """A folder or s3://bucket/prefix that holds a project's root, or a copy of one.

    Raises:
        SettingsError: `where` is neither.
    """
    from pipeline_tasks.storage.objects.places import open_place

    s3 = s3 or S3Connection()
    return open_place(
        where,
        s3.url,
        s3.access_key,
        s3.secret_key,
        s3.region,
        session_token=s3.session_token,
        profile=s3.profile,
        certificates=s3.certificates,
        options=s3.options,
    )


def is_on_disk(project: Project) -> bool:
    """Return True if the project's root is a folder on this machine."""
    return project.root is None or "://" not in project.root


def root_folder(project: Project) -> Path:
    """The folder of a root on disk."""
    return home_folder() / "roots" / project.project if project.root is None else home_folder() / project.root
