"""Annotation log: every revision of every annotation, append-only, so that a loss in Label Studio does no harm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline_tasks.errors import AlreadyThereError, NotFoundError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore


def append_revision(objects: ObjectStore, annotation_id: str, revision: str, content: JsonObject) -> None:
    """Store one revision; its name is the digest of its content, so storing it twice changes nothing."""
    try:
        with around("annotation.append"):
            objects.write_new(layout.annotation_revision(annotation_id, revision), json.dumps(content, sort_keys=True).encode())
    except AlreadyThereError:
        return


def read_revision(objects: ObjectStore, annotation_id: str, revision: str) -> JsonObject:
    """Read the stored content of one revision.

    Raises:
        NotFoundError: it was never stored.
    """
    content: JsonObject = json.loads(objects.read(layout.annotation_revision(annotation_id, revision)).content)
    return content


def list_revisions(objects: ObjectStore, annotation_id: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield (annotation_id, revision) of one annotation, or of all, sorted; the times are in the contents."""
    prefix = "annotation_log/" if annotation_id is None else f"annotation_log/{annotation_id}/"
    for key in objects.list(prefix):
        _, found_id, name = key.split("/")
        yield found_id, name.removesuffix(".json")


@dataclass(frozen=True)
class AnnotationLog:
    """The annotation log, read."""

    objects: ObjectStore

    def content(self, annotation_id: str, revision: str) -> JsonObject:
        """The content of one revision.

        Raises:
            NotFoundError: it was never stored.
        """
        return read_revision(self.objects, annotation_id, revision)

    def has(self, annotation_id: str, revision: str) -> bool:
        """Return True if this revision was stored."""
        try:
            read_revision(self.objects, annotation_id, revision)
        except NotFoundError:
            return False
        return True

    def created_at(self, annotation_id: str) -> str | None:
        """The time of creation that Label Studio gave an annotation; None if the log does not hold it."""
        for _, revision in list_revisions(self.objects, annotation_id):
            made = read_revision(self.objects, annotation_id, revision).get("created_at")
            if made is not None:
                return str(made)
        return None
