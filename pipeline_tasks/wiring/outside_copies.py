"""Copies of a project's images outside its root (on this machine and in its second remote), and their deletion.

Outside the root are copies for annotators, links to published originals for their readers, the remote of published copies
and the prediction server's log. MLflow and W&B receive figures and names of versions, never an image.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.decoding.canonical_copy import RECIPE
from pipeline_tasks.serving.erased_predictions import erase_predictions
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.versions import restricted_view
from pipeline_tasks.storage.versions.published_files import ORIGINALS, published_copies


class OutsideCopies:
    """One project's copies outside its root."""

    def __init__(self, project: Project, home: Path, open_objects: Callable[[str], ObjectStore]) -> None:
        """`home` is NIGHTLENS_HOME; `open_objects` opens a folder or s3://bucket/prefix."""
        self._project, self._home, self._open = project, home, open_objects

    def erase(self, root: ObjectStore, outside_name: str, plan: ErasurePlan) -> None:
        """Delete the copies, before the records of publications, which list them, are removed from the root.

        Raises:
            StorageError: a folder does not belong to Nightlens.
        """
        for_people = AnnotatorFiles(self._home / "for_people", outside_name)
        for image_id in plan.tombstones:
            for_people.remove(image_id)
        erase_predictions(self._home / "serving" / self._project.project, plan.tombstones)
        restricted_view.hide(links_folder(self._home, outside_name), map(layout.original, plan.md5s.values()))
        copies = published_copies(root, RECIPE, plan.tombstones)
        remote = self._open(copies_url(self._project, self._home, outside_name)) if copies else None
        for key in sorted(copies, key=lambda one: not one.endswith(".dir")):
            assert remote is not None
            remote.delete(key)


def links_folder(home: Path, outside_name: str) -> Path:
    """The folder of links to published originals, for a root on disk."""
    return home / "published" / outside_name / ORIGINALS


def copies_url(project: Project, home: Path, outside_name: str) -> str:
    """The remote of published copies, next to the root and never inside it, because its writers must not reach the root."""
    is_on_disk = project.root is None or "://" not in project.root
    beside = home / "published" if is_on_disk else f"{str(project.root).rstrip('/')}-published"
    return f"{beside}/{outside_name}/{RECIPE}"
