"""Cuts erased images out of cycle reports: the thumbnail's bytes, and what names the image; all else stays as it was."""

from __future__ import annotations

import base64

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

SHORT_DIGITS = 10
"""So many digits of an image_id a report shows."""


def cut_out_of_reports(objects: ObjectStore, plan: ErasurePlan) -> None:
    """Replace every file of a report that shows or names an image. Thumbnails are deleted only behind this.

    Raises:
        ChangedMeanwhileError: the report was written in the same moment; trying again is safe.
    """
    instead = _instead(objects, plan)
    for key in list(objects.list("reports/")):
        standing = objects.read(key)
        content = standing.content
        for found, other in instead:
            content = other.join(content.split(found))
        if content != standing.content:
            with around("erasure.report"):
                objects.replace(key, content, standing.etag)


def _instead(objects: ObjectStore, plan: ErasurePlan) -> list[tuple[bytes, bytes]]:
    """What is looked for, and what comes into its place; whole names before short ones."""
    found = []
    for image_id, tombstone in plan.tombstones.items():
        try:
            found.append((base64.b64encode(read_thumbnail(objects, image_id)), b""))
        except NotFoundError:
            pass  # It was never made, or an earlier try that had cut the reports has deleted it.
        found.append((image_id.encode(), tombstone.encode()))
        found.append((plan.md5s[image_id].encode(), tombstone.encode()))
        found.append((layout.original(plan.md5s[image_id]).encode(), layout.original(tombstone[:32]).encode()))
        found.append((image_id[:SHORT_DIGITS].encode(), b"erased"))
    return found
